// Package unkeyed does not compile: its operators with state have no key.
package unkeyed

import (
	"time"

	"github.com/tidegate/tidegate/stream"
)

func build(p *stream.Pipeline, ages stream.Processor[string, int, int]) {
	in := stream.From(p, stream.FromSlice(1, 2), stream.SourceTimestamps[int]())
	var (
		_ = stream.Window(in, stream.Tumbling(time.Minute))
		_ = stream.Process(in, ages)
	)
}
