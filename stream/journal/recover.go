package journal

import (
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// recovered is what is on disk, before anything is changed.
type recovered struct {
	Recovery
	segments []*segment
	stray    string // a last file whose creation a crash cut short; or ""
	tail     tail
}

// tail is the end of the newest segment.
type tail struct {
	commit int64 // offset of the last commit frame
	end    int64 // offset behind the last good frame
	size   int64 // of the file
}

// recover reads the journal and changes nothing.
func (j *Journal) recover() (recovered, error) {
	var found recovered
	if err := found.list(j.opts.FS, j.dir); err != nil {
		return found, err
	}
	n := len(found.segments)
	found.Segments = n
	found.First = 1
	if n == 0 {
		found.Created = true
		return found, nil
	}
	found.First = found.segments[0].first
	for i, seg := range found.segments[:n-1] {
		next := found.segments[i+1].first
		seg.last.Store(next - 1)
		if next <= j.opts.VerifyFrom {
			continue
		}
		if err := found.verify(j.opts.FS, seg); err != nil {
			return found, err
		}
	}
	return found, found.verify(j.opts.FS, found.segments[n-1])
}

// list finds the segments and checks their headers against each other.
func (r *recovered) list(fs vfs.FS, dir string) error {
	names, err := fs.List(dir)
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		_, ok := parseSegmentName(name)
		return !ok
	})
	slices.Sort(names)
	for i, name := range names {
		path := fs.PathJoin(dir, name)
		seg, flaw, err := openSegment(fs, path)
		if err != nil {
			return err
		}
		if flaw != "" && i == len(names)-1 {
			// No record is written before the header is durable.
			blank, err := isBlank(fs, path)
			if err != nil {
				return err
			}
			if blank {
				r.stray = path
				return nil
			}
		}
		if flaw == "" {
			flaw = seg.follows(r.segments, name)
		}
		if flaw != "" {
			return corrupt(path, 0, 0, flaw)
		}
		r.segments = append(r.segments, seg)
	}
	return nil
}

// verify reads a segment from end to end, checks each frame and builds the
// index on the way.
func (r *recovered) verify(fs vfs.FS, seg *segment) error {
	file, err := fs.Open(seg.path, vfs.SequentialReadsOption)
	if err != nil {
		return err
	}
	defer file.Close()
	end := tail{commit: headerSize, size: seg.size.Load()}
	in := frames{seed: crcSeed(seg.uuid), buf: make([]byte, min(readAhead, end.size))}
	in.seek(file, headerSize)
	want := seg.first
	for want <= seg.last.Load() {
		end.end = in.off
		f, state, err := in.next(end.size)
		if err != nil {
			return err
		}
		if state != frameOK || f.seq != want {
			if seg.last.Load() != unfinished {
				return corrupt(seg.path, end.end, want, "it fails its checks")
			}
			ended, err := r.endsAt(file, seg, want, end)
			if ended || err != nil {
				return err
			}
			in.seek(file, end.end)
			continue
		}
		if f.kind == commitFrame {
			end.commit = end.end
			continue
		}
		seg.note(want, end.end)
		want++
		r.Verified++
	}
	seg.indexed = true
	return nil
}

// endsAt says whether the newest segment ends where a frame failed its checks.
// It doesn't if it was written by another process (see OpenReadOnly) since the
// frame was read.
func (r *recovered) endsAt(file vfs.File, seg *segment, want uint64, end tail) (bool, error) {
	rest := make([]byte, end.size-end.end)
	if _, err := file.ReadAt(rest, end.end); err != nil && len(rest) > 0 {
		return false, err
	}
	seed := crcSeed(seg.uuid)
	if f, state := decodeFrame(rest, seed); state == frameOK && f.seq == want {
		return false, nil
	}
	torn, damage := judgeTail(rest, end.end, want, seed)
	if damage != "" {
		return false, corrupt(seg.path, end.end, want, damage)
	}
	if torn > 0 {
		r.TornBytes, r.TornFile, r.TornOffset = int64(torn), seg.path, end.end
	}
	r.Last = want - 1
	r.tail = end
	seg.indexed = true
	seg.size.Store(end.end)
	return true, nil
}

// follows says why the segment can't come after those; "" if it can.
func (s *segment) follows(before []*segment, name string) string {
	if name != segmentName(s.first) {
		return "the segment's name is not its first sequence number"
	}
	if len(before) == 0 {
		return ""
	}
	previous := before[len(before)-1]
	switch {
	case s.uuid != previous.uuid:
		return "the segment is of another journal than the one before it"
	case s.incarnation < previous.incarnation:
		return "the segment is of an earlier incarnation than the one before it"
	}
	return ""
}
