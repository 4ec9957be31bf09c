package stream

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Topology is a pipeline's graph, to be shown. Its JSON is what the console
// reads.
type Topology struct {
	Pipeline  string             `json:"pipeline"`
	Operators []TopologyOperator `json:"operators"`
}

// TopologyOperator is an operator and those it reads from.
type TopologyOperator struct {
	Name   string   `json:"name"`
	Kind   string   `json:"kind"`
	Detail string   `json:"detail,omitempty"`
	Inputs []string `json:"inputs,omitempty"`
}

// Topology is the pipeline's graph, in the order in which records go through
// it, or in which it was written where that has a cycle.
func (p *Pipeline) Topology() Topology {
	nodes, err := p.order()
	if err != nil {
		nodes = p.nodes
	}
	t := Topology{Pipeline: p.name}
	for _, n := range nodes {
		o := TopologyOperator{Name: n.name, Kind: n.kind, Detail: n.detail}
		for _, in := range n.upstream() {
			o.Inputs = append(o.Inputs, in.name)
		}
		t.Operators = append(t.Operators, o)
	}
	return t
}

// String is the graph as text, an operator a line.
func (t Topology) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", t.Pipeline)
	for _, o := range t.Operators {
		fmt.Fprintf(&b, "  %s", o.Name)
		if o.Name != o.Kind {
			fmt.Fprintf(&b, " (%s)", o.Kind)
		}
		if o.Detail != "" {
			fmt.Fprintf(&b, ": %s", o.Detail)
		}
		if len(o.Inputs) > 0 {
			fmt.Fprintf(&b, " ← %s", strings.Join(o.Inputs, ", "))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// JSON is the graph as indented JSON.
func (t Topology) JSON() []byte {
	b, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return nil // strings always marshal
	}
	return append(b, '\n')
}

// Mermaid is the graph as a flowchart for Mermaid, which GitHub shows.
func (t Topology) Mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	ids := map[string]int{}
	for i, o := range t.Operators {
		ids[o.Name] = i
		label := o.Name
		if o.Detail != "" {
			label += "<br/>" + o.Detail
		}
		open, end := "[", "]"
		switch o.Kind {
		case "source":
			open, end = "([", "])"
		case "sink":
			open, end = "[(", ")]"
		}
		fmt.Fprintf(&b, "  n%d%s\"%s\"%s\n", i, open, strings.ReplaceAll(label, `"`, "#quot;"), end)
	}
	for i, o := range t.Operators {
		for _, in := range o.Inputs {
			fmt.Fprintf(&b, "  n%d --> n%d\n", ids[in], i)
		}
	}
	return b.String()
}
