package onnx

import "math"

// postTransform is what classifiers and regressors of ai.onnx.ml do with
// their scores at the end.
type postTransform uint8

const (
	postNone postTransform = iota
	postLogistic
	postSoftmax
	postSoftmaxZero
	postProbit
)

var postTransforms = map[string]postTransform{
	"NONE": postNone, "LOGISTIC": postLogistic, "SOFTMAX": postSoftmax, "SOFTMAX_ZERO": postSoftmaxZero, "PROBIT": postProbit,
}

func (k *call) postTransform() (postTransform, *Error) {
	name := k.text("post_transform", "NONE")
	p, ok := postTransforms[name]
	if !ok {
		return 0, refuse(InvalidAttribute, "post_transform %q is not known", name)
	}
	return p, nil
}

// apply transforms the scores in place.
func (p postTransform) apply(scores []float32) {
	switch p {
	case postLogistic:
		for i, s := range scores {
			scores[i] = logistic(s)
		}
	case postSoftmax:
		softmax(scores)
	case postSoftmaxZero:
		softmaxZero(scores)
	case postProbit:
		for i, s := range scores {
			scores[i] = probit(s)
		}
	}
}

func exp32(x float32) float32 { return float32(math.Exp(float64(x))) }

// logistic is 1/(1+e^-x), computed on the side where e^x does not overflow.
func logistic(x float32) float32 {
	v := 1 / (1 + exp32(-float32(math.Abs(float64(x)))))
	if x < 0 {
		return 1 - v
	}
	return v
}

func softmax(scores []float32) {
	top := float32(-math.MaxFloat32)
	for _, s := range scores {
		if s > top {
			top = s
		}
	}
	var sum float32
	for i, s := range scores {
		scores[i] = exp32(s - top)
		sum += scores[i]
	}
	for i := range scores {
		scores[i] /= sum
	}
}

// softmaxZero is softmax over the scores that are not zero.
func softmaxZero(scores []float32) {
	top := float32(-math.MaxFloat32)
	for _, s := range scores {
		if s > top {
			top = s
		}
	}
	scale := exp32(-top)
	var sum float32
	for i, s := range scores {
		if s > 1e-7 || s < -1e-7 {
			scores[i] = exp32(s - top)
			sum += scores[i]
		} else {
			scores[i] = s * scale
		}
	}
	for i := range scores {
		scores[i] /= sum
	}
}

// probit is the inverse normal distribution function by Winitzki's
// approximation of the inverse error function, as ONNX Runtime has it.
func probit(x float32) float32 {
	x = 2*x - 1
	sign := float32(1)
	if x < 0 {
		sign = -1
	}
	a, piA := float32(0.147), float32(math.Pi*0.147)
	log := float32(math.Log(float64((1 - x) * (1 + x))))
	v := 2/piA + float32(0.5*log)
	v2 := 1 / a * log
	root := float32(math.Sqrt(float64(float32(v*v) - v2)))
	return math.Sqrt2 * sign * float32(math.Sqrt(float64(root-v)))
}
