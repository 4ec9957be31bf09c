package state

// Backend keeps the rows of a store where memory ends. Its rows are those of
// the newest checkpoint: nothing reaches it but through a [Batch].
type Backend interface {
	// Get appends the row under key to dst, and says whether there is one.
	// It is called by many goroutines at once.
	Get(key, dst []byte) (row []byte, found bool, err error)
	// Scan calls visit for every row with start <= key < end, in the order of
	// keys, as they are at the call: a batch committed later does not show.
	// key and row are valid until visit returns; false ends the scan.
	Scan(start, end []byte, visit func(key, row []byte) bool) error
	// Begin starts the checkpoint of an epoch, later than any before, also
	// failed ones. One batch is open at a time.
	Begin(epoch uint32) (Batch, error)
}

// Batch is a checkpoint being written, by one goroutine. It ends with Commit
// or Discard.
type Batch interface {
	// Put writes a row; a nil row deletes it. Keys come in ascending order,
	// each once. key and row are the caller's again when Put returns.
	Put(key, row []byte) error
	// Commit makes the rows and all earlier ones the newest checkpoint: durable
	// when it returns, and all or nothing whenever the machine stops. It
	// returns the bytes written. After an error the previous checkpoint should
	// be the newest one still, but when the last step failed, the next process
	// may find this one; until then, Get may or may not see the batch's rows.
	Commit() (bytes int64, err error)
	// Discard gives the batch up.
	Discard()
}
