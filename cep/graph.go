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

// reach walks the proceed edges from n, depth first, and calls visit for every
// state on the way. It tells whether a state leads back to itself.
func (n *node) reach(visit func(*node)) (cycle bool) {
	const open, done = 1, 2
	marks := map[*node]int{}
	var walk func(*node)
	walk = func(n *node) {
		marks[n] = open
		visit(n)
		for _, e := range n.edges {
			switch {
			case e.kind != proceed:
			case marks[e.to] == open:
				cycle = true
			case marks[e.to] == 0:
				walk(e.to)
			}
		}
		marks[n] = done
	}
	walk(n)
	return cycle
}
