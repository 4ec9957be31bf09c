package journal

import (
	"crypto/rand"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidegate/tidegate"
)

const (
	defaultSegmentBytes = 64 << 20
	defaultMaxPending   = 16 << 20
	defaultMinFreeBytes = 256 << 20

	// maxSegmentBytes lets an index keep offsets in 32 bits.
	maxSegmentBytes = 1 << 30
)

// Options of [Open]; the zero value is ready for use.
type Options struct {
	// FS is the file system; nil is that of the operating system.
	FS vfs.FS
	// SegmentBytes is where a new segment begins; 0 is 64 MiB. A segment
	// holds whole commits, so one commit may exceed it.
	SegmentBytes int64
	// MaxPending is how many bytes may wait for the committer before Append
	// returns ErrFull; 0 is 16 MiB. Twice this is held in memory at most.
	MaxPending int
	// MinFreeBytes of the disk stay free: below, Append returns ErrLowSpace.
	// 0 is 256 MiB. It should exceed what the rest of the node writes between
	// two commits.
	MinFreeBytes uint64
	// VerifyFrom is the sequence number from which Open checks every record.
	// Older segments are checked when they are read. 0 checks the whole
	// journal; a caller with a checkpoint gives its position.
	VerifyFrom uint64
	// UUID of a journal that doesn't exist yet; zero draws a random one.
	UUID UUID
	// NewIncarnation begins a new incarnation: what has been restored from
	// a backup is no longer the sequence that its readers once followed.
	NewIncarnation bool
}

func (o Options) withDefaults() (Options, error) {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.SegmentBytes == 0 {
		o.SegmentBytes = defaultSegmentBytes
	}
	if o.MaxPending == 0 {
		o.MaxPending = defaultMaxPending
	}
	if o.MinFreeBytes == 0 {
		o.MinFreeBytes = defaultMinFreeBytes
	}
	if o.UUID == (UUID{}) {
		// crypto/rand never fails. RFC 9562 version 4, variant 10.
		_, _ = rand.Read(o.UUID[:])
		o.UUID[6] = o.UUID[6]&0x0f | 0x40
		o.UUID[8] = o.UUID[8]&0x3f | 0x80
	}
	if o.SegmentBytes < headerSize || o.SegmentBytes > maxSegmentBytes {
		return o, tidegate.Errorf(tidegate.CodeConfig, "journal: segment size %d is not between %d and %d", o.SegmentBytes, headerSize, maxSegmentBytes)
	}
	if o.MaxPending < 0 || int64(o.MaxPending) > maxSegmentBytes {
		return o, tidegate.Errorf(tidegate.CodeConfig, "journal: pending limit %d is not between 0 and %d", o.MaxPending, maxSegmentBytes)
	}
	return o, nil
}
