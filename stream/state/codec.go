package state

import "github.com/tidegate/tidegate"

// Codec turns the values of a table to bytes and back.
type Codec[V any] interface {
	// Append appends the encoding of v to dst.
	Append(dst []byte, v *V) []byte
	// Decode fills v, a zero value, from b, which it must not keep.
	Decode(b []byte, v *V) error
}

// Migrator is a [Codec] whose encoding has changed over time. A row carries
// the version it was written with; rows of the current version go to Decode,
// older ones to DecodeVersion, and are written anew when their value changes
// next. A codec that is no Migrator has version 0.
type Migrator[V any] interface {
	// Version is the version that Append writes.
	Version() uint8
	// DecodeVersion fills v from b, written at another version. An error
	// refuses the row: a version from the future, or one too old.
	DecodeVersion(version uint8, b []byte, v *V) error
}

// Sizer is a [Codec] that knows how much memory a value holds outside of
// itself. The cache counts the length of the encoding for a codec that is no
// Sizer.
type Sizer[V any] interface {
	Size(v *V) int
}

// Releaser is a [Codec] whose values hold memory that is to be given back: it is
// told when a value leaves memory or is overwritten, and nobody reads it after.
type Releaser[V any] interface {
	Release(v *V)
}

// codecs are the sides of a table's codec, found once.
type codecs[V any] struct {
	Codec[V]
	migrate  Migrator[V]
	sizer    Sizer[V]
	releaser Releaser[V]
	version  uint8
}

func codecsOf[V any](c Codec[V]) codecs[V] {
	cs := codecs[V]{Codec: c}
	if m, ok := c.(Migrator[V]); ok {
		cs.migrate, cs.version = m, m.Version()
	}
	cs.sizer, _ = c.(Sizer[V])
	cs.releaser, _ = c.(Releaser[V])
	return cs
}

// clear makes v a zero value.
func (c *codecs[V]) clear(v *V) {
	if c.releaser != nil {
		c.releaser.Release(v)
	}
	*v = *new(V)
}

func (c *codecs[V]) decode(version uint8, b []byte, v *V) error {
	switch {
	case version == c.version:
		return c.Decode(b, v)
	case c.migrate != nil:
		return c.migrate.DecodeVersion(version, b, v)
	default:
		return tidegate.Errorf(tidegate.CodeInvalid, "state of version %d, and the codec knows none but %d", version, c.version)
	}
}

// size is the memory that v holds, given the length of its encoding.
func (c *codecs[V]) size(v *V, encoded int) int {
	if c.sizer != nil {
		return c.sizer.Size(v)
	}
	return encoded
}
