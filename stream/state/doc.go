// Package state is keyed state: tables from a key to a value that are read and
// changed between two records, that are checkpointed as one consistent cut
// while processing goes on, and that may be larger than memory.
//
//	store, err := state.Open(backend, state.Options{CacheBytes: 256 << 20})
//	visits := state.NewTable(store, "visits", visitCodec{})
//
//	shard := store.Shard(key) // a record begins
//	shard.Lock()
//	entry, err := visits.GetOrCreate(key)
//	visits.Update(entry).Count++
//	visits.SetExpiry(entry, eventTime+30*day)
//	shard.Unlock()
//
//	checkpoint, err := store.Cut(position) // between two records
//	stats, err := checkpoint.Write(ctx)    // meanwhile, elsewhere
//
// # Who holds which lock
//
// A key belongs to a shard of a [Group] of tables, and is used with that
// shard's lock held. The scoring service has one group with one shard: its
// writer's lock. A stream pipeline has a group for each keyed operator, with
// many shards, so that an operator that emits into another while it holds its
// key's lock always takes them in the order of the graph. The checkpointer
// takes a lock for a few entries at a time.
//
// # Cuts
//
// A cut ends an epoch. What changed in it is on a list, which Cut sets aside:
// that is all the pause there is. Write then encodes entry after entry; one
// that changes before its turn encodes itself first ([Table.Update] does it),
// so the checkpoint holds each value as it was at the cut. Nothing of an epoch
// reaches the backend before the checkpoint of the epoch before is complete:
// changed entries stay in memory or in a spill file until then. So a backend's
// live rows can be thrown away at any time: a checkpoint that fails
// half way, on a full disk or with a broken database, costs nothing but the
// attempt, and the next one holds what it held.
//
// # Larger than memory
//
// Entries are decoded once and stay in memory as long as [Options.CacheBytes]
// allows; then those that were not used lately go, a few at each [Shard.Lock].
// An entry that the backend has is dropped. Of one that has changed, with
// [Options.Spill], the value is written to a spill file, and the entry stays,
// some hundred bytes with its key, because a cut must know of it. When those
// alone fill the memory it is time for a checkpoint: [Store.Usage] tells. A
// spill file is thrown away when the process ends: recovery goes back to the
// last checkpoint and needs nothing of it.
//
// # Expiry
//
// An entry ends when the store's event time ([Store.Advance]) comes to its
// expiry, wherever it lies. When its row and its memory are reclaimed is
// another matter, which nobody can observe: entries go when the eviction comes
// by, rows when a checkpoint is written, which searches a stretch of the tables
// for them each time. There is no index of expiries to maintain: an entry whose
// expiry moves with every change, which is the usual case, would rewrite it
// each time.
//
// # Savepoints
//
// [Store.Export] and [Import] copy a store as one portable file.
//
// What state is not: it is no database. There are no queries, no transactions
// over keys of several shards, and no durability but by checkpoints; a journal
// or a replayable source brings back what came after the last one.
package state
