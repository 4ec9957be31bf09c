package onnx

import "fmt"

// Type is the element type of a tensor.
type Type uint8

const (
	Float32 Type = iota + 1
	Float64
	Int64
	Int32
	Bool
	String
	Uint8 // constants only: node modes of a TreeEnsemble
)

// Element are the Go types of the element types that are computed with.
type Element interface {
	float32 | float64 | int64 | int32 | bool | string
}

type number interface {
	float32 | float64 | int64 | int32
}

type float interface{ float32 | float64 }

type integer interface{ int64 | int32 }

func (t Type) String() string {
	switch t {
	case Float32:
		return "float32"
	case Float64:
		return "float64"
	case Int64:
		return "int64"
	case Int32:
		return "int32"
	case Bool:
		return "bool"
	case String:
		return "string"
	case Uint8:
		return "uint8"
	}
	return fmt.Sprintf("Type(%d)", uint8(t))
}

// typeOf is the [Type] of a Go element type.
func typeOf[T Element]() Type {
	var zero T
	switch any(zero).(type) {
	case float32:
		return Float32
	case float64:
		return Float64
	case int64:
		return Int64
	case int32:
		return Int32
	case bool:
		return Bool
	}
	return String
}

// The numbers of TensorProto.DataType that this package takes.
var typeByCode = map[int32]Type{1: Float32, 2: Uint8, 6: Int32, 7: Int64, 8: String, 9: Bool, 11: Float64}

var codeNames = map[int32]string{
	3: "int8", 4: "uint16", 5: "int16", 10: "float16", 12: "uint32", 13: "uint64",
	14: "complex64", 15: "complex128", 16: "bfloat16",
}

// typeFromCode translates a TensorProto.DataType.
func typeFromCode(code int64) (Type, *Error) {
	if t, ok := typeByCode[int32(code)]; ok && code == int64(int32(code)) {
		return t, nil
	}
	if name, ok := codeNames[int32(code)]; ok {
		return 0, refuse(UnsupportedType, "element type %s is not supported: export the model with float", name)
	}
	return 0, refuse(UnsupportedType, "element type %d is not supported", code)
}

// makeBuffer makes a []T for the element type.
func makeBuffer(t Type, n int) any {
	switch t {
	case Float32:
		return make([]float32, n)
	case Float64:
		return make([]float64, n)
	case Int64:
		return make([]int64, n)
	case Int32:
		return make([]int32, n)
	case Bool:
		return make([]bool, n)
	case Uint8:
		return make([]uint8, n)
	}
	return make([]string, n)
}

func bufferLen(data any) int {
	switch d := data.(type) {
	case []float32:
		return len(d)
	case []float64:
		return len(d)
	case []int64:
		return len(d)
	case []int32:
		return len(d)
	case []bool:
		return len(d)
	case []uint8:
		return len(d)
	case []string:
		return len(d)
	}
	return 0
}

func bufferType(data any) Type {
	switch data.(type) {
	case []float32:
		return Float32
	case []float64:
		return Float64
	case []int64:
		return Int64
	case []int32:
		return Int32
	case []bool:
		return Bool
	case []uint8:
		return Uint8
	}
	return String
}
