package stream

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate/tidegate"
)

// add puts an operator into the graph.
func (p *Pipeline) add(kind string, inputs ...*node) *node {
	p.kinds[kind]++
	n := &node{id: len(p.nodes), kind: kind, name: kind, inputs: inputs}
	if c := p.kinds[kind]; c > 1 {
		n.name = fmt.Sprintf("%s %d", kind, c)
	}
	p.nodes = append(p.nodes, n)
	return n
}

func (p *Pipeline) rename(n *node, name string) { n.name, n.named = name, true }

// fault is an error of the graph, at an operator.
func (p *Pipeline) fault(n *node, format string, args ...any) *tidegate.Error {
	return tidegate.Errorf(tidegate.CodeConfig, "pipeline %s, operator %s: %s", p.name, n.name, fmt.Sprintf(format, args...))
}

// reject remembers what is wrong with an operator until Check.
func (p *Pipeline) reject(n *node, format string, args ...any) {
	p.faults = append(p.faults, p.fault(n, format, args...))
}

// order sorts the operators so that each comes after those it reads from.
func (p *Pipeline) order() ([]*node, error) {
	const (
		unseen = iota
		open
		done
	)
	var (
		mark   = make([]int, len(p.nodes))
		sorted []*node
		path   []*node
		visit  func(n *node) error
	)
	visit = func(n *node) error {
		switch mark[n.id] {
		case done:
			return nil
		case open:
			return p.cycle(append(path[slices.Index(path, n):], n))
		}
		mark[n.id] = open
		path = append(path, n)
		for _, in := range n.upstream() {
			if err := visit(in); err != nil {
				return err
			}
		}
		path = path[:len(path)-1]
		mark[n.id] = done
		sorted = append(sorted, n)
		return nil
	}
	for _, n := range p.nodes {
		if err := visit(n); err != nil {
			return nil, err
		}
	}
	return sorted, nil
}

func (n *node) upstream() []*node {
	if n.side != nil {
		return append(slices.Clone(n.inputs), n.side)
	}
	return n.inputs
}

func (p *Pipeline) cycle(path []*node) error {
	slices.Reverse(path) // from upstream to downstream
	names := make([]string, len(path))
	for i, n := range path {
		names[i] = n.name
	}
	return tidegate.Errorf(tidegate.CodeConfig, "pipeline %s: a cycle: %s", p.name, strings.Join(names, " → "))
}

// Check finds what is wrong with the graph. Run does it too, before anything
// else.
func (p *Pipeline) Check() error {
	if len(p.faults) > 0 {
		return p.faults[0]
	}
	if len(p.nodes) == 0 {
		return tidegate.Errorf(tidegate.CodeConfig, "pipeline %s: it has no source", p.name)
	}
	if _, err := p.order(); err != nil {
		return err
	}
	read := make([]bool, len(p.nodes))
	names := map[string]*node{}
	for _, n := range p.nodes {
		for _, in := range n.inputs {
			read[in.id] = true
		}
		if _, taken := names[n.name]; taken {
			return p.fault(n, "another operator has the name too")
		}
		names[n.name] = n
	}
	for _, n := range p.nodes {
		switch {
		case n.kind == sideKind && n.side == nil:
			return p.fault(n, "no operator writes this side output")
		case !n.ends && !read[n.id] && n.kind != sideKind:
			return p.fault(n, "nothing reads its output: end it with To")
		}
	}
	return nil
}
