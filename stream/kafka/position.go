package kafka

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tidegate/tidegate"
)

// FilePosition keeps a publisher's position in a file, for one journal.
type FilePosition struct {
	Path    string
	Journal string // UUID: the position of another journal is refused
}

func (f FilePosition) Load() (uint64, error) {
	body, err := os.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var journal string
	var sequence uint64
	if n, err := fmt.Sscanf(string(body), "%s %d\n", &journal, &sequence); err != nil || n != 2 || journal != f.Journal {
		return 0, &tidegate.Error{Code: tidegate.CodeCorrupt, File: f.Path, Message: "is not the publisher's position in this journal; remove it to publish everything again"}
	}
	return sequence, nil
}

// Save replaces the file by a rename, after the new one is on disk.
func (f FilePosition) Save(sequence uint64) (err error) {
	next, err := os.CreateTemp(filepath.Dir(f.Path), ".position-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(next.Name()))
		}
	}()
	_, err = fmt.Fprintf(next, "%s %d\n", f.Journal, sequence)
	if err = errors.Join(err, next.Sync(), next.Close()); err != nil {
		return err
	}
	return os.Rename(next.Name(), f.Path)
}
