package onnx

// classLabels are the labels of a classifier: integers or texts.
type classLabels struct {
	ints    []int64
	strings []string
}

func (k *call) classLabels(ints, strings string) (classLabels, *Error) {
	l := classLabels{ints: k.ints(ints), strings: k.strings(strings)}
	if len(l.ints) > 0 && len(l.strings) > 0 {
		return l, refuse(InconsistentLengths, "there are %d integer and %d text labels; only one kind may be given", len(l.ints), len(l.strings))
	}
	if l.len() == 0 {
		return l, refuse(InvalidAttribute, "there are no class labels")
	}
	if l.len() > k.c.opts.Limits.MaxRowElements {
		return l, refuse(TooLarge, "there are %d class labels", l.len())
	}
	return l, nil
}

func (l classLabels) len() int { return len(l.ints) + len(l.strings) }

func (l classLabels) typ() Type {
	if len(l.strings) > 0 {
		return String
	}
	return Int64
}

// writer binds the writing of a class by its number.
func (l classLabels) writer(m memory, s slot) func(row, class int) {
	if len(l.strings) > 0 {
		out := at[string](m, s)
		return func(row, class int) { out[row] = l.strings[class] }
	}
	out := at[int64](m, s)
	return func(row, class int) { out[row] = l.ints[class] }
}
