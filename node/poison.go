package node

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidegate/tidegate"
)

// Poison is an input that made the process panic while it was decided. State
// may have been half changed by then, so the process had to go; the one after
// it finds this note beside the journal and makes a dead letter of the input,
// rather than to panic again and again.
type Poison struct {
	Origin Origin `json:"origin"`
	Cause  string `json:"cause"`
	Stack  string `json:"stack"`
}

func (p *Poison) Error() string { return "it can't be processed: panic: " + p.Cause }

const poisonFile = "poison"

// poisoned leaves the note. Without it the process stops, too.
func (n *Node) poisoned(o Origin, cause, stack string) error {
	body, err := json.Marshal(Poison{o, cause, stack})
	if err == nil {
		err = n.leaveNote(body)
	}
	return n.fail(errors.Join(tidegate.Errorf(tidegate.CodeInternal, "panic while an input was processed: %s", cause), err))
}

func (n *Node) leaveNote(body []byte) error {
	files, path := n.options.FS, filepath.Join(n.options.Dir, poisonFile)
	f, err := files.Create(path+"-", vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := files.Rename(path+"-", path); err != nil {
		return err
	}
	dir, err := files.OpenDir(n.options.Dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// readPoison finds the note of the process before.
func (n *Node) readPoison() error {
	f, err := n.options.FS.Open(filepath.Join(n.options.Dir, poisonFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	body, err := io.ReadAll(f)
	p := &Poison{}
	if err = errors.Join(err, f.Close()); err == nil && json.Unmarshal(body, p) == nil {
		n.poison = p
	}
	return err
}

// digested removes the note: the input has become a dead letter.
func (n *Node) digested() error {
	n.poison = nil
	err := n.options.FS.Remove(filepath.Join(n.options.Dir, poisonFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
