//go:build unix

package state

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/tidegate/tidegate"
)

// DirectoryLock is a process's claim to a data directory.
type DirectoryLock struct{ file *os.File }

// LockDirectory claims a data directory for this process, which it makes if
// need be. now is written into the directory's LOCK file beside the process's
// number and host. While another process has the claim, the error is of
// [tidegate.CodeConflict] and says who and since when. The claim ends with
// Close or with the process, however that ends.
func LockDirectory(dir string, now time.Time) (*DirectoryLock, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, lockError(dir, err)
	}
	file, err := os.OpenFile(filepath.Join(dir, "LOCK"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, lockError(dir, err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer file.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, lockError(dir, err)
		}
		holder, _ := io.ReadAll(io.LimitReader(file, 1<<10))
		return nil, tidegate.Errorf(tidegate.CodeConflict, "the data directory %s is in use by %s", dir, describe(holder))
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	holder := fmt.Sprintf("process %d on %s since %s\n", os.Getpid(), host, now.UTC().Format(time.RFC3339))
	err = file.Truncate(0)
	if err == nil {
		_, err = file.WriteAt([]byte(holder), 0)
	}
	if err != nil {
		file.Close()
		return nil, lockError(dir, err)
	}
	return &DirectoryLock{file: file}, nil
}

// Close gives the claim up.
func (l *DirectoryLock) Close() error {
	if err := l.file.Close(); err != nil {
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
