package onnx

// operator is an entry of the operator table: the function that compiles a
// node, for the operator set versions it is right for.
type operator struct {
	since   int64
	compile func(*call) *Error
}

// Operator set versions that this package knows. What an operator meant before
// the version in the table is not supported, as arithmetic that broadcasts by
// attribute; what a version after the newest will mean is not known.
var opsetRange = map[string][2]int64{
	"":           {1, 26},
	"ai.onnx.ml": {1, 5},
}

// lookup finds the operator of a node, or says by name that there is none.
func (c *compiler) lookup(n *Node) (operator, int64, *Error) {
	table := domains[n.Domain]
	if table == nil {
		return operator{}, 0, refuse(UnsupportedOperator, "operators of the domain %q are not supported", n.Domain)
	}
	opset, ok := c.model.Opsets[n.Domain]
	if !ok {
		return operator{}, 0, refuse(UnsupportedOpset, "the model imports no operator set of its domain")
	}
	if r := opsetRange[n.Domain]; opset < r[0] || opset > r[1] {
		return operator{}, 0, refuse(UnsupportedOpset, "operator set %d is not one of %d to %d", opset, r[0], r[1])
	}
	op, ok := table[n.Op]
	if !ok {
		return operator{}, 0, refuse(UnsupportedOperator, "the operator is not supported")
	}
	if opset < op.since {
		return operator{}, 0, refuse(UnsupportedOpset, "the operator exists since operator set %d, not in %d", op.since, opset)
	}
	return op, opset, nil
}
