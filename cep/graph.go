package cep

// graph is the automaton as Flink builds it: states with ordered edges. The
// order of edges is the order of the partial matches they make, and with it
// decides which match survives a skip strategy.
type graph struct {
	states []*node
	start  *node
	window int64 // from first to last event, ms; 0: none
}

// node is a state: where a partial match waits for events.
type node struct {
	id    int
	name  string // unique; the stage's name, perhaps with a number
	kind  nodeKind
	step  *step // whose event it takes; nil for the final state
	gap   int64 // longest time since the event before, ms; 0: any
	edges []edge
}

type nodeKind uint8

const (
	normal  nodeKind = iota
	final            // the match is complete
	pending          // complete when the window ends
	stop             // a forbidden event came
)

type edge struct {
	kind edgeKind
	to   *node
	when *formula
}

type edgeKind uint8

const (
	take    edgeKind = iota // the event becomes part of the match
	ignore                  // the event is passed over
	proceed                 // the event is shown to another state
)

func (n *node) add(kind edgeKind, to *node, when *formula) {
	n.edges = append(n.edges, edge{kind, to, when})
}

// reach calls visit for n and every state that n shows events to.
func (n *node) reach(visit func(*node)) {
	w := walk{visit: visit, marks: map[*node]mark{}}
	w.from(n)
}

// endless tells whether a state shows events to itself.
func (g *graph) endless() bool { return leadsBack(g.states...) }

func leadsBack(nodes ...*node) bool {
	w := walk{visit: func(*node) {}, marks: map[*node]mark{}}
	for _, n := range nodes {
		w.from(n)
	}
	return w.cycle
}

// walk follows proceed edges, depth first.
type walk struct {
	visit func(*node)
	marks map[*node]mark
	cycle bool
}

type mark uint8

const (
	untouched mark = iota
	open
	closed
)

func (w *walk) from(n *node) {
	if w.marks[n] != untouched {
		return
	}
	w.marks[n] = open
	w.visit(n)
	for _, e := range n.edges {
		if e.kind == proceed {
			w.cycle = w.cycle || w.marks[e.to] == open
			w.from(e.to)
		}
	}
	w.marks[n] = closed
}
