//go:build unix

package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/tidegate/tidegate"
)

// DirectoryLock is a process's claim to a data directory.
type DirectoryLock struct {
	fd int // not an os.File, which closes itself when nothing refers to it
}

// LockDirectory claims a data directory for this process, which it makes if
// need be, for its owner's eyes only. now is written into the directory's LOCK file beside the process's
// number and host. While another process has the claim, the error is of
// [tidegate.CodeConflict] and says who and since when. The claim ends with
// Close or with the process, however that ends.
func LockDirectory(dir string, now time.Time) (*DirectoryLock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, lockError(dir, err)
	}
	fd, err := syscall.Open(filepath.Join(dir, "LOCK"), syscall.O_RDWR|syscall.O_CREAT|syscall.O_CLOEXEC, 0o644)
	if err != nil {
		return nil, lockError(dir, err)
	}
	if err := claim(fd, dir, now); err != nil {
		syscall.Close(fd)
		return nil, err
	}
	return &DirectoryLock{fd: fd}, nil
}

func claim(fd int, dir string, now time.Time) error {
	if err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return lockError(dir, err)
		}
		holder := make([]byte, 1<<10)
		n, _ := syscall.Pread(fd, holder, 0)
		return tidegate.Errorf(tidegate.CodeConflict, "the data directory %s is in use by %s", dir, describe(holder[:max(n, 0)]))
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	holder := fmt.Sprintf("process %d on %s since %s\n", os.Getpid(), host, now.UTC().Format(time.RFC3339))
	err = syscall.Ftruncate(fd, 0)
	if err == nil {
		_, err = syscall.Pwrite(fd, []byte(holder), 0)
	}
	if err != nil {
		return lockError(dir, err)
	}
	return nil
}

// Close gives the claim up.
func (l *DirectoryLock) Close() error {
	if err := syscall.Close(l.fd); err != nil {
		return tidegate.Errorf(tidegate.CodeUnavailable, "unlock the data directory: %v", err)
	}
	return nil
}

// describe is the holder as it described itself; it may be about to.
func describe(holder []byte) string {
	if text := strings.TrimSpace(string(holder)); text != "" {
		return text
	}
	return "another process"
}

func lockError(dir string, cause error) *tidegate.Error {
	return &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "can't lock the data directory " + dir, Cause: cause}
}
