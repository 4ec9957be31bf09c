package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/examples"
)

type initCommand struct {
	Dir string `arg:"" help:"Directory to make." type:"path"`
}

// Run writes the built-in example, to make one's own configuration from.
func (c *initCommand) Run() error {
	if entries, err := os.ReadDir(c.Dir); err == nil && len(entries) > 0 {
		return tidegate.Errorf(tidegate.CodeInvalid, "%s is there and not empty: name another", c.Dir) // nothing to try again
	}
	files := examples.Issuer()
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(c.Dir, filepath.FromSlash(name))
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		return os.WriteFile(to, body, 0o644)
	})
	if err != nil {
		return err
	}
	config := filepath.Join(c.Dir, "tidegate.yaml")
	fmt.Printf("wrote the example to %s; now: tidegate serve --config %s\n", c.Dir, config)
	return nil
}
