package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/bench/generate"
)

type demoCommand struct {
	serveCommand
	Rate float64 `help:"Payments a second." default:"50"`
	Keep bool    `help:"Keep what the demo remembers, in the data directory; otherwise it is in a temporary one."`
}

// Run is serve and, beside it, a client that pays: the generated stream,
// shifted to now.
func (c *demoCommand) Run(ctx context.Context) (err error) {
	if !c.Keep && c.Data == "" {
		dir, err := os.MkdirTemp("", "tidegate-demo-")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		c.Data = filepath.Join(dir, "data")
	}
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	paying, stop := context.WithCancel(ctx)
	var wait sync.WaitGroup
	base := "http://" + s.listener.Addr().String()
	wait.Go(func() {
		if err := pay(paying, base, c.Rate, uint64(time.Now().UnixNano())); err != nil && paying.Err() == nil {
			s.log.Error("the demo's client stopped", "error", err)
		}
	})
	wait.Go(func() {
		if err := (&alertsTailCommand{URL: base, After: "0-0"}).Run(paying); err != nil {
			s.log.Error("the demo's alerts stopped", "error", err)
		}
	})
	err = s.run(ctx)
	stop()
	wait.Wait()
	return errors.Join(err, s.close())
}

// pay sends the stream at a rate. Campaigns come often, and one at once, so
// that there is something to see.
func pay(ctx context.Context, base string, rate float64, seed uint64) error {
	stream := generate.New(generate.Options{
		Seed: seed, Customers: 20_000, Transactions: 1 << 30, FraudShare: 0.05, Haste: 20, Opening: true,
		Start: tidegate.MillisOf(time.Now()), Span: tidegate.Millis(float64(1<<30) / rate * 1000),
	})
	var body []byte
	for {
		item, ok := stream.Next()
		if !ok {
			return nil
		}
		if err := sleep(ctx, time.Until(item.Event.Time.Time())); err != nil {
			return err
		}
		// Ids of one demo must not be those of another.
		item.Event.ID = fmt.Sprintf("%x-%s", seed, item.Event.ID)
		path := "/v1/events"
		if item.Event.Type == tidegate.TypeTransaction {
			path = "/v1/authorize"
			item.Event.Text[tidegate.TransactionID] = fmt.Sprintf("%x-%s", seed, item.Event.Text[tidegate.TransactionID])
		}
		body = generate.AppendJSON(body[:0], &item.Event)
		if err := post(ctx, base+path, body); err != nil {
			return err
		}
	}
}

func post(ctx context.Context, url string, body []byte) (err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}
