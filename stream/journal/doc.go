// Package journal is an append-only sequence of records in segment files,
// durable by group commit: the place where a decision becomes a fact.
//
//	j, recovery, err := journal.Open(dir, journal.Options{})
//	seq, err := j.Append(payload)  // the one writer; no I/O, no allocation
//	err = j.Wait(ctx, seq)         // the goroutine that answers
//
//	r := j.ReadFrom(1)             // a publisher, a ledger, a checkpoint
//	seq, payload, err := r.Next(ctx)
//
// One writer appends; one committer goroutine, owned by the [Journal], takes
// everything that is pending, writes it once, syncs it once and then publishes
// its last sequence number. Hence durable(n) implies durable(all before n),
// and readers, of which there may be many, see durable records only.
//
// A record is bytes and a sequence number, from 1 and without gaps. What the
// bytes mean, how long they are kept and what to do when the journal fails is
// the caller's business. The journal never retries: after the first error of a
// write or a sync nothing more becomes durable, [Journal.Failed] is closed and
// the process should exit, to go on from what is durable.
//
// # Format
//
// A segment is a file named by its first sequence number. It begins with a
// header (magic, version, UUID of the journal, incarnation, first sequence)
// and continues with frames, all little-endian, padded with zeros to four bytes:
//
//	crc32c uint32   of everything behind it, seeded with the journal's UUID
//	length uint32   of the payload
//	seq    uint64
//	version uint16
//	kind   uint16   record or commit
//	payload
//
// A commit frame stands before the records that were written together and
// bears the number of the first. It says: everything before this was durable
// when this was written. That tells a torn tail (lost power, nobody was
// answered) from damage to records that were promised: the first is cut off at
// opening and reported, the second is an error, and neither is ever decoded as
// data. Behind the last frame there may be zeros, written ahead so that a
// sync need not change the file's size.
package journal
