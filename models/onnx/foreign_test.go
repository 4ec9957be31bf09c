package onnx

import (
	"errors"
	"strings"
	"testing"
)

// Files that stand where a model should are told for what they are.
func TestForeignFiles(t *testing.T) {
	for begins, want := range map[string]string{
		"": "the file is empty",
		"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n": "this is a pointer of Git LFS: fetch the file with git lfs pull",
		"\x1f\x8b\x08\x00\x00\x00\x00\x00":                                          "this is an archive: unpack it",
		"PK\x03\x04\x14\x00\x00\x00":                                                "this is an archive: unpack it",
		"\x80\x04\x95\x03\x02\x00\x00\x00":                                          "this is a Python pickle: export the model to ONNX, with skl2onnx or onnxmltools",
		"\x78\x9c\x95\x03\x02\x00\x00\x00":                                          "this is a Python pickle: export the model to ONNX, with skl2onnx or onnxmltools",
		"tree\nversion=v4\nnum_class=1\n":                                           "this is LightGBM's own text: export the model to ONNX, with skl2onnx or onnxmltools",
		"{\"learner\":{\"attributes\":{}}}":                                         "this is XGBoost's own format: export the model to ONNX, with skl2onnx or onnxmltools",
		"{L\x00\x00\x00\x00\x00\x00\x00\x07learner{":                                "this is XGBoost's own format: export the model to ONNX, with skl2onnx or onnxmltools",
		"<html><body>404 not found</body></html>":                                   "this is a text: export the model to ONNX, with skl2onnx or onnxmltools",
	} {
		_, err := Decode([]byte(begins))
		var e *Error
		if !errors.As(err, &e) || e.Reason != Malformed || e.Message != want {
			t.Errorf("%q: %v, want %s", begins, err, want)
		}
	}
	if _, err := Decode([]byte("\x08\x08\x3a\x05\x01")); err == nil || !strings.Contains(err.Error(), "cut short") {
		t.Errorf("a model that is cut short is told as %v", err)
	}
}

// An open width is the exporter's default that most people meet first.
func TestOpenWidth(t *testing.T) {
	graph := graphParts{
		nodes:  [][]byte{encodeNode("", "Sigmoid", []string{"X"}, []string{"p"})},
		inputs: [][]byte{encodeValue("X", 1, -1, -1)}, outputs: [][]byte{encodeValue("p", 1, -1, -1)},
	}
	m, err := Decode(graph.encode())
	if err != nil {
		t.Fatal(err)
	}
	_, err = Compile(m, Options{})
	const want = `onnx: the number of columns of input "X" is open: export it with the number, as [None, 15] (wrong_dimensions)`
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}
