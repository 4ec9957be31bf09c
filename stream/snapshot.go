package stream

import (
	"context"

	"github.com/tidegate/tidegate"
)

// snapshotVersion is that of what a checkpoint holds besides keyed state.
const snapshotVersion = 1

// snapshot is the part of a checkpoint that is not keyed state: its number,
// the sources' positions, and how far event time has come.
func (r *run) snapshot(number uint64) []byte {
	b := []byte{snapshotVersion}
	b = appendUint(b, number)
	b = appendUint(b, uint64(len(r.p.sources)))
	for _, s := range r.p.sources {
		b = appendString(b, s.operator().name)
		b = appendUint(b, uint64(len(s.partitions())))
		for i, f := range s.partitions() {
			split := s.clock().splits[i]
			b = appendString(b, f.name)
			b = appendBool(b, f.started)
			b = appendInt(b, f.position)
			b = appendInt(b, int64(split.max))
			b = appendInt(b, int64(split.watermark))
		}
	}
	b = appendUint(b, uint64(len(r.keeper.lines)))
	for _, l := range r.keeper.lines {
		b = appendString(b, l.node.name)
		b = appendInt(b, l.now.Load())
		b = appendInt(b, int64(l.out.watermark))
	}
	for _, n := range r.nodes {
		if n.save != nil {
			b = appendString(b, n.name)
			b = appendSizedBy(b, n.save)
		}
	}
	return b
}

// restored is a snapshot, read.
type restored struct {
	number uint64
	feeds  map[[2]string]restoredFeed // by source and partition
	lines  map[string][2]Millis
	saved  map[string][]byte // by operator
}

type restoredFeed struct {
	started        bool
	position       int64
	max, watermark Millis
}

func parseSnapshot(b []byte) (*restored, error) {
	if b[0] != snapshotVersion {
		return nil, tidegate.Errorf(tidegate.CodeInvalid, "a checkpoint of format %d; this program reads %d", b[0], snapshotVersion)
	}
	d := decoder{b: b[1:]}
	s := &restored{number: d.uint(), feeds: map[[2]string]restoredFeed{}, lines: map[string][2]Millis{}, saved: map[string][]byte{}}
	for range d.count() {
		source := d.string()
		for range d.count() {
			s.feeds[[2]string{source, d.string()}] = restoredFeed{d.bool(), d.int(), Millis(d.int()), Millis(d.int())}
		}
	}
	for range d.count() {
		s.lines[d.string()] = [2]Millis{Millis(d.int()), Millis(d.int())}
	}
	for len(d.b) > 0 {
		s.saved[d.string()] = d.bytes()
	}
	return s, d.end()
}

// restore puts the run where the store's checkpoint left off, and tells the
// sinks which one that is.
func (r *run) restore(ctx context.Context) error {
	if meta := r.store.Meta(); len(meta) > 0 {
		s, err := parseSnapshot(meta)
		if err != nil {
			return err
		}
		if err := r.resumeFrom(ctx, s); err != nil {
			return err
		}
	}
	r.reportStart()
	for _, s := range r.p.sinks {
		if err := s.recover(ctx, r.checkpoint.number); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) resumeFrom(ctx context.Context, s *restored) error {
	r.checkpoint.number = s.number
	for _, src := range r.p.sources {
		splits := src.clock()
		for i, f := range src.partitions() {
			old, known := s.feeds[[2]string{src.operator().name, f.name}]
			if !known {
				continue
			}
			splits.splits[i].max = max(splits.splits[i].max, old.max)
			splits.splits[i].watermark = old.watermark
			if !old.started {
				continue
			}
			f.position, f.started = old.position, true
			if err := src.seek(ctx, i, old.position); err != nil {
				return err
			}
		}
		splits.update()
		src.operator().line.out.watermark = splits.out
		src.operator().line.now.Store(int64(splits.out))
	}
	for _, l := range r.keeper.lines {
		if old, known := s.lines[l.node.name]; known {
			l.now.Store(int64(old[0]))
			l.out.watermark = old[1]
		}
	}
	for _, n := range r.nodes {
		if b, known := s.saved[n.name]; known && n.load != nil {
			if err := n.load(b); err != nil {
				return err
			}
		}
	}
	r.keeper.pending = true // what the last pass had not come to
	return nil
}
