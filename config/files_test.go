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

// A YAML file that was truncated does not pass for one without rules; all of
// them are named. Lists may be empty, and so may what says so.
func TestEmptyFiles(t *testing.T) {
	empty := map[string]string{
		"rules/a.yaml": "its rules", "rules/team/b.yml": "its rules", "features.yaml": "its features", "features/more.yaml": "its features",
		"patterns/p.yaml": "its patterns", "models/m.yaml": "its model", "policy.yaml": "its settings", "rates.yaml": "its rates",
		"attributes.yaml": "its attributes", "suppressions.yaml": "its suppressions",
	}
	for _, content := range []string{"", " \n\t\n", "# a rule\n", "---\n", "\ufeff", "\ufeff# a rule\r\n---\r\n"} {
		files := fstest.MapFS{"lists/block.txt": file(content), "lists/watch.csv": file(content), "lists/l.yaml": file(content)}
		if _, err := Deciding(files); err != nil {
			t.Errorf("%q: lists: %v", content, err)
		}
		var want []string
		for _, name := range slices.Sorted(maps.Keys(empty)) {
			files[name] = file(content)
			want = append(want, name+":1:1: is empty: was it saved whole? Write it again, or delete the file to drop "+empty[name])
		}
		_, err := Deciding(files)
		if err == nil || err.Error() != strings.Join(want, "\n") || tidegate.CodeOf(err) != tidegate.CodeConfig {
			t.Errorf("%q: %v\nwant %s", content, err, strings.Join(want, "\n"))
		}
	}
	if _, err := Deciding(fstest.MapFS{"rules/a.yaml": file("rules: []\n"), "policy.yaml": file("{}\n")}); err != nil {
		t.Error(err)
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
