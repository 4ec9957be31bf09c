package onnx

// Decode reads an ONNX file within the [DefaultLimits]. It does not touch
// other files: tensors with external data are refused.
func Decode(b []byte) (*Model, error) { return DecodeWithin(b, DefaultLimits) }

// DecodeWithin reads an ONNX file within the given limits.
func DecodeWithin(b []byte, limits Limits) (*Model, error) {
	if len(b) > limits.MaxFileBytes {
		return nil, refuse(TooLarge, "the file has %d bytes, more than %d", len(b), limits.MaxFileBytes)
	}
	d := newDecoder(limits)
	m, fault := d.model(b)
	if fault != nil {
		if other := foreign(b); other != "" {
			return nil, refuse(Malformed, "%s", other)
		}
		return nil, fault
	}
	return m, nil
}

// decoder counts down what the limits leave.
type decoder struct {
	limits     Limits
	attributes int
	elements   int               // of tensors
	items      int               // of lists in attributes and nodes
	texts      map[string]string // short texts that were read: node modes are a few, a million times
}

func newDecoder(limits Limits) *decoder {
	return &decoder{limits: limits, attributes: 8 * limits.MaxNodes, elements: limits.MaxElements, items: limits.MaxElements, texts: map[string]string{}}
}

// take counts items against the limit: a list in memory is up to sixteen
// times as large as in the file.
func (d *decoder) take(n int) *Error {
	if d.items -= n; d.items < 0 {
		return refuse(TooLarge, "the lists of the file have more than %d items", d.limits.MaxElements)
	}
	return nil
}

// intern makes a text of bytes, the same one for equal bytes.
func (d *decoder) intern(b []byte) string {
	if s, ok := d.texts[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(d.texts) < 1024 && len(s) <= 32 {
		d.texts[s] = s
	}
	return s
}

func (d *decoder) model(b []byte) (*Model, *Error) {
	m := &Model{Opsets: map[string]int64{}}
	var graph []byte
	var version string
	hasGraph := false
	w := newWire("ModelProto", b)
	for w.next() {
		switch w.number {
		case 1:
			m.IRVersion = w.varint()
		case 2:
			m.Producer = w.text()
		case 3:
			version = w.text()
		case 7:
			if hasGraph {
				w.fail("there are two graphs")
			}
			graph, hasGraph = w.bytes(), true
		case 8:
			domain, v, fault := opsetImport(w.bytes())
			if fault != nil {
				return nil, fault
			}
			if old, dup := m.Opsets[domain]; dup && old != v && w.fault == nil {
				return nil, refuse(UnsupportedOpset, "domain %q is imported as %d and %d", domain, old, v)
			}
			m.Opsets[domain] = v
		case 25:
			w.bytes()
			return nil, refuse(UnsupportedOperator, "functions defined by the model are not supported: put their nodes in their place, with onnx.inliner.inline_local_functions")
		default:
			w.skip()
		}
	}
	if w.fault != nil {
		return nil, w.fault
	}
	if !hasGraph {
		return nil, refuse(Malformed, "there is no graph")
	}
	if version != "" {
		m.Producer += " " + version
	}
	return m, d.graph(graph, &m.Graph)
}

func opsetImport(b []byte) (domain string, version int64, fault *Error) {
	w := newWire("OperatorSetIdProto", b)
	for w.next() {
		switch w.number {
		case 1:
			domain = canonicalDomain(w.text())
		case 2:
			version = w.varint()
		default:
			w.skip()
		}
	}
	return domain, version, w.fault
}

// canonicalDomain gives the default domain its short name.
func canonicalDomain(domain string) string {
	if domain == "ai.onnx" {
		return ""
	}
	return domain
}

func (d *decoder) graph(b []byte, g *Graph) *Error {
	w := newWire("GraphProto", b)
	for w.next() {
		var fault *Error
		switch w.number {
		case 1:
			g.Nodes = append(g.Nodes, Node{})
			fault = d.node(w.bytes(), &g.Nodes[len(g.Nodes)-1])
		case 2:
			g.Name = w.text()
		case 5:
			g.Initializers = append(g.Initializers, Tensor{})
			fault = d.tensor(w.bytes(), &g.Initializers[len(g.Initializers)-1])
		case 11:
			g.Inputs = append(g.Inputs, ValueInfo{})
			fault = d.valueInfo(w.bytes(), &g.Inputs[len(g.Inputs)-1])
		case 12:
			g.Outputs = append(g.Outputs, ValueInfo{})
			fault = d.valueInfo(w.bytes(), &g.Outputs[len(g.Outputs)-1])
		case 15:
			w.bytes()
			fault = refuse(UnsupportedType, "sparse initializers are not supported")
		default:
			w.skip()
		}
		if w.fault != nil {
			return w.fault
		}
		if fault != nil {
			return fault
		}
		if max(len(g.Nodes), len(g.Initializers), len(g.Inputs), len(g.Outputs)) > d.limits.MaxNodes {
			return refuse(TooLarge, "more than %d nodes, initializers, inputs or outputs", d.limits.MaxNodes)
		}
	}
	return w.fault
}

func (d *decoder) node(b []byte, n *Node) *Error {
	w := newWire("NodeProto", b)
	for w.next() {
		switch w.number {
		case 1:
			n.Inputs = append(n.Inputs, w.text())
		case 2:
			n.Outputs = append(n.Outputs, w.text())
		case 3:
			n.Name = w.text()
		case 4:
			n.Op = w.text()
		case 5:
			if d.attributes--; d.attributes < 0 {
				return refuse(TooLarge, "more than %d attributes", 8*d.limits.MaxNodes)
			}
			n.Attributes = append(n.Attributes, Attribute{})
			if fault := d.attribute(w.bytes(), &n.Attributes[len(n.Attributes)-1]); fault != nil {
				fault.Node, fault.Op = n.label(), n.operator()
				return fault
			}
		case 7:
			n.Domain = canonicalDomain(w.text())
		default:
			w.skip()
		}
	}
	if w.fault != nil {
		return w.fault
	}
	return d.take(len(n.Inputs) + len(n.Outputs))
}

// label names a node for people; exporters may leave the name empty.
func (n *Node) label() string {
	if n.Name != "" {
		return n.Name
	}
	for _, out := range n.Outputs {
		if out != "" {
			return out
		}
	}
	return ""
}

func (n *Node) operator() string {
	if n.Domain == "" {
		return n.Op
	}
	return n.Domain + "." + n.Op
}
