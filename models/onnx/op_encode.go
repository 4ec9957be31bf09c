package onnx

import "slices"

// oneHotEncoder gives each element a dimension with 1 at its category.
func oneHotEncoder(k *call) *Error {
	x, fault := k.input(0)
	if fault != nil {
		return fault
	}
	ints, texts := k.ints("cats_int64s"), k.strings("cats_strings")
	zeros := k.int("zeros", 1) != 0
	n := len(ints) + len(texts)
	if n == 0 || len(ints) > 0 && len(texts) > 0 {
		return refuse(InvalidAttribute, "there are %d integer and %d text categories; one kind is to be given", len(ints), len(texts))
	}
	if (x.typ == String) != (len(texts) > 0) {
		return refuse(WrongType, "the input is of type %s, the categories are not", x.typ)
	}
	shape := append(slices.Clone(x.shape), n)
	if fault := k.c.opts.Limits.admit(shape); fault != nil {
		return fault
	}
	y, fault := k.result(0, Float32, shape)
	if fault != nil {
		return fault
	}
	switch x.typ {
	case String:
		return oneHot(k, x, y, n, zeros, lookup(texts))
	case Int64:
		return oneHot(k, x, y, n, zeros, lookup(ints))
	case Int32:
		find := lookup(ints)
		return oneHot(k, x, y, n, zeros, func(v int32) int { return find(int64(v)) })
	case Float32:
		find := lookup(ints)
		return oneHot(k, x, y, n, zeros, func(v float32) int { return find(truncate[int64](float64(v))) })
	case Float64:
		find := lookup(ints)
		return oneHot(k, x, y, n, zeros, func(v float64) int { return find(truncate[int64](v)) })
	}
	return refuse(WrongType, "the input is of type %s", x.typ)
}

// lookup finds the place of a category, or -1. Of equal ones the last counts.
func lookup[T comparable](categories []T) func(T) int {
	at := make(map[T]int, len(categories))
	for i, c := range categories {
		at[c] = i
	}
	return func(v T) int {
		if i, ok := at[v]; ok {
			return i
		}
		return -1
	}
}

func oneHot[T Element](k *call, x, y *value, n int, zeros bool, find func(T) int) *Error {
	unknown := k.failure("a category is not known")
	return k.emit(20*x.len()+y.len()/8, func(m memory) step {
		x, y := at[T](m, x.slot), at[float32](m, y.slot)
		return func() error {
			clear(y)
			for i, v := range x {
				if at := find(v); at >= 0 {
					y[i*n+at] = 1
				} else if !zeros {
					return unknown
				}
			}
			return nil
		}
	})
}

// categoryMapper turns texts into integers or integers into texts.
func categoryMapper(k *call) *Error {
	x, fault := k.input(0, String, Int64)
	if fault != nil {
		return fault
	}
	texts, ints := k.strings("cats_strings"), k.ints("cats_int64s")
	if len(texts) != len(ints) {
		return refuse(InconsistentLengths, "there are %d text and %d integer categories", len(texts), len(ints))
	}
	defaultText, defaultInt := k.text("default_string", "_Unused"), k.int("default_int64", -1)
	if x.typ == String {
		return mapElements(k, x, Int64, texts, ints, defaultInt)
	}
	return mapElements(k, x, String, ints, texts, defaultText)
}

// mapElements replaces each element by what stands for it in a table.
func mapElements[A interface {
	Element
	comparable
}, B Element](k *call, x *value, t Type, keys []A, values []B, otherwise B) *Error {
	if len(keys) != len(values) {
		return refuse(InconsistentLengths, "there are %d keys and %d values", len(keys), len(values))
	}
	table := make(map[A]B, len(keys))
	nan, hasNaN := otherwise, false
	for i, key := range keys {
		if key != key { // NaN is a key like any other here, but not for a map
			if !hasNaN && k.opset >= 4 { // before, nothing equals NaN
				nan, hasNaN = values[i], true
			}
			continue
		}
		if _, dup := table[key]; !dup { // the first counts
			table[key] = values[i]
		}
	}
	return elementwise(k, x, t, 20, func(v A) B {
		if found, ok := table[v]; ok {
			return found
		}
		if v != v {
			return nan
		}
		return otherwise
	})
}
