package onnx

import (
	"fmt"
	"strings"

	"github.com/tidegate/tidegate"
)

// Reason says in one word why a model was refused. It is stable and public.
type Reason string

const (
	Malformed           Reason = "malformed"            // not a protobuf ModelProto, or cut short
	TooLarge            Reason = "too_large"            // over one of the [Limits]
	UnsupportedOperator Reason = "unsupported_operator" // an operator, or a use of one, this package does not know
	UnsupportedOpset    Reason = "unsupported_opset"    // an operator set version it does not know, or none
	UnsupportedType     Reason = "unsupported_type"     // an element type it does not compute with
	ExternalData        Reason = "external_data"        // tensor data in another file
	InvalidGraph        Reason = "invalid_graph"        // names that are undefined, defined twice or out of order
	InvalidTree         Reason = "invalid_tree"         // nodes that do not form trees, or point outside
	InvalidNumber       Reason = "invalid_number"       // NaN or infinity where a finite number must be
	InvalidAttribute    Reason = "invalid_attribute"    // an attribute that is missing, unknown or out of range
	WrongAttributeType  Reason = "wrong_attribute_type" //
	WrongType           Reason = "wrong_type"           // an operator is given an element type it does not take
	WrongDimensions     Reason = "wrong_dimensions"     //
	InconsistentLengths Reason = "inconsistent_lengths" // lists that belong together differ in length
	EvaluationFailed    Reason = "evaluation_failed"    // a row's values have no answer, as an index out of range
	NoSuchOutput        Reason = "no_such_output"       // [Program.ScoreAt] and its kin: there is no such position
)

// Error says why a model was refused, or a row could not be evaluated, and at
// which node. It unwraps to a [tidegate.Error] with [tidegate.CodeConfig], so
// that the tables that turn codes into statuses need no case for it.
type Error struct {
	Reason  Reason
	Node    string // the node's name, or that of its first output; "" for the file as a whole
	Op      string // the operator, as "ai.onnx.ml.Scaler"
	Message string
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("onnx: ")
	if e.Op != "" {
		fmt.Fprintf(&b, "%s %q: ", e.Op, e.Node)
	}
	fmt.Fprintf(&b, "%s (%s)", e.Message, e.Reason)
	return b.String()
}

// Unwrap gives the error its place in the root package's tables.
func (e *Error) Unwrap() error {
	return &tidegate.Error{Code: tidegate.CodeConfig, Message: e.Error()}
}

func refuse(reason Reason, format string, args ...any) *Error {
	return &Error{Reason: reason, Message: fmt.Sprintf(format, args...)}
}
