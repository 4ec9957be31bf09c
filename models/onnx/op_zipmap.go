package onnx

// zipMap gives the columns of its input names. There is nothing to compute:
// the output is the input, and its keys are known to the program.
func zipMap(k *call) *Error {
	x, fault := k.input(0, Float32)
	if fault != nil {
		return fault
	}
	labels, fault := k.classLabels("classlabels_int64s", "classlabels_strings")
	if fault != nil {
		return fault
	}
	if x.rank() < 1 || x.shape[x.rank()-1] != labels.len() || x.len() != labels.len() {
		return refuse(WrongDimensions, "there are %d keys for an input of shape %v", labels.len(), x.shape)
	}
	k.setOutput(0, &value{typ: Float32, shape: x.shape, slot: x.slot, constant: x.constant, keys: &mapKeys{ints: labels.ints, strings: labels.strings}})
	return nil
}
