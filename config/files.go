package config

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/yamlfile"
)

// What decides, by its place in a configuration directory.
var (
	decidingFiles = []string{"features.yaml", "attributes.yaml", "policy.yaml", "rates.yaml", "suppressions.yaml", "points.csv"}
	decidingDirs  = []string{"features", "rules", "lists", "models", "patterns"}
)

// maxFileBytes bounds one file; a model is the largest thing there is.
const maxFileBytes = 256 << 20

// Deciding reads every file that decides, by its slash-separated path.
// Hidden files and editors' leavings are passed over. A YAML file that says
// nothing is an error: it is more likely half saved than meant.
func Deciding(files fs.FS) (map[string][]byte, error) {
	contents := map[string][]byte{}
	add := func(name string) error {
		info, err := fs.Stat(files, name)
		if err != nil {
			return err
		}
		if info.Size() > maxFileBytes {
			return tidegate.FileErrorf(name, 0, 0, "is larger than 256 MiB")
		}
		contents[name], err = fs.ReadFile(files, name)
		return err
	}
	for _, name := range decidingFiles {
		if err := add(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, unreadable(name, err)
		}
	}
	for _, dir := range decidingDirs {
		err := fs.WalkDir(files, dir, func(name string, d fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case ignored(path.Base(name)) && d.IsDir():
				return fs.SkipDir
			case d.IsDir() || ignored(path.Base(name)):
				return nil
			}
			return add(name)
		})
		if err != nil {
			return nil, unreadable(dir, err)
		}
	}
	if err := saysNothing(contents); err != nil {
		return nil, err
	}
	return contents, nil
}

// Gone tells of a directory that is not there any more with all that decided
// from it: it is more likely between its removal and its new copy than meant. To
// drop what a directory holds, its files are deleted.
func Gone(files fs.FS, decided map[string][]byte) error {
	var errs []error
	for _, dir := range decidingDirs {
		if _, err := fs.Stat(files, dir); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		for name := range decided {
			if strings.HasPrefix(name, dir+"/") {
				errs = append(errs, tidegate.FileErrorf(dir, 0, 0, "is not there any more: put it back; to drop what it held, leave it empty, or start anew"))
				break
			}
		}
	}
	return errors.Join(errs...)
}

// saysNothing tells of the YAML files that are empty but for comments: many
// programs truncate a file before they write it, and a reload in between would
// drop what it holds without a word. Lists may be empty.
func saysNothing(contents map[string][]byte) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(contents)) {
		top, _, _ := strings.Cut(name, "/")
		if ext := path.Ext(name); top == "lists" || ext != ".yaml" && ext != ".yml" || !yamlfile.Empty(contents[name]) {
			continue
		}
		holds := "its " + strings.TrimSuffix(top, path.Ext(top))
		switch top {
		case "policy.yaml":
			holds = "its settings"
		case "models":
			holds = "its model"
		}
		errs = append(errs, tidegate.FileErrorf(name, 1, 1, "is empty: was it saved whole? Write it again, or delete the file to drop %s", holds))
	}
	return errors.Join(errs...)
}

func ignored(base string) bool {
	return strings.HasPrefix(base, ".") || strings.HasSuffix(base, "~") || strings.HasSuffix(base, ".swp") ||
		strings.HasSuffix(base, ".tmp") || base == "README.md"
}

func unreadable(name string, err error) error {
	var own *tidegate.Error
	if errors.As(err, &own) {
		return err
	}
	return &tidegate.Error{Code: tidegate.CodeConfig, File: name, Message: "cannot be read", Cause: rootCause(err)}
}

// DecidingNames are the names that [Deciding] looks at, for who watches them.
func DecidingNames() []string { return slices.Concat(decidingFiles, decidingDirs) }
