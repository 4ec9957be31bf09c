// Package onnx decodes ONNX files of tabular models and evaluates them in pure
// Go, one row at a time: tree ensembles, linear models, scalers, imputers,
// encoders, isolation forests, multi-layer perceptrons and the arithmetic that
// exporters put around them. It is not for images, text or sequences, and not
// for batches.
//
//	m, err := onnx.Decode(file)                  // names and numbers, within limits
//	p, err := onnx.Compile(m, onnx.Options{})    // checked, folded, packed; immutable
//	score, err := p.ScoreAt("probabilities", 1)  // which output is the score
//	ev := p.NewEvaluator()                       // buffers; one for each goroutine
//	copy(onnx.InputOf[float32](ev, 0), row)
//	err = ev.Run()                               // no allocation
//	fraud := ev.Score(score)
//
// A file is refused when it is loaded, with a [Reason] and the node, if
// anything in it is unknown, inconsistent or beyond the [Limits]; evaluation
// fails only where an operator has no answer for a row, as for an index out of
// range. Values are those of ONNX Runtime: trees bit for bit, the rest to the
// last digits of float32. Where the standard and ONNX Runtime disagree, or its
// versions do, the model is refused rather than guessed.
//
// The same row gives the same bits on every machine of an architecture: sums
// run in order and multiplications are not fused.
//
// How it works: [Compile] goes through the nodes in order. Each finds its
// operator in the table of operator_table.go, which infers types and shapes
// and emits a kernel, or runs the kernel at once if nothing in it depends on
// the row. Trees become flat arrays of integer comparisons, walked eight at a
// time (pack.go, walk.go). Two passes over the kernels then turn what hangs on
// single trees into tables and sums of such trees into forests (fuse_*.go).
package onnx
