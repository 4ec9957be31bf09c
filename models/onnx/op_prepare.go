package onnx

import "math"

// scaler computes (x - offset) * scale in float32.
func scaler(k *call) *Error {
	x, rows, fault := k.rowInput(Float32, Float64, Int64, Int32)
	if fault != nil {
		return fault
	}
	columns := x.len() / rows
	offset, fault := k.perColumn("offset", k.floats("offset"), columns)
	if fault != nil {
		return fault
	}
	scale, fault := k.perColumn("scale", k.floats("scale"), columns)
	if fault != nil {
		return fault
	}
	y, fault := k.result(0, Float32, x.shape)
	if fault != nil {
		return fault
	}
	double := x.typ == Float64
	return k.emit(2*x.len(), func(m memory) step {
		y := at[float32](m, y.slot)
		if double { // rounded once, at the end
			x := at[float64](m, x.slot)
			return func() error {
				for i := range y {
					c := i % columns
					y[i] = float32((x[i] - float64(offset[c])) * float64(scale[c]))
				}
				return nil
			}
		}
		row := rowAsFloat32(m, x.slot, columns)
		return func() error {
			for r := range rows {
				out := y[r*columns : (r+1)*columns]
				for i, v := range row(r) {
					out[i] = (v - offset[i]) * scale[i]
				}
			}
			return nil
		}
	})
}

// perColumn checks a list of parameters: one for each column, or one for all.
func (k *call) perColumn(name string, list []float32, columns int) ([]float32, *Error) {
	for _, v := range list {
		if !finite(float64(v)) {
			return nil, refuse(InvalidNumber, "%s has %v", name, v)
		}
	}
	if len(list) == columns {
		return list, nil
	}
	if len(list) != 1 {
		return nil, refuse(WrongDimensions, "%s has %d values for %d columns", name, len(list), columns)
	}
	all := make([]float32, columns)
	for i := range all {
		all[i] = list[0]
	}
	return all, nil
}

// imputer replaces one value, most often NaN, by one for each column.
func imputer(k *call) *Error {
	x, rows, fault := k.rowInput(Float32, Float64, Int64, Int32)
	if fault != nil {
		return fault
	}
	columns := x.len() / rows
	floats, ints := k.floats("imputed_value_floats"), k.ints("imputed_value_int64s")
	missing, missingInt := k.float("replaced_value_float", 0), k.int("replaced_value_int64", 0)
	switch x.typ {
	case Float32:
		return impute(k, x, columns, floats, missing, len(ints))
	case Float64:
		return impute(k, x, columns, convert(floats, func(v float32) float64 { return float64(v) }), float64(missing), len(ints))
	case Int64:
		return impute(k, x, columns, ints, missingInt, len(floats))
	}
	return refuse(WrongType, "the input is of type %s", x.typ)
}

func impute[T number](k *call, x *value, columns int, values []T, missing T, others int) *Error {
	if others > 0 {
		return refuse(InvalidAttribute, "imputed values are of another type than the input's %s", x.typ)
	}
	if len(values) != 1 && len(values) != columns {
		return refuse(WrongDimensions, "there are %d imputed values for %d columns", len(values), columns)
	}
	each := make([]T, columns)
	for i := range each {
		each[i] = values[i%len(values)]
	}
	y, fault := k.result(0, x.typ, x.shape)
	if fault != nil {
		return fault
	}
	missingIsNaN := missing != missing
	return k.emit(2*x.len(), func(m memory) step {
		x, y := at[T](m, x.slot), at[T](m, y.slot)
		return func() error {
			for i, v := range x {
				if v == missing || missingIsNaN && v != v {
					v = each[i%columns]
				}
				y[i] = v
			}
			return nil
		}
	})
}

// normalizer divides a row by its maximum, the sum of magnitudes, or the
// square root of the sum of squares; a row where that is zero stays.
func normalizer(k *call) *Error {
	x, rows, fault := k.rowInput(Float32, Float64, Int64, Int32)
	if fault != nil {
		return fault
	}
	var f func(x, y []float32)
	switch norm := k.text("norm", "MAX"); norm {
	case "MAX":
		f = normalizeMax
	case "L1":
		f = normalizeL1
	case "L2":
		f = normalizeL2
	default:
		return refuse(InvalidAttribute, "norm %q is not known", norm)
	}
	columns := x.len() / rows
	y, fault := k.result(0, Float32, x.shape)
	if fault != nil {
		return fault
	}
	return k.emit(4*x.len(), func(m memory) step {
		row, y := rowAsFloat32(m, x.slot, columns), at[float32](m, y.slot)
		return func() error {
			for r := range rows {
				f(row(r), y[r*columns:(r+1)*columns])
			}
			return nil
		}
	})
}

func normalizeMax(x, y []float32) {
	top := float32(-math.MaxFloat32)
	for _, v := range x {
		if v > top {
			top = v
		}
	}
	divide(x, y, top)
}

func normalizeL1(x, y []float32) {
	var sum float32
	for _, v := range x {
		sum += float32(math.Abs(float64(v)))
	}
	divide(x, y, sum)
}

func divide(x, y []float32, by float32) {
	if by == 0 {
		by = 1
	}
	for i, v := range x {
		y[i] = v / by
	}
}

// normalizeL2 takes the root of each square's share, as ONNX Runtime does,
// so that rows whose squares overflow give what they give there.
func normalizeL2(x, y []float32) {
	var sum float32
	for _, v := range x {
		sum += float32(v * v)
	}
	if sum == 0 {
		copy(y, x)
		return
	}
	for i, v := range x {
		root := float32(math.Sqrt(float64(v * v / sum)))
		if v < 0 {
			root = -root
		}
		y[i] = root
	}
}

// binarizer gives 1 above the threshold, else 0. NaN is not above it.
func binarizer(k *call) *Error {
	x, fault := k.input(0)
	if fault != nil {
		return fault
	}
	threshold := k.float("threshold", 0)
	if math.IsNaN(float64(threshold)) {
		return refuse(InvalidNumber, "the threshold is NaN")
	}
	switch x.typ {
	case Float32:
		return elementwise(k, x, Float32, 1, func(v float32) float32 { return above(v, threshold) })
	case Float64:
		return elementwise(k, x, Float64, 1, func(v float64) float64 { return above(v, float64(threshold)) })
	}
	return refuse(WrongType, "the input is of type %s", x.typ)
}

func above[T float](v, threshold T) T {
	if v > threshold {
		return 1
	}
	return 0
}
