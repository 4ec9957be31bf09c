// Package lint holds the house rules as tests.
package lint

import (
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/tidegate/tidegate"

// layers from the top down; a package may import those below its own. What
// is deeper in the tree belongs to the longest name that fits.
var layers = []string{
	"cmd", "doctor", "bench", "api", "config", "intake", "node", "scoring", "rules", "models", "cep", "features", "wire",
	"examples", "stream", "docs", "internal",
}

// beside may be imported from anywhere above the root: leaves of their own.
var beside = map[string]bool{"internal/yamlfile": true, "rules/watch": true}

func TestImportsPointDown(t *testing.T) {
	rank := func(path string) int {
		for i, layer := range layers {
			if path == layer || strings.HasPrefix(path, layer+"/") {
				return i
			}
		}
		t.Fatalf("package %s has no layer: give it one", path)
		return 0
	}
	for _, p := range packages(t) {
		from := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		if from == "" {
			for _, i := range p.Imports {
				if strings.Contains(i, ".") {
					t.Errorf("the root package imports %s: the standard library only", i)
				}
			}
			continue
		}
		for _, i := range p.Imports {
			to, own := strings.CutPrefix(i, module+"/")
			if !own || beside[to] || family(from) == family(to) {
				continue
			}
			if rank(from) >= rank(to) {
				t.Errorf("%s imports %s, which does not stand below it", from, to)
			}
		}
	}
}

// family is the first element: packages of one may import each other.
func family(path string) string { return strings.SplitN(path, "/", 2)[0] }

type pkg struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports", module+"/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := d.Decode(&p)
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
