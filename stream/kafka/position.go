package kafka

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tidegate/tidegate"
)

// FilePosition keeps in a file how far a journal is published. Kafka's own
// position decides; this one bears witness that there was one.
type FilePosition struct {
	Path    string
	Journal string // UUID: the position of another journal is refused
	// Incarnation of the journal that was published. 0 means that nothing was:
	// whoever wrote the file says that up to here nothing shall be.
	Incarnation uint64
}

// local is what the file holds.
type local struct {
	record      uint64 // the last one published
	incarnation uint64
}

func (f FilePosition) load() (l local, err error) {
	body, err := os.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return local{}, nil
	}
	if err != nil {
		return local{}, err
	}
	var journal string
	n, err := fmt.Sscanf(string(body), "%s %d %d\n", &journal, &l.incarnation, &l.record)
	if err != nil || n != 3 || journal != f.Journal {
		return local{}, &tidegate.Error{Code: tidegate.CodeCorrupt, File: f.Path, Message: "is not the publisher's position in this journal"}
	}
	return l, nil
}

// Record is the last record published; 0 when there is none.
func (f FilePosition) Record() (uint64, error) {
	l, err := f.load()
	return l.record, err
}

// Save replaces the file by a rename, after the new one is on disk.
func (f FilePosition) Save(record uint64) (err error) {
	next, err := os.CreateTemp(filepath.Dir(f.Path), ".position-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(next.Name()))
		}
	}()
	_, err = fmt.Fprintf(next, "%s %d %d\n", f.Journal, f.Incarnation, record)
	if err = errors.Join(err, next.Sync(), next.Close()); err != nil {
		return err
	}
	return os.Rename(next.Name(), f.Path)
}
