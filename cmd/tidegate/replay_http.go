package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/bench/generate"
	"github.com/tidegate/tidegate/bench/load"
	"github.com/tidegate/tidegate/bench/replay"
	"github.com/tidegate/tidegate/internal/loopback"
)

// senders is how many requests of --url may be under way.
const senders = 64

// against sends rows to a running server: open loop, at --speed times real
// time (1 if 0), each stamped with the time that it is due.
func (c *replayCommand) against(ctx context.Context) (err error) {
	target, err := url.Parse(c.URL)
	if err != nil || target.Host == "" {
		return tidegate.Errorf(tidegate.CodeInvalid, "--url is no URL, as http://127.0.0.1:8080")
	}
	if !loopback.Is(target.Hostname()) {
		return tidegate.Errorf(tidegate.CodeInvalid, "--url goes to a server on this machine only")
	}
	cfg, err := (&serveCommand{Config: c.Config}).load()
	if err != nil {
		return err
	}
	_, scorer, err := compiled(&cfg)
	if err != nil {
		return err
	}
	mapping, err := loadMapping(&cfg, c.Mapping, scorer)
	if err != nil {
		return err
	}
	reader, err := replay.Open(c.Input, mapping)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	_, size := reader.Progress()
	bar := newProgress("sending", size, false)
	defer bar.done()
	s := sender{base: strings.TrimSuffix(c.URL, "/"), key: c.APIKey, rows: make(chan dueRow, senders), latency: load.NewLatency()}
	var wait sync.WaitGroup
	for range senders {
		wait.Go(func() { s.run(ctx) })
	}
	err = c.schedule(ctx, reader, s.rows, bar)
	close(s.rows)
	wait.Wait()
	bar.done()
	result := s.latency.Result()
	if c.JSON != "-" {
		fmt.Fprintf(os.Stdout, "%d requests, answers %v, failed %d\np50 %d µs, p99 %d µs, max %d µs from the time they were due\n",
			result.Requests, result.Statuses, s.failed, result.Micros["p50"], result.Micros["p99"], result.Micros["max"])
	}
	if err == nil && s.failed > 0 {
		err = &tidegate.Error{Code: tidegate.CodeUnavailable, Message: fmt.Sprintf("%d requests were not answered, the first for this", s.failed), Cause: s.first}
	}
	return errors.Join(err, writeReport(c.JSON, result))
}

type dueRow struct {
	event tidegate.Event
	due   time.Time
}

func (c *replayCommand) schedule(ctx context.Context, reader *replay.Reader, rows chan<- dueRow, bar *progress) error {
	speed := c.Speed
	if speed <= 0 {
		speed = 1
	}
	var first tidegate.Millis
	start := time.Now()
	bad := 0
	for row := (replay.Row{}); ; {
		err := reader.Next(&row)
		var own *tidegate.Error
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &own):
			fmt.Fprintln(os.Stderr, "tidegate:", err)
			if bad++; c.MaxBadLines >= 0 && bad > c.MaxBadLines {
				return tidegate.Errorf(tidegate.CodeInvalid, "more than %d lines can't be read", c.MaxBadLines)
			}
			continue
		case err != nil:
			return err
		}
		if first == 0 {
			first = row.Event.Time
		}
		due := start.Add(time.Duration(float64(row.Event.Time-first) / speed * 1e6))
		if err := sleep(ctx, time.Until(due)); err != nil {
			return err
		}
		row.Event.Time = tidegate.MillisOf(due)
		select {
		case rows <- dueRow{row.Event, due}:
		case <-ctx.Done():
			return ctx.Err()
		}
		read, _ := reader.Progress()
		bar.force(read)
	}
}

type sender struct {
	base, key string
	rows      chan dueRow
	mu        sync.Mutex
	latency   *load.Latency
	failed    int
	first     error // of those that failed
}

func (s *sender) run(ctx context.Context) {
	var body []byte
	for row := range s.rows {
		body = generate.AppendJSON(body[:0], &row.event)
		status, err := s.send(ctx, &row.event, string(body))
		s.mu.Lock()
		if err != nil {
			s.failed++
			s.first = cmp.Or(s.first, err)
		} else {
			s.latency.Record(status, time.Since(row.due))
		}
		s.mu.Unlock()
	}
}

func (s *sender) send(ctx context.Context, e *tidegate.Event, body string) (status int, err error) {
	path := "/v1/events"
	if e.Type == tidegate.TypeTransaction {
		path = "/v1/authorize"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+path, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	if s.key != "" {
		request.Header.Set("Authorization", "Bearer "+s.key)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, errors.Join(err, answer.Body.Close())
}
