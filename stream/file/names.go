package file

import (
	"fmt"
	"strconv"
	"strings"
)

// A sink's file changes its name while it is written, when it is prepared, and
// for good. A number in front keeps the files in order; the second is that of
// the checkpoint that covers the file.

func openName(n int) string { return fmt.Sprintf(".part-%06d.open", n) }

func preparedName(n int, checkpoint uint64) string {
	return fmt.Sprintf(".part-%06d-%d.prepared", n, checkpoint)
}

func finalName(n int, checkpoint uint64, extension string) string {
	return fmt.Sprintf("part-%06d-%d%s", n, checkpoint, extension)
}

// beginName marks with which file a pipeline began: those before it are
// another's.
func beginName(n int) string { return fmt.Sprintf(".part-%06d.begin", n) }

type fileState uint8

const (
	notOurs fileState = iota
	isOpen
	isPrepared
	isFinal
	isBegin
)

// part is what a file's name says.
type part struct {
	state      fileState
	n          int
	checkpoint uint64 // 0 where there is none
}

func parse(name string) part {
	rest, hidden := strings.CutPrefix(name, ".")
	rest, ours := strings.CutPrefix(rest, "part-")
	numbers, suffix, found := strings.Cut(rest, ".")
	if !ours || !found {
		return part{}
	}
	number, checkpoint, covered := strings.Cut(numbers, "-")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 {
		return part{}
	}
	p := part{n: n}
	if covered {
		if p.checkpoint, err = strconv.ParseUint(checkpoint, 10, 64); err != nil {
			return part{}
		}
	}
	switch {
	case !hidden:
		p.state = isFinal
	case suffix == "open" && !covered:
		p.state = isOpen
	case suffix == "prepared" && covered:
		p.state = isPrepared
	case suffix == "begin" && !covered:
		p.state = isBegin
	default:
		return part{}
	}
	return p
}
