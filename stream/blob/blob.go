package blob

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidegate/tidegate"
)

// unfinished ends the name of a file that is being written.
const unfinished = ".tmp"

// Store is a directory of contents. Any number of goroutines may use it, of
// one process.
type Store struct {
	fs  vfs.FS
	dir string // of the objects

	mu sync.Mutex // one change at a time
}

// Open opens the store in dir, or makes it, and removes what a crash has left
// unfinished.
func Open(dir string, fs vfs.FS) (*Store, error) {
	s := &Store{fs: fs, dir: fs.PathJoin(dir, "objects")}
	if err := s.fs.MkdirAll(s.dir, 0o755); err != nil {
		return nil, err
	}
	for _, d := range []string{fs.PathDir(dir), dir} {
		if err := syncDir(fs, d); err != nil {
			return nil, err
		}
	}
	names, err := fs.List(s.dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if strings.HasSuffix(name, unfinished) {
			if err := fs.Remove(fs.PathJoin(s.dir, name)); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// OpenReadOnly opens the store in dir for reading and changes nothing there:
// another process may be using it.
func OpenReadOnly(dir string, fs vfs.FS) *Store {
	return &Store{fs: fs, dir: fs.PathJoin(dir, "objects")}
}

// Hash is the name of a content: its SHA-256 in lower-case hexadecimal.
func Hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// Put keeps a content and returns its hash. It is durable then. A damaged
// copy of the same content is replaced.
func (s *Store) Put(content []byte) (hash string, err error) {
	hash = Hash(content)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.Get(hash); err != nil {
		if err := s.write(hash, content); err != nil {
			return "", err
		}
	}
	// Also when it was there: perhaps a crash came between its rename and this.
	return hash, syncDir(s.fs, s.dir)
}

// write makes a file that is whole or not there at all.
func (s *Store) write(hash string, content []byte) error {
	temporary := s.path(hash) + unfinished
	file, err := s.fs.Create(temporary, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	// A clone, because a vfs.File may change what it is given to write.
	_, err = file.Write(bytes.Clone(content))
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = s.fs.Rename(temporary, s.path(hash))
	}
	if err != nil {
		_ = s.fs.Remove(temporary)
	}
	return err
}

// Get returns the content of this hash: CodeNotFound if there is none,
// CodeCorrupt if it is not what it was.
func (s *Store) Get(hash string) ([]byte, error) {
	if !valid(hash) {
		return nil, tidegate.Errorf(tidegate.CodeInvalid, "%q is not a SHA-256", hash)
	}
	file, err := s.fs.Open(s.path(hash), vfs.SequentialReadsOption)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &tidegate.Error{Code: tidegate.CodeNotFound, Message: "no content is kept under " + hash, Cause: err}
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	if Hash(content) != hash {
		return nil, &tidegate.Error{Code: tidegate.CodeCorrupt, Message: "the content doesn't have its hash any more", File: s.path(hash)}
	}
	return content, nil
}

// List returns the hashes of all contents, sorted.
func (s *Store) List() ([]string, error) {
	names, err := s.fs.List(s.dir)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !valid(name) })
	slices.Sort(names)
	return names, nil
}

// Delete removes a content; one that isn't there is no error.
func (s *Store) Delete(hash string) error {
	if !valid(hash) {
		return tidegate.Errorf(tidegate.CodeInvalid, "%q is not a SHA-256", hash)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fs.Remove(s.path(hash)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return syncDir(s.fs, s.dir)
}

func (s *Store) path(hash string) string { return s.fs.PathJoin(s.dir, hash) }

func valid(hash string) bool {
	return len(hash) == 2*sha256.Size && strings.Trim(hash, "0123456789abcdef") == ""
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
