package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is tested without the race detector starts no goroutine.
func TestSequentialPackagesStartNothing(t *testing.T) {
	list, err := os.ReadFile("../../scripts/sequential")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range strings.Fields(string(list)) {
		files, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", dir, len(files), err)
		}
		for _, file := range files {
			positions := token.NewFileSet()
			tree, err := parser.ParseFile(positions, file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.GoStmt:
					t.Errorf("%s starts a goroutine: take %s out of scripts/sequential", positions.Position(n.Pos()), dir)
				case *ast.SelectorExpr:
					if n.Sel.Name == "Go" {
						t.Errorf("%s starts a goroutine: take %s out of scripts/sequential", positions.Position(n.Pos()), dir)
					}
				}
				return true
			})
		}
	}
}
