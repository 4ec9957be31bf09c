// Package blob keeps contents under their own SHA-256: the rule, model and
// policy files that records of the journal refer to, for as long as they do.
//
//	store, err := blob.Open(dir, vfs.Default)
//	hash, err := store.Put(file)     // durable when it returns
//	file, err = store.Get(hash)      // or CodeNotFound, or CodeCorrupt
//
// A content never changes, so putting it again is free, and reading it checks
// it. What is still referred to is for the caller to know: List and Delete are
// all that a retention needs. It is meant for hundreds of files of up to some
// megabytes, each read and written as a whole.
package blob
