package onnx

// Limits bound what a model file may ask for. A file within them is decoded
// and compiled in memory proportional to MaxFileBytes and MaxElements.
type Limits struct {
	MaxFileBytes   int // the file
	MaxNodes       int // nodes of the graph; initializers, inputs and outputs each
	MaxRank        int // dimensions of a tensor
	MaxElements    int // elements of all tensors together, computed ones included
	MaxRowElements int // elements of one computed tensor
	MaxTreeNodes   int // nodes of one tree ensemble, set members included
	MaxTreeDepth   int // branches from root to leaf
	MaxFolding     int // operations spent at load on what does not depend on the row
}

// DefaultLimits hold every model this package was tested with a hundred times over.
var DefaultLimits = Limits{
	MaxFileBytes:   64 << 20,
	MaxNodes:       20_000,
	MaxRank:        8,
	MaxElements:    16 << 20,
	MaxRowElements: 1 << 16,
	MaxTreeNodes:   4 << 20,
	MaxTreeDepth:   1024,
	MaxFolding:     1 << 28,
}
