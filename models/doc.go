// Package models scores events with ONNX models: a manifest says which
// features go into which input, which output is the probability of fraud, how
// it is calibrated, what it may decide, and what answers when it fails.
//
// It does not know where files come from or when they change: [Load] takes
// contents and returns an immutable [Set] or every error in them. Evaluation
// itself is in models/onnx.
package models
