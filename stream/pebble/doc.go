// Package pebble keeps the rows of a keyed [state.Store] in a Pebble database:
// state larger than memory, with checkpoints that survive a crash at any
// instant and a damaged file.
//
//	backend, err := pebble.Open("tidegate-data/state", pebble.Options{CacheBytes: 256 << 20})
//	store, err := state.Open(backend, state.Options{})
//
// # On disk
//
//	checkpoints/0000000041/   a whole database, and its CHECKPOINT file
//	checkpoints/0000000042/
//	live-1/                   the database in use; disposable
//	batch/                    tables being written for checkpoint 43
//	spill-1                   changed rows that have left memory; disposable
//
// A checkpoint is written as sorted tables beside the database, which sees
// nothing of them until they are complete: a full disk while they are written
// costs a file, not the database. They are then ingested, in one edit, the
// database is copied by hard links, and the copy becomes a checkpoint by the
// rename of its directory, after its CHECKPOINT file: the names, sizes and
// CRC-32C of all its files. The database runs without a write-ahead log: what
// is in it beyond the newest checkpoint is in the store's memory too.
//
// Opening takes the newest checkpoint whose every byte is as it was written,
// and makes the live database from it. The two checkpoints that are kept share
// no file: a table that both need is there twice, so that a damaged one always
// leaves a way back. State so takes its size twice on disk.
package pebble
