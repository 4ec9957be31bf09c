// Package file reads streams from files and writes them to files.
//
// A source reads each file as a partition, in the order of its lines: JSON
// lines, CSV, or lines decoded by a function; compressed by gzip or Zstandard
// where the name ends in .gz or .zst. A position is an offset in what the file
// holds, uncompressed; a file may grow while the pipeline does not run.
//
// A sink writes a directory of files that appear whole, each when the
// checkpoint that covers it is durable: no reader ever sees a part of a file,
// and a restart neither loses nor repeats a record.
//
//	in := stream.From(p, file.JSON[Order]("orders-*.jsonl.gz"), stream.Timestamps(Order.Time))
//	stream.To(totals, file.NewSink("totals", file.JSONLines[Total]()))
package file
