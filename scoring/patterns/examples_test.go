package patterns

import (
	"io/fs"
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/examples"
)

// exampleFiles are the pattern files of the issuer's example.
func exampleFiles(t testing.TB) []File {
	t.Helper()
	names, err := fs.Glob(examples.Issuer(), "patterns/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var files []File
	for _, name := range names {
		data, err := fs.ReadFile(examples.Issuer(), name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, File{name, data})
	}
	return files
}

func compileExamples(t testing.TB) *Set {
	t.Helper()
	set, err := Compile(exampleFiles(t), Options{Base: euro})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

var euro, _ = tidegate.ParseCurrency("EUR")

// TestExamples compiles the examples, which runs the tests in them.
func TestExamples(t *testing.T) {
	set := compileExamples(t)
	if n := len(set.Patterns()); n < 8 {
		t.Errorf("%d patterns", n)
	}
	for _, p := range set.Patterns() {
		if p.Tests() < 2 {
			t.Errorf("%s has %d tests", p.ID, p.Tests())
		}
	}
}
