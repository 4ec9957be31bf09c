package onnx

// Model is a decoded ONNX file: names, numbers and structure as the file
// states them, within limits, but not yet checked against each other.
type Model struct {
	IRVersion int64
	Producer  string           // name and version of the exporter
	Opsets    map[string]int64 // version by domain; "" is ai.onnx
	Graph     Graph
}

// Graph is a list of nodes in order of evaluation, with the names they share.
type Graph struct {
	Name         string
	Nodes        []Node
	Initializers []Tensor
	Inputs       []ValueInfo
	Outputs      []ValueInfo
}

// Node applies one operator. An empty name among the inputs or outputs stands
// for one that is left out.
type Node struct {
	Name       string
	Op         string
	Domain     string
	Inputs     []string
	Outputs    []string
	Attributes []Attribute
}

// Attribute is a constant parameter of a node; Kind tells which field holds it.
type Attribute struct {
	Name    string
	Kind    AttributeKind
	Int     int64
	Float   float32
	Text    string
	Ints    []int64
	Floats  []float32
	Strings []string
	Tensor  *Tensor
}

// AttributeKind is AttributeProto.AttributeType.
type AttributeKind uint8

const (
	KindFloat   AttributeKind = 1
	KindInt     AttributeKind = 2
	KindString  AttributeKind = 3
	KindTensor  AttributeKind = 4
	KindGraph   AttributeKind = 5
	KindFloats  AttributeKind = 6
	KindInts    AttributeKind = 7
	KindStrings AttributeKind = 8
)

var kindNames = map[AttributeKind]string{
	KindFloat: "FLOAT", KindInt: "INT", KindString: "STRING", KindTensor: "TENSOR",
	KindGraph: "GRAPH", KindFloats: "FLOATS", KindInts: "INTS", KindStrings: "STRINGS",
}

func (k AttributeKind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return "of another kind"
}

// Tensor is a constant. Data is a []T of its type, as long as Shape says.
type Tensor struct {
	Name  string
	Type  Type
	Shape []int
	Data  any
}

// ValueInfo declares an input or output of the graph.
type ValueInfo struct {
	Name     string
	Type     Type // of a tensor, or of the values of a sequence of maps
	Map      bool // a sequence of maps, as ZipMap gives
	HasShape bool
	Dims     []int // -1 where the file leaves it open
}
