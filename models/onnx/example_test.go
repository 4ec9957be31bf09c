package onnx_test

import (
	"fmt"
	"log"
	"os"

	"github.com/tidegate/tidegate/models/onnx"
)

// Load a model and score one transaction.
func Example() {
	file, err := os.ReadFile("testdata/models/handbook_xgb_100x6.onnx")
	if err != nil {
		log.Fatal(err)
	}
	model, err := onnx.Decode(file)
	if err != nil {
		log.Fatal(err)
	}
	program, err := onnx.Compile(model, onnx.Options{Outputs: []string{"probabilities"}})
	if err != nil {
		log.Fatal(err)
	}
	fraud, err := program.ScoreAt("probabilities", 1)
	if err != nil {
		log.Fatal(err)
	}

	evaluator := program.NewEvaluator()
	row := []float32{146.3, 0, 1, 6, 37.6, 15, 34.1, 57, 33.4, 4, 1, 11, 0.45, 30, 0.17}
	copy(onnx.InputOf[float32](evaluator, 0), row)
	if err := evaluator.Run(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.4f\n", evaluator.Score(fraud))
	// Output: 0.7794
}

// A model with an input for each feature takes numbers and texts column by
// column.
func ExampleEvaluator_SetNumber() {
	file, err := os.ReadFile("testdata/models/mixed_pipeline_trees.onnx")
	if err != nil {
		log.Fatal(err)
	}
	model, err := onnx.Decode(file)
	if err != nil {
		log.Fatal(err)
	}
	program, err := onnx.Compile(model, onnx.Options{})
	if err != nil {
		log.Fatal(err)
	}
	score, err := program.ScoreOf("output_probability", "1")
	if err != nil {
		log.Fatal(err)
	}

	evaluator := program.NewEvaluator()
	numbers := []float64{5.0, 649.5, 6.7, 3458, 3}
	texts := []string{"US", "web", "low"}
	for i, column := range program.Columns() {
		if column.Type == onnx.String {
			err = evaluator.SetText(column, texts[i-len(numbers)])
		} else {
			err = evaluator.SetNumber(column, numbers[i])
		}
		if err != nil {
			log.Fatal(err)
		}
	}
	if err := evaluator.Run(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.4f\n", evaluator.Score(score))
	// Output: 0.0679
}

// A file that this package does not know is refused by name.
func ExampleError() {
	file, err := os.ReadFile("testdata/models/bad/conv_net.onnx")
	if err != nil {
		log.Fatal(err)
	}
	model, err := onnx.Decode(file)
	if err != nil {
		log.Fatal(err)
	}
	_, err = onnx.Compile(model, onnx.Options{})
	fmt.Println(err)
	// Output: onnx: Conv "Y": the operator is not supported (unsupported_operator)
}
