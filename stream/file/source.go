package file

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream"
)

// Lines is a source of files of lines.
type Lines[T any] struct {
	patterns []string
	decode   func(line []byte, v *T) error
}

// NewLines is a source of the files that match the patterns, each line decoded
// by a function. line is reused; v is zero. Empty lines are skipped.
func NewLines[T any](decode func(line []byte, v *T) error, patterns ...string) *Lines[T] {
	return &Lines[T]{patterns, decode}
}

// JSON is a source of files of JSON values, one a line.
func JSON[T any](patterns ...string) *Lines[T] {
	return NewLines(func(line []byte, v *T) error { return json.Unmarshal(line, v) }, patterns...)
}

// Partitions are the files, in the order of their names.
func (s *Lines[T]) Partitions(context.Context) ([]stream.Partition[T], error) {
	names, err := match(s.patterns)
	if err != nil {
		return nil, err
	}
	var all []stream.Partition[T]
	for _, name := range names {
		all = append(all, stream.Partition[T]{Name: name, Reader: &lineReader[T]{name: name, decode: s.decode}})
	}
	return all, nil
}

// Recorded is true: files are of the past.
func (s *Lines[T]) Recorded() bool { return true }

// match finds the files of some patterns, each once. A pattern without any is
// an error.
func match(patterns []string) ([]string, error) {
	var names []string
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, tidegate.Errorf(tidegate.CodeConfig, "file pattern %s: %v", pattern, err)
		}
		if len(found) == 0 {
			return nil, tidegate.Errorf(tidegate.CodeNotFound, "no file matches %s", pattern)
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
