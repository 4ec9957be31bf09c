package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The programs of the page about the engine print what stands below them.
func TestStreamPrograms(t *testing.T) {
	found := regexp.MustCompile("(?ms)^```go\n(.*?)^```\n```text sorted\n(.*?)^```$").FindAllStringSubmatch(page(t, "streams.md"), -1)
	if len(found) != 2 {
		t.Fatalf("%d programs", len(found))
	}
	for _, m := range found {
		name := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(name, []byte(m[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		run := exec.CommandContext(t.Context(), "go", "run", name)
		var stderr strings.Builder
		run.Stderr = &stderr
		out, err := run.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, stderr.String())
		}
		lines := slices.Sorted(strings.Lines(string(out)))
		if got := strings.Join(lines, ""); got != m[2] {
			t.Errorf("it prints\n%s\nand the page says\n%s", got, m[2])
		}
	}
}

// Every name of the page is one of the engine's.
func TestStreamNames(t *testing.T) {
	exported := map[string]map[string]bool{}
	for _, pkg := range []string{"stream", "stream/file", "stream/kafka", "stream/pebble", "stream/rest", "stream/state"} {
		exported[filepath.Base(pkg)] = names(t, filepath.Join("..", pkg))
	}
	for _, m := range regexp.MustCompile("`([a-z]+)\\.([A-Z][A-Za-z]*)").FindAllStringSubmatch(page(t, "streams.md"), -1) {
		if all, known := exported[m[1]]; !known || !all[m[2]] {
			t.Errorf("there is no %s.%s", m[1], m[2])
		}
	}
}

// names are the exported top-level names of a package.
func names(t *testing.T, dir string) map[string]bool {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(found) == 0 {
		t.Fatal(dir, err, fs.ErrNotExist)
	}
	all := map[string]bool{}
	for _, name := range found {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					all[d.Name.Name] = true
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if s, ok := s.(*ast.TypeSpec); ok {
						all[s.Name.Name] = true
					}
				}
			}
		}
	}
	return all
}
