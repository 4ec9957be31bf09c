package onnx

// linearClassifier scores each class by a row of coefficients.
func linearClassifier(k *call) *Error {
	k.ignore("multi_class") // one against the rest or not, the scores are the same
	x, rows, fault := k.rowInput(Float32, Float64, Int64, Int32)
	if fault != nil {
		return fault
	}
	labels, fault := k.classLabels("classlabels_ints", "classlabels_strings")
	if fault != nil {
		return fault
	}
	l, fault := k.linear(x, rows, len(k.floats("intercepts")))
	if fault != nil {
		return fault
	}
	classes := l.targets
	binary := l.targets == 1 && labels.len() == 2
	if binary {
		classes = 2
	} else if l.targets != labels.len() {
		return refuse(InconsistentLengths, "there are %d intercepts for %d labels", l.targets, labels.len())
	}
	if l.targets == 1 && !binary {
		return refuse(UnsupportedOperator, "a classifier with one class label is not supported")
	}
	if binary && l.post == postProbit {
		return refuse(UnsupportedOperator, "post_transform PROBIT with one row of coefficients is not supported")
	}
	label, fault := k.result(0, labels.typ(), []int{rows})
	if fault != nil {
		return fault
	}
	z, fault := k.result(1, Float32, []int{rows, classes})
	if fault != nil {
		return fault
	}
	return k.emit(l.cost(), func(m memory) step {
		score, put, z := l.bind(m), labels.writer(m, label.slot), at[float32](m, z.slot)
		return func() error {
			for r := range rows {
				out := z[r*classes : (r+1)*classes]
				score(r, out[:l.targets])
				if !binary {
					put(r, first(out))
					l.post.apply(out)
					continue
				}
				class := 0
				if out[0] > 0 {
					class = 1
				}
				put(r, class)
				if l.post == postLogistic {
					out[0], out[1] = logistic(-out[0]), logistic(out[0])
					continue
				}
				// Any other transform leaves the one score alone, and the
				// first class gets the rest to one: as in ONNX Runtime.
				out[0], out[1] = 1-out[0], out[0]
			}
			return nil
		}
	})
}

// first is the place of the first highest score.
func first(scores []float32) int {
	best := 0
	for i, s := range scores {
		if s > scores[best] {
			best = i
		}
	}
	return best
}

func linearRegressor(k *call) *Error {
	x, rows, fault := k.rowInput(Float32, Float64, Int64, Int32)
	if fault != nil {
		return fault
	}
	targets := k.int("targets", 1)
	if targets < 1 || targets > int64(k.c.opts.Limits.MaxRowElements) {
		return refuse(InvalidAttribute, "targets is %d", targets)
	}
	l, fault := k.linear(x, rows, int(targets))
	if fault != nil {
		return fault
	}
	if l.targets == 1 && l.post != postNone {
		return refuse(UnsupportedOperator, "post_transform with one target is not supported: runtimes disagree on it")
	}
	z, fault := k.result(0, Float32, []int{rows, l.targets})
	if fault != nil {
		return fault
	}
	return k.emit(l.cost(), func(m memory) step {
		score, z := l.bind(m), at[float32](m, z.slot)
		return func() error {
			for r := range rows {
				out := z[r*l.targets : (r+1)*l.targets]
				score(r, out)
				l.post.apply(out)
			}
			return nil
		}
	})
}

// linear is a matrix of coefficients, targets × columns, and intercepts.
type linear struct {
	x                      *value
	rows, columns, targets int
	post                   postTransform
	product                matrixProduct
	coefficients           []float32
	intercepts             []float32 // nil for none
}

func (k *call) linear(x *value, rows, targets int) (*linear, *Error) {
	l := &linear{x: x, rows: rows, columns: x.len() / rows, targets: targets}
	l.coefficients, l.intercepts = k.floats("coefficients"), k.floats("intercepts")
	var fault *Error
	if l.post, fault = k.postTransform(); fault != nil {
		return nil, fault
	}
	if targets == 0 {
		return nil, refuse(InvalidAttribute, "there are no intercepts")
	}
	if len(l.coefficients) != l.columns*targets {
		return nil, refuse(WrongDimensions, "there are %d coefficients for %d targets of %d columns", len(l.coefficients), targets, l.columns)
	}
	if len(l.intercepts) != 0 && len(l.intercepts) != targets {
		return nil, refuse(InconsistentLengths, "there are %d intercepts for %d targets", len(l.intercepts), targets)
	}
	for _, list := range [][]float32{l.coefficients, l.intercepts} {
		for _, v := range list {
			if !finite(float64(v)) {
				return nil, refuse(InvalidNumber, "a coefficient or intercept is %v", v)
			}
		}
	}
	l.product = matrixProduct{rows: 1, inner: l.columns, columns: targets}
	return l, nil
}

func (l *linear) cost() int { return l.rows * (l.columns*l.targets + 8*l.targets) }

// bind gives the function that scores row r.
func (l *linear) bind(m memory) func(r int, out []float32) {
	row := rowAsFloat32(m, l.x.slot, l.columns)
	return func(r int, out []float32) {
		multiply(out, row(r), l.coefficients, &l.product)
		for i, b := range l.intercepts {
			out[i] += b
		}
	}
}

// rowAsFloat32 binds the reading of rows, converted where they are not float32.
func rowAsFloat32(m memory, s slot, columns int) func(r int) []float32 {
	switch x := m[s].(type) {
	case []float64:
		return convertedRow(x, columns)
	case []int64:
		return convertedRow(x, columns)
	case []int32:
		return convertedRow(x, columns)
	}
	x := at[float32](m, s)
	return func(r int) []float32 { return x[r*columns : (r+1)*columns] }
}

func convertedRow[T number](x []T, columns int) func(r int) []float32 {
	row := make([]float32, columns)
	return func(r int) []float32 {
		for i, v := range x[r*columns : (r+1)*columns] {
			row[i] = float32(v)
		}
		return row
	}
}
