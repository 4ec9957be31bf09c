package lint

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Below the edges time is an argument: nothing there reads the wall clock.
func TestNoWallClockBelowTheEdges(t *testing.T) {
	// Durations for statistics, and adapters to what has a clock of its own.
	edges := []string{"cmd", "api", "bench", "examples", "internal", "stream", "node", "rules/watch"}
	for _, p := range packages(t) {
		path := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		if isBelow(path, edges) {
			continue
		}
		for _, name := range p.GoFiles {
			body, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{"time.Now(", "time.Since(", "time.Sleep("} {
				if bytes.Contains(body, []byte(word)) {
					t.Errorf("%s/%s calls %s)", path, name, word)
				}
			}
		}
	}
}

func isBelow(path string, dirs []string) bool {
	for _, dir := range dirs {
		if path == dir || strings.HasPrefix(path, dir+"/") {
			return true
		}
	}
	return false
}
