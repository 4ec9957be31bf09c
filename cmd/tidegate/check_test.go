package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// models check shows what is taken for the probability, and what is not used.
func TestModelsCheck(t *testing.T) {
	graph, err := os.ReadFile("../../models/testdata/logreg.onnx")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "models"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"tidegate.yaml": "data: d\n", "models/used.onnx": string(graph), "models/left.onnx": string(graph),
		"models/m.yaml": "name: m\nfile: used.onnx\nrole: shadow\nfeatures: [tx.amount, tx.latitude, tx.longitude]\n",
	} {
		write(t, filepath.Join(dir, name), text)
	}
	out, err := exec.Command(binary, "models", "check", "--config", filepath.Join(dir, "tidegate.yaml")).CombinedOutput()
	text := string(out)
	if err != nil || !strings.Contains(text, "probabilities[1]") || !strings.Contains(text, "models/left.onnx is not used") || strings.Contains(text, "models/used.onnx is not") {
		t.Errorf("%v\n%s", err, text)
	}
}
