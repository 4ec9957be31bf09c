package onnx

import "bytes"

// foreign says what a file is that was taken for an ONNX model, and how the
// model is had instead; "" is for what may be one. The beginnings are those
// of pickle's PROTO opcode, gzip (RFC 1952), zip, zlib (RFC 1950, as joblib
// writes it), Git LFS pointers, and the texts of XGBoost and LightGBM.
func foreign(b []byte) string {
	const export = "export the model to ONNX, with skl2onnx or onnxmltools"
	begins := func(s string) bool { return bytes.HasPrefix(b, []byte(s)) }
	text := bytes.TrimLeft(b, " \t\r\n")
	switch {
	case len(text) == 0:
		return "the file is empty"
	case begins("version https://git-lfs"):
		return "this is a pointer of Git LFS: fetch the file with git lfs pull"
	case begins("\x1f\x8b"), begins("PK\x03\x04"), begins("\x28\xb5\x2f\xfd"):
		return "this is an archive: unpack it"
	case len(b) > 1 && b[0] == 0x80 && b[1] >= 2 && b[1] <= 5, begins("\x78\x9c"), begins("\x78\x01"), begins("\x78\xda"):
		return "this is a Python pickle: " + export
	case begins("tree\nversion=v"), begins("tree\r\nversion=v"):
		return "this is LightGBM's own text: " + export
	case begins("{L\x00") || begins("{l\x00") || begins("binf") || text[0] == '{' && bytes.Contains(b, []byte(`"learner"`)):
		return "this is XGBoost's own format: " + export
	case text[0] == '{', text[0] == '<':
		return "this is a text: " + export
	}
	return ""
}
