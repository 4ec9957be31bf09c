package pebble

import (
	"hash/crc32"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// sum reads a file through.
func (b *Backend) sum(path string) (fileSum, error) {
	file, err := b.fs.Open(path, vfs.SequentialReadsOption)
	if err != nil {
		return fileSum{}, ioError("read a checkpoint", err)
	}
	defer file.Close()
	crc := crc32.New(castagnoli)
	size, err := io.CopyBuffer(crc, file, make([]byte, 256<<10))
	if err != nil {
		return fileSum{}, ioError("read a checkpoint", err)
	}
	return fileSum{size: size, crc: crc.Sum32()}, nil
}

func (b *Backend) readFile(path string) ([]byte, error) {
	file, err := b.fs.Open(path)
	if err != nil {
		return nil, ioError("read a checkpoint", err)
	}
	defer file.Close()
	contents, err := io.ReadAll(file)
	if err != nil {
		return nil, ioError("read a checkpoint", err)
	}
	return contents, nil
}

// writeFile makes a file, durably but for its name.
func (b *Backend) writeFile(path string, contents []byte) error {
	file, err := b.fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return ioError("write a checkpoint", err)
	}
	_, err = file.Write(contents)
	if err == nil {
		err = file.Sync()
	}
	if e := file.Close(); err == nil {
		err = e
	}
	if err != nil {
		return ioError("write a checkpoint", err)
	}
	return nil
}

func (b *Backend) syncDir(path string) error {
	dir, err := b.fs.OpenDir(path)
	if err != nil {
		return ioError("sync a directory", err)
	}
	err = dir.Sync()
	if e := dir.Close(); err == nil {
		err = e
	}
	if err != nil {
		return ioError("sync a directory", err)
	}
	return nil
}

// makeDir makes a directory, and those above it that are missing, durably.
func (b *Backend) makeDir(path string) error {
	if _, err := b.fs.Stat(path); err == nil {
		return nil
	}
	parent := b.fs.PathDir(path)
	if parent != path {
		if err := b.makeDir(parent); err != nil {
			return err
		}
	}
	if err := b.fs.MkdirAll(path, 0o755); err != nil {
		return ioError("make the state directory", err)
	}
	return b.syncDir(parent)
}
