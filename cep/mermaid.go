package cep

import (
	"fmt"
	"strings"
)

// Mermaid draws the automaton as a Mermaid flowchart. Thick arrows take an
// event, dotted ones pass over it, thin ones show it to the next state. Each
// carries its condition.
func (a *Automaton[E]) Mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	reached := a.graph.reachable()
	for i := len(a.graph.states) - 1; i >= 0; i-- {
		n := a.graph.states[i]
		if !reached[n] {
			continue
		}
		fmt.Fprintf(&b, "  s%d%s\n", n.id, n.shape(n == a.graph.start))
		for _, e := range n.edges {
			if n.kind == stop || e.when.op == opNever || e.kind == ignore && n == a.graph.start {
				continue
			}
			arrow := [...]string{"==>", "-.->", "-->"}[e.kind]
			label := [...]string{"take", "pass over", ""}[e.kind]
			if e.when.op != opAlways {
				label = strings.TrimSpace(label + " if " + e.when.text(false))
			}
			if label != "" {
				arrow += `|"` + escape(label) + `"|`
			}
			fmt.Fprintf(&b, "  s%d %s s%d\n", n.id, arrow, e.to.id)
		}
	}
	return b.String()
}

// reachable are the states that a partial match can be in or is shown to.
func (g *graph) reachable() map[*node]bool {
	reached := map[*node]bool{g.start: true}
	for look := []*node{g.start}; len(look) > 0; {
		n := look[0]
		look = look[1:]
		for _, e := range n.edges {
			if !reached[e.to] {
				reached[e.to] = true
				look = append(look, e.to)
			}
		}
	}
	return reached
}

func (n *node) shape(start bool) string {
	if n.kind == final {
		return `((("match")))`
	}
	text := escape(n.step.name)
	switch {
	case start:
		return `(["` + text + `"])`
	case n.kind == pending:
		return `[/"` + text + `: match at the end of the window"/]`
	case n.kind == stop:
		return `{{"` + text + `: given up"}}`
	case n.step.group != nil:
		text = "group again"
	}
	if n.gap > 0 {
		text += fmt.Sprintf("<br/>within %d ms", n.gap)
	}
	return `["` + text + `"]`
}

var escape = strings.NewReplacer(`"`, "#quot;", "<", "#lt;", ">", "#gt;", "\n", " ").Replace
