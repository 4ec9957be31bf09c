package config

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tidegate/tidegate"
)

func file(content string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(content)} }

// Everything that decides is read, at any depth; what is not, is not.
func TestDeciding(t *testing.T) {
	contents, err := Deciding(fstest.MapFS{
		"tidegate.yaml": file("how it runs"), "features.yaml": file("f"), "features/more.yaml": file("m"), "policy.yaml": file("p"),
		"rules/a.yaml": file("a"), "rules/team/b.yaml": file("b"), "lists/l.csv": file("l"), "models/m.onnx": file("o"),
		"patterns/p.yaml": file("x"), "mappings/history.yaml": file("h"), "notes.txt": file("n"),
		// Leavings of editors, hidden files, descriptions.
		"rules/.a.yaml.swp": file(""), "rules/a.yaml~": file(""), "rules/#a.tmp": file(""), "rules/.git/config": file(""), "models/README.md": file(""),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"features.yaml", "features/more.yaml", "lists/l.csv", "models/m.onnx", "patterns/p.yaml", "policy.yaml", "rules/a.yaml", "rules/team/b.yaml"}
	if got := slices.Sorted(maps.Keys(contents)); !slices.Equal(got, want) {
		t.Errorf("%s\nwant %s", got, want)
	}
	if string(contents["rules/team/b.yaml"]) != "b" {
		t.Errorf("%q", contents["rules/team/b.yaml"])
	}
	if contents, err := Deciding(fstest.MapFS{}); err != nil || len(contents) != 0 {
		t.Errorf("of an empty directory: %v, %v", contents, err)
	}
}

// A file that can't be read is named.
func TestUnreadable(t *testing.T) {
	for _, name := range []string{"policy.yaml", "rules/a.yaml"} {
		_, err := Deciding(refusing{fstest.MapFS{name: file("x")}, name})
		if tidegate.CodeOf(err) != tidegate.CodeConfig || !strings.Contains(err.Error(), "cannot be read: permission denied") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// refusing does not open one file.
type refusing struct {
	fstest.MapFS
	name string
}

func (r refusing) Open(name string) (fs.File, error) {
	if name == r.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return r.MapFS.Open(name)
}

func (r refusing) ReadFile(name string) ([]byte, error) {
	if name == r.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return r.MapFS.ReadFile(name)
}
