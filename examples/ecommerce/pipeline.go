package main

import (
	"path/filepath"
	"time"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/file"
)

// Config says what the pipeline reads and writes.
type Config struct {
	Files   []string
	Out     string
	Options stream.Options
}

// Build builds the pipeline. An order that comes too late for its minute may
// still belong to a session that goes on, so each has late orders of its own.
func Build(c Config) *stream.Pipeline {
	p := stream.New("shop", c.Options)
	orders := stream.From(p, file.JSON[Order](c.Files...), stream.Timestamps(Order.Time).BoundedOutOfOrderness(10*time.Minute)).Named("orders")

	lateRevenue := stream.SideOutput[Order](p, "late for revenue")
	perMinute := stream.Window(stream.KeyBy(orders, Order.InCategory).Named("category"), stream.Tumbling(time.Minute)).LateTo(lateRevenue)
	revenue := stream.Map(stream.Aggregate(perMinute, sales{}).Named("revenue"), newRevenue)

	lateSession := stream.SideOutput[Order](p, "late for sessions")
	visits := stream.Window(stream.KeyBy(orders, Order.By).Named("user"), stream.Session(30*time.Minute)).LateTo(lateSession)
	sessions := stream.Map(stream.Aggregate(visits, sales{}).Named("sessions"), newSession)

	sink := func(name string) string { return filepath.Join(c.Out, name) }
	stream.ToNamed(revenue, "revenue files", file.NewSink(sink("revenue"), file.JSONLines[Revenue]()))
	stream.ToNamed(sessions, "session files", file.NewSink(sink("session"), file.JSONLines[Session]()))
	stream.ToNamed(stream.Map(lateRevenue.Stream, Order.ID), "late revenue files", file.NewSink(sink("late-revenue"), file.JSONLines[string]()))
	stream.ToNamed(stream.Map(lateSession.Stream, Order.ID), "late session files", file.NewSink(sink("late-session"), file.JSONLines[string]()))
	return p
}
