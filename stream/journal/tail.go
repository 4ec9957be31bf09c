package journal

import "bytes"

// sector is what a disk writes as a whole or not at all.
const sector = 512

// judgeTail judges what lies from the first frame that fails its checks to the
// end of the newest segment. It begins at offset off of the file, where
// something numbered want should be.
//
// It may be empty. It may be torn, and is then cut off: what a crash left of
// the last commit, some sectors of which didn't reach the disk. Or it is
// damaged: then it was durable once, and damage says how we know.
func judgeTail(rest []byte, off int64, want uint64, seed uint32) (torn int, damage string) {
	torn = len(bytes.TrimRight(rest, "\x00"))
	most := want + uint64(len(rest)/frameHeader)
	intact := -1 // where the first good frame is
	for at := frameAlign; at < torn; {
		f, state := decodeFrame(rest[at:], seed)
		if state != frameOK || f.seq < want || f.seq > most {
			at += frameAlign
			continue
		}
		if f.kind == commitFrame && f.seq > want {
			return 0, "it fails its checks, and later commits follow"
		}
		if intact < 0 {
			intact = at
		}
		at += f.size
	}
	if intact >= 0 && !hasHole(rest[:intact], off) {
		return 0, "it fails its checks, and intact records of its commit follow"
	}
	return torn, ""
}

// hasHole says whether a sector is missing in b, which begins at offset off of
// the file: the file is zeros before it is written, so a sector that wasn't is
// zeros still. The first sector may be in part an earlier commit's; as a frame
// never begins with zeros, a few of them are enough there.
func hasHole(b []byte, off int64) bool {
	first := int(sector - off%sector)
	if allZero(b[:min(first, len(b))]) {
		return true
	}
	for at := first; at+sector <= len(b); at += sector {
		if allZero(b[at : at+sector]) {
			return true
		}
	}
	return false
}

func allZero(b []byte) bool { return len(bytes.TrimLeft(b, "\x00")) == 0 }
