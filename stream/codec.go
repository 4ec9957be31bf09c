package stream

import (
	"reflect"

	"github.com/tidegate/tidegate/stream/state"
)

// Register gives a pipeline the codec for a type that its operators store: in
// state, in buffers, as keys. Types without one are encoded by reflection.
func Register[V any](p *Pipeline, c state.Codec[V]) {
	p.codecs[reflect.TypeFor[V]()] = registered{c, &transcoder{
		append: func(dst []byte, v reflect.Value) []byte {
			return appendSized(dst, c, addressable(v).Addr().Interface().(*V))
		},
		decode: func(d *decoder, v reflect.Value) error {
			return c.Decode(d.bytes(), v.Addr().Interface().(*V))
		},
	}}
}

// registered is a codec, by itself and as a part of what is reflected.
type registered struct {
	codec any
	x     *transcoder
}

// codecFor finds the codec for a type.
func codecFor[V any](p *Pipeline) (state.Codec[V], error) {
	t := reflect.TypeFor[V]()
	if c, ok := p.codecs[t]; ok {
		return c.codec.(state.Codec[V]), nil
	}
	var zero V
	switch any(zero).(type) {
	case int64:
		return any(int64Codec{}).(state.Codec[V]), nil
	case string:
		return any(stringCodec{}).(state.Codec[V]), nil
	}
	x, err := p.reflected(t)
	if err != nil {
		return nil, err
	}
	return reflectCodec[V]{x}, nil
}

type int64Codec struct{}

func (int64Codec) Append(dst []byte, v *int64) []byte { return appendInt(dst, *v) }

func (int64Codec) Decode(b []byte, v *int64) error {
	d := decoder{b: b}
	*v = d.int()
	return d.end()
}

type stringCodec struct{}

func (stringCodec) Append(dst []byte, v *string) []byte { return append(dst, *v...) }

func (stringCodec) Decode(b []byte, v *string) error {
	*v = string(b)
	return nil
}
