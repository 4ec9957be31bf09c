package onnx

import "slices"

// matMul multiplies matrices, or stacks of them, by the rules of NumPy.
func matMul(k *call) *Error {
	if fault := k.arity(2, 2); fault != nil {
		return fault
	}
	a, b := k.in[0], k.in[1]
	if a.typ != b.typ || a.typ != Float32 && a.typ != Float64 {
		return refuse(WrongType, "the inputs are of types %s and %s", a.typ, b.typ)
	}
	as, bs := a.shape, b.shape
	if len(as) == 0 || len(bs) == 0 {
		return refuse(WrongDimensions, "the inputs have the shapes %v and %v", as, bs)
	}
	if len(as) == 1 {
		as = []int{1, as[0]}
	}
	if len(bs) == 1 {
		bs = []int{bs[0], 1}
	}
	rows, inner, columns := as[len(as)-2], as[len(as)-1], bs[len(bs)-1]
	if bs[len(bs)-2] != inner {
		return refuse(WrongDimensions, "%v and %v can't be multiplied", a.shape, b.shape)
	}
	stack, fault := broadcastShapes(as[:len(as)-2], bs[:len(bs)-2])
	if fault != nil {
		return fault
	}
	shape := slices.Clone(stack)
	if a.rank() > 1 {
		shape = append(shape, rows)
	}
	if b.rank() > 1 {
		shape = append(shape, columns)
	}
	z, fault := k.result(0, a.typ, shape)
	if fault != nil {
		return fault
	}
	p := matrixProduct{
		rows: rows, inner: inner, columns: columns, alpha: 1, matrices: product(stack),
		ai: broadcastIndex(as[:len(as)-2], stack), bi: broadcastIndex(bs[:len(bs)-2], stack),
	}
	return k.emitProduct(a, b, nil, z, p)
}

// gemm computes alpha·A·B + beta·C.
func gemm(k *call) *Error {
	if fault := k.arity(2, 3); fault != nil {
		return fault
	}
	a, b, c := k.in[0], k.in[1], k.optional(2)
	if a.typ != b.typ || c != nil && c.typ != a.typ || a.typ != Float32 && a.typ != Float64 {
		return refuse(WrongType, "the inputs are of types %s and %s", a.typ, b.typ)
	}
	if a.rank() != 2 || b.rank() != 2 {
		return refuse(WrongDimensions, "the inputs have the shapes %v and %v", a.shape, b.shape)
	}
	p := matrixProduct{alpha: k.float("alpha", 1), beta: k.float("beta", 1), matrices: 1}
	p.rows, p.inner, p.columns = a.shape[0], a.shape[1], b.shape[1]
	innerB := b.shape[0]
	if p.transA = k.int("transA", 0) != 0; p.transA {
		p.rows, p.inner = p.inner, p.rows
	}
	if p.transB = k.int("transB", 0) != 0; p.transB {
		innerB, p.columns = p.columns, innerB
	}
	if innerB != p.inner {
		return refuse(WrongDimensions, "%v and %v can't be multiplied", a.shape, b.shape)
	}
	shape := []int{p.rows, p.columns}
	if c != nil {
		if to, fault := broadcastShapes(c.shape, shape); fault != nil || !slices.Equal(to, shape) {
			return refuse(WrongDimensions, "%v can't be added to %v", c.shape, shape)
		}
		p.ci = broadcastIndex(c.shape, shape)
	}
	z, fault := k.result(0, a.typ, shape)
	if fault != nil {
		return fault
	}
	return k.emitProduct(a, b, c, z, p)
}

// matrixProduct is the layout of a multiplication.
type matrixProduct struct {
	rows, inner, columns int
	transA, transB       bool
	alpha, beta          float32
	matrices             int     // of the stack
	ai, bi               []int32 // which matrix of A and B; nil: the same
	ci                   []int32 // which element of C; nil: the same
}

func (k *call) emitProduct(a, b, c, z *value, p matrixProduct) *Error {
	cost := p.matrices*p.rows*p.inner*p.columns + z.len()
	if p.matrices*p.rows*p.columns > 0 && p.inner > k.c.opts.Limits.MaxFolding/(p.matrices*p.rows*p.columns) {
		return refuse(TooLarge, "a product of %v and %v", a.shape, b.shape)
	}
	if fault := k.c.take(a.len() + b.len()); fault != nil { // for the transposed copies
		return fault
	}
	if a.typ == Float32 {
		return k.emit(cost, productOf[float32](k.c.memory, a, b, c, z, p))
	}
	return k.emit(cost, productOf[float64](k.c.memory, a, b, c, z, p))
}

// productOf brings B into columns of adjacent elements: once, if it is
// constant, as the weights of a layer are.
func productOf[T float](constants memory, a, b, c, z *value, p matrixProduct) binder {
	var weights []T
	if b.constant && !p.transB {
		weights = make([]T, b.len())
		transposeAll(weights, at[T](constants, b.slot), p.inner, p.columns)
	}
	return func(m memory) step {
		x, y, z := at[T](m, a.slot), at[T](m, b.slot), at[T](m, z.slot)
		var bias []T
		if c != nil {
			bias = at[T](m, c.slot)
		}
		left, right := x, y
		if p.transA {
			left = make([]T, len(x))
		}
		if weights != nil {
			right = weights
		} else if !p.transB {
			right = make([]T, len(y))
		}
		return func() error {
			if p.transA {
				transposeAll(left, x, p.inner, p.rows)
			}
			if !p.transB && weights == nil {
				transposeAll(right, y, p.inner, p.columns)
			}
			for i := range p.matrices {
				ai, bi := i, i
				if p.ai != nil {
					ai = int(p.ai[i])
				}
				if p.bi != nil {
					bi = int(p.bi[i])
				}
				multiply(z[i*p.rows*p.columns:], left[ai*p.rows*p.inner:], right[bi*p.inner*p.columns:], &p)
			}
			finishProduct(z, bias, &p)
			return nil
		}
	}
}

func finishProduct[T float](z, bias []T, p *matrixProduct) {
	if p.alpha != 1 {
		for i := range z {
			z[i] *= T(p.alpha)
		}
	}
	if bias == nil {
		return
	}
	for i := range z {
		z[i] += T(T(p.beta) * spread(bias, p.ci, i))
	}
}

// multiply computes four columns at once. The sums run in order, without
// fused multiplication, so that every machine gets the same bits.
func multiply[T float](z, a, b []T, p *matrixProduct) {
	n := p.inner
	for r := range p.rows {
		row, out := a[r*n:r*n+n], z[r*p.columns:r*p.columns+p.columns]
		c := 0
		for ; c+4 <= len(out); c += 4 {
			b0, b1 := b[c*n:c*n+n], b[(c+1)*n:(c+1)*n+n]
			b2, b3 := b[(c+2)*n:(c+2)*n+n], b[(c+3)*n:(c+3)*n+n]
			var s0, s1, s2, s3 T
			for i, v := range row {
				s0 += T(v * b0[i])
				s1 += T(v * b1[i])
				s2 += T(v * b2[i])
				s3 += T(v * b3[i])
			}
			out[c], out[c+1], out[c+2], out[c+3] = s0, s1, s2, s3
		}
		for ; c < len(out); c++ {
			out[c] = dot(row, b[c*n:c*n+n])
		}
	}
}

func dot[T float](a, b []T) T {
	var sum T
	for i, v := range a {
		sum += T(v * b[i])
	}
	return sum
}

// transposeAll transposes each rows×columns matrix of a stack.
func transposeAll[T float](to, from []T, rows, columns int) {
	size := rows * columns
	for start := 0; start+size <= len(from) && size > 0; start += size {
		for r := range rows {
			for c := range columns {
				to[start+c*rows+r] = from[start+r*columns+c]
			}
		}
	}
}
