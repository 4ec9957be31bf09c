package stream

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"sync"
)

// reflectCodec encodes by reflection. A struct is its exported fields by name,
// so that fields can be added and removed: what is missing is zero.
type reflectCodec[V any] struct{ x *transcoder }

func (c reflectCodec[V]) Append(dst []byte, v *V) []byte {
	return c.x.append(dst, reflect.ValueOf(v).Elem())
}

func (c reflectCodec[V]) Decode(b []byte, v *V) error {
	d := decoder{b: b}
	if err := c.x.decode(&d, reflect.ValueOf(v).Elem()); err != nil {
		return err
	}
	return d.end()
}

// transcoder is the plan for a type.
type transcoder struct {
	append func(dst []byte, v reflect.Value) []byte
	decode func(d *decoder, v reflect.Value) error
}

type planner struct {
	p     *Pipeline
	plans map[reflect.Type]*transcoder
}

func (p *Pipeline) reflected(t reflect.Type) (*transcoder, error) {
	return (&planner{p, map[reflect.Type]*transcoder{}}).plan(t)
}

var (
	marshaler   = reflect.TypeFor[encoding.BinaryMarshaler]()
	unmarshaler = reflect.TypeFor[encoding.BinaryUnmarshaler]()
)

func (p *planner) plan(t reflect.Type) (*transcoder, error) {
	if x, ok := p.plans[t]; ok {
		return x, nil // also of a type that contains itself
	}
	if c, ok := p.p.codecs[t]; ok {
		return c.x, nil
	}
	x := &transcoder{}
	p.plans[t] = x
	if reflect.PointerTo(t).Implements(marshaler) && reflect.PointerTo(t).Implements(unmarshaler) {
		x.append, x.decode = appendMarshaled, decodeMarshaled
		return x, nil
	}
	switch t.Kind() {
	case reflect.Bool:
		x.append = func(dst []byte, v reflect.Value) []byte { return appendBool(dst, v.Bool()) }
		x.decode = func(d *decoder, v reflect.Value) error { v.SetBool(d.bool()); return nil }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		x.append = func(dst []byte, v reflect.Value) []byte { return appendInt(dst, v.Int()) }
		x.decode = func(d *decoder, v reflect.Value) error { v.SetInt(d.int()); return nil }
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		x.append = func(dst []byte, v reflect.Value) []byte { return appendUint(dst, v.Uint()) }
		x.decode = func(d *decoder, v reflect.Value) error { v.SetUint(d.uint()); return nil }
	case reflect.Float32, reflect.Float64:
		x.append = func(dst []byte, v reflect.Value) []byte { return appendFloat(dst, v.Float()) }
		x.decode = func(d *decoder, v reflect.Value) error { v.SetFloat(d.float()); return nil }
	case reflect.String:
		x.append = func(dst []byte, v reflect.Value) []byte { return appendString(dst, v.String()) }
		x.decode = func(d *decoder, v reflect.Value) error { v.SetString(d.string()); return nil }
	case reflect.Struct:
		return x, p.planStruct(x, t)
	case reflect.Slice, reflect.Array:
		return x, p.planList(x, t)
	case reflect.Map:
		return x, p.planMap(x, t)
	case reflect.Pointer:
		return x, p.planPointer(x, t)
	default:
		return nil, fmt.Errorf("values of %s can't be stored: give it a codec with Register", t)
	}
	return x, nil
}

func appendMarshaled(dst []byte, v reflect.Value) []byte {
	b, err := addressable(v).Addr().Interface().(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		b = nil
	}
	return appendBytes(dst, b)
}

// addressable is v, or a copy of it that has an address.
func addressable(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v
	}
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	return c
}

func decodeMarshaled(d *decoder, v reflect.Value) error {
	return v.Addr().Interface().(encoding.BinaryUnmarshaler).UnmarshalBinary(d.bytes())
}

func (p *planner) planStruct(x *transcoder, t reflect.Type) error {
	type field struct {
		name  string
		index int
		x     *transcoder
	}
	var fields []field
	byName := map[string]field{}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "_" || f.Type.Size() == 0 {
			continue
		}
		if !f.IsExported() {
			return fmt.Errorf("values of %s can't be stored: its field %s is not exported; give it a codec with Register", t, f.Name)
		}
		plan, err := p.plan(f.Type)
		if err != nil {
			return err
		}
		byName[f.Name] = field{f.Name, i, plan}
		fields = append(fields, byName[f.Name])
	}
	buffers := sync.Pool{New: func() any { return new([]byte) }}
	x.append = func(dst []byte, v reflect.Value) []byte {
		dst = appendUint(dst, uint64(len(fields)))
		buf := buffers.Get().(*[]byte)
		for _, f := range fields {
			dst = appendString(dst, f.name)
			*buf = f.x.append((*buf)[:0], v.Field(f.index))
			dst = appendBytes(dst, *buf)
		}
		buffers.Put(buf)
		return dst
	}
	x.decode = func(d *decoder, v reflect.Value) error {
		for range d.count() {
			f, known := byName[string(d.bytes())]
			inner := decoder{b: d.bytes()}
			if !known {
				continue
			}
			if err := f.x.decode(&inner, v.Field(f.index)); err != nil {
				return err
			}
			if err := inner.end(); err != nil {
				return err
			}
		}
		return nil
	}
	return nil
}

func (p *planner) planList(x *transcoder, t reflect.Type) error {
	elem, err := p.plan(t.Elem())
	if err != nil {
		return err
	}
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
		x.append = func(dst []byte, v reflect.Value) []byte { return appendBytes(dst, v.Bytes()) }
		x.decode = func(d *decoder, v reflect.Value) error {
			v.SetBytes(append([]byte{}, d.bytes()...))
			return nil
		}
		return nil
	}
	x.append = func(dst []byte, v reflect.Value) []byte {
		dst = appendUint(dst, uint64(v.Len()))
		for i := range v.Len() {
			dst = elem.append(dst, v.Index(i))
		}
		return dst
	}
	x.decode = func(d *decoder, v reflect.Value) error {
		n := d.count()
		if v.Kind() == reflect.Slice && n > 0 {
			v.Set(reflect.MakeSlice(t, n, n))
		}
		for i := range min(n, v.Len()) {
			if err := elem.decode(d, v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	}
	return nil
}

// planMap writes entries in the order of their keys' encodings, so that equal
// maps are equal bytes.
func (p *planner) planMap(x *transcoder, t reflect.Type) error {
	key, err := p.plan(t.Key())
	if err != nil {
		return err
	}
	elem, err := p.plan(t.Elem())
	if err != nil {
		return err
	}
	x.append = func(dst []byte, v reflect.Value) []byte {
		entries := make([]string, 0, v.Len())
		for it := v.MapRange(); it.Next(); {
			entries = append(entries, string(elem.append(key.append(nil, it.Key()), it.Value())))
		}
		slices.Sort(entries)
		dst = appendUint(dst, uint64(len(entries)))
		for _, e := range entries {
			dst = append(dst, e...)
		}
		return dst
	}
	x.decode = func(d *decoder, v reflect.Value) error {
		n := d.count()
		v.Set(reflect.MakeMapWithSize(t, n))
		for range n {
			k, e := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
			if err := key.decode(d, k); err != nil {
				return err
			}
			if err := elem.decode(d, e); err != nil {
				return err
			}
			if d.fault {
				return d.end()
			}
			v.SetMapIndex(k, e)
		}
		return nil
	}
	return nil
}

func (p *planner) planPointer(x *transcoder, t reflect.Type) error {
	elem, err := p.plan(t.Elem())
	if err != nil {
		return err
	}
	x.append = func(dst []byte, v reflect.Value) []byte {
		if dst = appendBool(dst, !v.IsNil()); !v.IsNil() {
			dst = elem.append(dst, v.Elem())
		}
		return dst
	}
	x.decode = func(d *decoder, v reflect.Value) error {
		if !d.bool() {
			return nil
		}
		v.Set(reflect.New(t.Elem()))
		return elem.decode(d, v.Elem())
	}
	return nil
}
