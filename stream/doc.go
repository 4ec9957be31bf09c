// Package stream is a stream engine: pipelines of typed operators over records
// with an event time, in one process, with the semantics of Apache Flink.
//
//	p := stream.New("shop", stream.Options{State: backend, Checkpoint: 10 * time.Second})
//	orders := stream.From(p, file.JSON[Order]("orders-*.jsonl"), stream.Timestamps(Order.Time).BoundedOutOfOrderness(time.Minute))
//	user := stream.KeyBy(orders, Order.User)
//	visits := stream.Window(user, stream.Session(30*time.Minute))
//	stream.To(stream.Aggregate(visits, stream.Sum(Order.Cents)), file.NewSink("spent", file.JSONLines[Spent]()))
//	err := p.Run(ctx)
//
// A pipeline is a graph that the functions of this package build: each takes
// the streams it reads from and returns the one that it makes. What is wrong
// with a graph is found by [Pipeline.Check] or by the compiler: state without a
// key does not compile. [Pipeline.Run] is the main flow.
//
// # How a record goes
//
// A record runs to completion: the goroutine that brings it, one for each
// partition of a source, calls the operators one inside the other, depth first,
// and when it comes back everything that follows from the record has happened.
// There is no shuffle. A key's state is one row, whichever operators after a
// [KeyBy] have a part of it, and is guarded by a lock for as long as a record
// of the key is handled; locks are always taken in the order of the graph.
// Re-keying is another key, and another lock.
//
// Sinks and asynchronous calls have bounded queues. When one is full the next
// record waits before it begins, never in the middle, and so do its source and
// whoever feeds that.
//
// # How time goes
//
// A partition's watermark is its largest timestamp minus the bound minus one
// millisecond; it moves when the record has left the graph. A source's is the
// minimum over its partitions that are not idle. From there event time moves
// down the graph, an operator at a time: its timers up to the watermark fire, in
// the order of their times, and then those behind it get to know. A pipeline
// that reads one partition does this after every record, one that reads several
// after every batch of at most 192, unless [Timing.EachRecord] says otherwise;
// the goroutines that read share the work, and then the order of times is one of
// each key's timers.
//
// # What a checkpoint is
//
// The instant between two records at which nobody is inside the graph: the
// rows that have changed, the sources' positions, how far event time has come,
// and the calls under way. It is cut in that instant and written while
// processing goes on; then the sinks show what belongs to it. A pipeline
// starts from its newest checkpoint. Sinks that are [Committer] make that
// exactly once; others get records again that followed the checkpoint.
//
// # Where it differs from Flink
//
// Two things that lose data in Flink do not here. The watermark is part of a
// checkpoint, so that after a restart a late record is late as it was before;
// Flink forgets it, and takes the record into a window that has been emitted
// already. And an element of an interval join whose time is exactly the
// watermark finds all that it belongs with, where Flink may have dropped it one
// millisecond early.
//
// The tests hold windows, joins, timers and watermarks to what Flink's own
// operators emitted: see testdata/windows.
//
// # What it is not
//
// It is one process. A pipeline's partitions are read by that process, and
// another takes over from its checkpoint. Timers are kept in memory, some 40
// bytes each, even where state is not.
package stream
