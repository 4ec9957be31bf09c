package state

import "encoding/binary"

// storedKey is a key as an entry has it: itself up to 16 bytes, which saves
// whoever compares it a way through memory, and of a longer one its place.
type storedKey struct {
	length uint32
	bytes  [shortKey]byte
}

const shortKey = 16

func (k *storedKey) place() keyPlace {
	return placeOf(binary.LittleEndian.Uint64(k.bytes[:]), k.length)
}

// room is what the key takes outside of its entry.
func (k *storedKey) room() int {
	if k.length <= shortKey {
		return 0
	}
	return 8 * words(int(k.length))
}

// keys holds the longer keys of a shard's entries in a few large pieces of
// memory instead of one each: the collector looks at those as wholes. What a
// key leaves free, the next one of its size takes.
type keys struct {
	chunks [][]byte
	used   int      // bytes of the last chunk for short keys
	short  int      // that chunk
	free   []uint64 // by size in words: 1 + the place of the first free one, which holds that of the next
	spare  []uint64 // chunks of long keys that are free
}

// keyPlace is where a key lies: chunk and offset, and how long it is.
type keyPlace struct{ chunk, offset, length uint32 }

// placeOf and number are a place as one number, without its length.
func placeOf(number uint64, length uint32) keyPlace {
	return keyPlace{uint32(number >> 32), uint32(number), length}
}

func (p keyPlace) number() uint64 { return uint64(p.chunk)<<32 | uint64(p.offset) }

// Most keys share chunks. The first chunk grows from little: most shards of
// most tables hold few keys.
const (
	longKey    = 1 << 10
	firstChunk = 1 << 8
	keyChunk   = 1 << 16
)

func (k *keys) bytes(key *storedKey) []byte { return keysOf(k.chunks, key) }

// keysOf reads keys of a copy of the chunks, which stays true of all keys that
// are not removed.
func keysOf(chunks [][]byte, key *storedKey) []byte {
	if key.length <= shortKey {
		return key.bytes[:key.length:key.length]
	}
	return chunked(chunks, key.place())
}

func chunked(chunks [][]byte, p keyPlace) []byte {
	return chunks[p.chunk][p.offset : uint64(p.offset)+uint64(p.length)]
}

// words is the room that a key takes, in words of 8 bytes.
func words(length int) int { return max((length+7)/8, 1) }

func (k *keys) add(key []byte) storedKey {
	stored := storedKey{length: uint32(len(key))}
	if len(key) <= shortKey {
		copy(stored.bytes[:], key)
		return stored
	}
	binary.LittleEndian.PutUint64(stored.bytes[:], k.put(key))
	return stored
}

func (k *keys) put(key []byte) (at uint64) {
	if len(key) >= longKey {
		return k.addLong(key)
	}
	n := words(len(key))
	if n < len(k.free) && k.free[n] != 0 {
		at = k.free[n] - 1
		k.free[n] = binary.LittleEndian.Uint64(chunked(k.chunks, placeOf(at, 8)))
	} else {
		at = k.take(8 * n)
	}
	copy(chunked(k.chunks, placeOf(at, uint32(len(key)))), key)
	return at
}

// take takes bytes that nobody has used before.
func (k *keys) take(size int) uint64 {
	for len(k.chunks) == 0 || k.used+size > len(k.chunks[k.short]) {
		switch {
		case len(k.chunks) == 1 && k.short == 0 && len(k.chunks[0]) < keyChunk:
			grown := make([]byte, 2*len(k.chunks[0]))
			copy(grown, k.chunks[0])
			k.chunks = [][]byte{grown} // whoever reads a copy keeps what it has
		case len(k.chunks) == 0:
			k.chunks = append(k.chunks, make([]byte, firstChunk))
		default:
			k.chunks = append(k.chunks, make([]byte, keyChunk))
			k.short, k.used = len(k.chunks)-1, 0
		}
	}
	at := uint64(k.short)<<32 | uint64(k.used)
	k.used += size
	return at
}

func (k *keys) addLong(key []byte) uint64 {
	if len(k.chunks) == 0 {
		k.chunks = append(k.chunks, nil) // short keys begin elsewhere
	}
	chunk := append([]byte(nil), key...)
	if last := len(k.spare) - 1; last >= 0 {
		at := k.spare[last]
		k.spare = k.spare[:last]
		k.chunks[at>>32] = chunk
		return at
	}
	k.chunks = append(k.chunks, chunk)
	return uint64(len(k.chunks)-1) << 32
}

func (k *keys) remove(key *storedKey) {
	if key.length <= shortKey {
		return
	}
	p := key.place()
	if p.length >= longKey {
		k.chunks[p.chunk] = nil
		k.spare = append(k.spare, p.number())
		return
	}
	n := words(int(p.length))
	for len(k.free) <= n {
		k.free = append(k.free, 0)
	}
	binary.LittleEndian.PutUint64(chunked(k.chunks, keyPlace{p.chunk, p.offset, 8}), k.free[n])
	k.free[n] = p.number() + 1
}
