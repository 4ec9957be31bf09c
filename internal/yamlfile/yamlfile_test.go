package yamlfile

import (
	"testing"
	"time"

	"github.com/tidegate/tidegate"
)

func TestDecodeNamesThePlace(t *testing.T) {
	type doc struct {
		Wait  Duration `yaml:"wait"`
		Share Share    `yaml:"share"`
		Size  Bytes    `yaml:"size"`
		Count int      `yaml:"count"`
	}
	for _, c := range []struct{ name, in, want string }{
		{"unknown member", "wait: 1s\nwaits: 2s\n", "f.yaml:2:1: unknown field \"waits\": did you mean \"wait\"?"},
		{"a member like no other", "wait: 1s\nextraordinary: 2s\n", "f.yaml:2:1: unknown field \"extraordinary\""},
		{"duration", "count: 1\nwait: soon\n", "f.yaml:2:7: \"soon\" is not a duration: write it as 500ms, 90s, 5m, 24h or 30d"},
		{"share", "share: 110%\n", "f.yaml:1:8: \"110%\" is not a share: write none, all or a percentage as 10%"},
		{"size", "size: big\n", "f.yaml:1:7: \"big\" is not a size: write it as 65536, 64KiB, 16MiB or 2GiB"},
		{"twice", "count: 1\ncount: 2\n", "f.yaml:2:1: mapping key \"count\" already defined at [1:1]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d doc
			err := Decode("f.yaml", []byte(c.in), &d)
			if err == nil || err.Error() != c.want {
				t.Fatalf("got %v\nwant %s", err, c.want)
			}
		})
	}
	var d doc
	if err := Decode("f.yaml", []byte("wait: 1.5d\nshare: 25%\nsize: 64 KiB\n"), &d); err != nil {
		t.Fatal(err)
	}
	if d.Wait.Std() != 36*time.Hour || d.Share != 0.25 || d.Size != 65536 {
		t.Fatalf("got %+v", d)
	}
}

// What is not said stays as it was, also where nothing is said.
func TestEmptyDocumentsChangeNothing(t *testing.T) {
	for _, in := range []string{"", "\n", "# all defaults\n", "---\n", "  \n# a\n---\n# b"} {
		d := struct {
			Count int `yaml:"count"`
		}{7}
		if err := Decode("f.yaml", []byte(in), &d); err != nil || d.Count != 7 {
			t.Errorf("%q: %v, %+v", in, err, d)
		}
	}
}

func TestErrorsFoundLaterHaveAPlace(t *testing.T) {
	d := Document{"f.yaml", []byte("# a comment\nlimits: {body: 1, read: 2s}\nfeatures:\n  - a\n  - b\nmodel:\n  name: x\n")}
	for path, want := range map[string]string{
		"$.limits.body":    "f.yaml:2:16: wrong",
		"$.limits.other":   "f.yaml:2:9: wrong",
		"$.features[1]":    "f.yaml:5:5: wrong",
		"$.model":          "f.yaml:7:3: wrong",
		"$.model.file":     "f.yaml:7:3: wrong",
		"$.nothing[2].x":   "f.yaml:2:1: wrong",
		"$.no such.member": "f.yaml:2:1: wrong",
	} {
		if got := d.Errorf(path, "wrong").Error(); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if got := (Document{File: "f.yaml"}).Errorf("$.a", "wrong").Error(); got != "f.yaml:1: wrong" {
		t.Error(got)
	}
}

// The library panics on some tags.
func TestDecodeRefusesWhatTheLibraryStumblesOver(t *testing.T) {
	var d struct {
		Patterns []string `yaml:"patterns"`
	}
	err := Decode("f.yaml", []byte("patterns:\n !!!!!!!!account\n"), &d)
	if tidegate.CodeOf(err) != tidegate.CodeConfig {
		t.Fatalf("got %v", err)
	}
}
