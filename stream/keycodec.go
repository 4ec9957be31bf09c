package stream

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
)

// keyCodec turns keys to bytes, equal keys to equal bytes, and back.
type keyCodec[K comparable] struct {
	append func(dst []byte, k K) []byte
	decode func(s string) K
	parse  func(text string) (K, error) // as people write it
}

// keyCodecOf finds the codec for a type of keys. Strings and integers have
// fast ones; other types go through their codec of values.
func keyCodecOf[K comparable](p *Pipeline) (keyCodec[K], error) {
	var zero K
	switch any(&zero).(type) {
	case *string:
		return any(keyCodec[string]{
			append: func(dst []byte, k string) []byte { return append(dst, k...) },
			decode: func(s string) string { return s },
			parse:  func(text string) (string, error) { return text, nil },
		}).(keyCodec[K]), nil
	case *int64:
		return any(keyCodec[int64]{
			append: func(dst []byte, k int64) []byte { return binary.BigEndian.AppendUint64(dst, uint64(k)) },
			decode: func(s string) int64 { return int64(bigEndian(s)) },
			parse:  func(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) },
		}).(keyCodec[K]), nil
	case *uint64:
		return any(keyCodec[uint64]{
			append: func(dst []byte, k uint64) []byte { return binary.BigEndian.AppendUint64(dst, k) },
			decode: bigEndian,
			parse:  func(text string) (uint64, error) { return strconv.ParseUint(text, 10, 64) },
		}).(keyCodec[K]), nil
	}
	switch reflect.TypeFor[K]().Kind() {
	case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128, reflect.Interface, reflect.Pointer, reflect.Chan, reflect.UnsafePointer:
		return keyCodec[K]{}, fmt.Errorf("%s can't be a key: its equality is not that of its encoding", reflect.TypeFor[K]())
	}
	codec, err := codecFor[K](p)
	if err != nil {
		return keyCodec[K]{}, err
	}
	return keyCodec[K]{
		append: func(dst []byte, k K) []byte { return codec.Append(dst, &k) },
		decode: func(s string) K {
			var k K
			if err := codec.Decode([]byte(s), &k); err != nil {
				return zero // the store has checked the row that the key came with
			}
			return k
		},
		parse: func(text string) (k K, err error) {
			if v := reflect.ValueOf(&k).Elem(); v.Kind() == reflect.String {
				v.SetString(text)
				return k, nil
			}
			return k, json.Unmarshal([]byte(text), &k)
		},
	}, nil
}

func bigEndian(s string) uint64 {
	var b [8]byte
	copy(b[:], s)
	return binary.BigEndian.Uint64(b[:])
}
