package onnx

// labelEncoder maps each element by a table, given as lists by type or, since
// version 4, as tensors.
func labelEncoder(k *call) *Error {
	x, fault := k.input(0)
	if fault != nil {
		return fault
	}
	if k.opset < 2 {
		return labelEncoderV1(k, x)
	}
	keys, fault := k.encoderTable("keys", x.typ)
	if fault != nil {
		return fault
	}
	values, fault := k.encoderTable("values", 0)
	if fault != nil {
		return fault
	}
	switch keys := keys.(type) {
	case []string:
		return encodeFrom(k, x, keys, values)
	case []int64:
		return encodeFrom(k, x, keys, values)
	case []float32:
		return encodeFrom(k, x, keys, values)
	case []float64:
		return encodeFrom(k, x, keys, values)
	}
	return refuse(WrongType, "the input is of type %s, the keys are not", x.typ)
}

// labelEncoderV1 maps texts to their places in a list, or places to texts.
func labelEncoderV1(k *call, x *value) *Error {
	texts := k.strings("classes_strings")
	places := make([]int64, len(texts))
	for i := range places {
		places[i] = int64(i)
	}
	defaultText, defaultInt := k.text("default_string", "_Unused"), k.int("default_int64", -1)
	switch x.typ {
	case String:
		return mapElements(k, x, Int64, texts, places, defaultInt)
	case Int64:
		return mapElements(k, x, String, places, texts, defaultText)
	}
	return refuse(WrongType, "the input is of type %s", x.typ)
}

// encoderTable finds the one list of keys or values that is given; keys must
// be of the input's type.
func (k *call) encoderTable(name string, want Type) (table any, fault *Error) {
	lists := []any{}
	if v := k.strings(name + "_strings"); k.has(name + "_strings") {
		lists = append(lists, v)
	}
	if v := k.ints(name + "_int64s"); k.has(name + "_int64s") {
		lists = append(lists, v)
	}
	if v := k.floats(name + "_floats"); k.has(name + "_floats") {
		lists = append(lists, v)
	}
	if t := k.tensor(name + "_tensor"); t != nil {
		lists = append(lists, t.Data)
	}
	if len(lists) != 1 {
		return nil, refuse(InvalidAttribute, "there are %d lists of %s, not one", len(lists), name)
	}
	if want != 0 && bufferType(lists[0]) != want {
		return nil, refuse(WrongType, "the %s are of type %s, the input is of type %s", name, bufferType(lists[0]), want)
	}
	return lists[0], nil
}

func encodeFrom[A interface {
	Element
	comparable
}](k *call, x *value, keys []A, values any) *Error {
	otherwise := k.tensor("default_tensor")
	if otherwise != nil && (product(otherwise.Shape) != 1 || bufferType(otherwise.Data) != bufferType(values)) {
		return refuse(WrongType, "default_tensor is not one value of the type of the values")
	}
	text, number, fraction := k.text("default_string", "_Unused"), k.int("default_int64", -1), k.float("default_float", 0)
	switch values := values.(type) {
	case []string:
		return mapElements(k, x, String, keys, values, defaultOf(otherwise, text))
	case []int64:
		return mapElements(k, x, Int64, keys, values, defaultOf(otherwise, number))
	case []float32:
		return mapElements(k, x, Float32, keys, values, defaultOf(otherwise, fraction))
	case []float64:
		return mapElements(k, x, Float64, keys, values, defaultOf(otherwise, 0.0))
	}
	return refuse(UnsupportedType, "values of type %s are not supported", bufferType(values))
}

func defaultOf[T Element](t *Tensor, otherwise T) T {
	if t != nil {
		if data, ok := t.Data.([]T); ok && len(data) == 1 {
			return data[0]
		}
	}
	return otherwise
}
