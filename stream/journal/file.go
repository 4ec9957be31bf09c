package journal

import (
	"errors"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// createSegment makes an empty segment that a crash can't take away again.
func createSegment(fs vfs.FS, dir string, h header) (*segment, vfs.File, error) {
	path := fs.PathJoin(dir, segmentName(h.first))
	file, err := fs.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, nil, err
	}
	if _, err = file.WriteAt(h.encode(), 0); err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = syncDir(fs, dir)
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	seg := newSegment(path, h)
	seg.indexed = true
	return seg, file, nil
}

func newSegment(path string, h header) *segment {
	seg := &segment{header: h, path: path}
	seg.size.Store(headerSize)
	seg.last.Store(unfinished)
	return seg
}

// openSegment reads a segment's header; flaw says what is wrong with it.
func openSegment(fs vfs.FS, path string) (seg *segment, flaw string, err error) {
	b := make([]byte, headerSize)
	size, err := readStart(fs, path, b)
	if err != nil {
		return nil, "", err
	}
	h, flaw := decodeHeader(b[:min(size, headerSize)])
	if flaw != "" {
		return nil, flaw, nil
	}
	seg = newSegment(path, h)
	seg.size.Store(size)
	return seg, "", nil
}

// readStart fills b from the beginning of a file, if it is long enough.
func readStart(fs vfs.FS, path string, b []byte) (size int64, err error) {
	file, err := fs.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	if _, err := file.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	return info.Size(), nil
}

// isBlank says whether a file holds nothing behind its header.
func isBlank(fs vfs.FS, path string) (bool, error) {
	size, err := readStart(fs, path, nil)
	if err != nil || size <= headerSize {
		return err == nil, err
	}
	b := make([]byte, size)
	_, err = readStart(fs, path, b)
	return allZero(b[headerSize:]), err
}

// makeDir makes a directory that a crash can't take away again.
func makeDir(fs vfs.FS, dir string) error {
	if _, err := fs.Stat(dir); err == nil {
		return nil
	}
	if err := fs.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return syncDir(fs, fs.PathDir(dir))
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		return errors.Join(err, d.Close())
	}
	return d.Close()
}
