package journal

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/tidegate/tidegate"
)

// Errors to compare with errors.Is. All but ErrFailed carry a code themselves.
var (
	// ErrFull: the pending buffer has no room until the committer is done.
	ErrFull error = tidegate.Errorf(tidegate.CodeOverloaded, "journal: too much is waiting to become durable")
	// ErrLowSpace: the disk has less than Options.MinFreeBytes left.
	ErrLowSpace error = tidegate.Errorf(tidegate.CodeUnavailable, "journal: the disk is nearly full; make room and appending goes on")
	// ErrClosed: the journal was closed before the record was durable.
	ErrClosed error = tidegate.Errorf(tidegate.CodeUnavailable, "journal: closed")
	// ErrReadOnly: the journal was opened with OpenReadOnly.
	ErrReadOnly error = tidegate.Errorf(tidegate.CodeForbidden, "journal: opened for reading only")
	// ErrDropped: the record was dropped by retention.
	ErrDropped error = tidegate.Errorf(tidegate.CodeNotFound, "journal: the record is no longer kept")
	// ErrNotDurable: no durable record has this sequence number yet.
	ErrNotDurable error = tidegate.Errorf(tidegate.CodeNotFound, "journal: no such record yet")
	// ErrFailed: a write or a sync failed; the journal is finished.
	ErrFailed = errors.New("journal: write failed")
)

// failure is what everybody gets after the first error of a write or a sync.
func failure(cause error) error {
	return &tidegate.Error{
		Code:    tidegate.CodeUnavailable,
		Message: "the journal can't be written, the node has to stop",
		Cause:   fmt.Errorf("%w: %w", ErrFailed, cause),
	}
}

// CorruptError says which record failed its checks. It is the cause of an
// error with [tidegate.CodeCorrupt].
type CorruptError struct {
	File     string // path of the segment
	Offset   int64  // of the frame in the file
	Sequence uint64 // that should stand there; 0 in a segment's header
	Reason   string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("offset %d, sequence %d: %s", e.Offset, e.Sequence, e.Reason)
}

func corrupt(file string, offset int64, seq uint64, reason string) error {
	return &tidegate.Error{
		Code:    tidegate.CodeCorrupt,
		Message: "the journal is damaged",
		File:    filepath.ToSlash(file),
		Cause:   &CorruptError{File: file, Offset: offset, Sequence: seq, Reason: reason},
	}
}
