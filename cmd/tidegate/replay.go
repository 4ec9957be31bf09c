package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/bench/metrics"
	"github.com/tidegate/tidegate/bench/replay"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/stream/kafka"
)

type replayCommand struct {
	Config       string    `help:"Configuration to decide with. Default: the built-in example." type:"path" placeholder:"FILE"`
	Input        string    `help:"File to read: CSV or JSON lines, plain, gzip or zstd; - is standard input." placeholder:"FILE"`
	Labels       string    `help:"File of labels, as JSON lines: each is known from its reported_at. What tidegate generate --labels writes." placeholder:"FILE"`
	Mapping      string    `help:"Which column is what: NAME of mappings/NAME.yaml beside the configuration. tidegate takes envelopes, a line each." default:"tidegate"`
	Journal      string    `help:"Instead of a file: decide the journal of this data directory again and compare." type:"path" placeholder:"DIR"`
	Into         string    `help:"Fill this data directory instead of scratch state. Nothing is published; twice is harmless." type:"path" placeholder:"DIR"`
	URL          string    `help:"Send to this running server instead, open loop, shifted to now." placeholder:"URL"`
	APIKey       string    `name:"api-key" help:"For --url." env:"TIDEGATE_API_KEY"`
	Speed        float64   `help:"Multiple of real time; 0 is as fast as it goes, and real time with --url." default:"0"`
	DecisionsOut string    `help:"Write decisions here, as JSON lines; compressed if it ends in .gz." placeholder:"FILE"`
	FeaturesOut  string    `help:"Write feature values here, as CSV with a column each; compressed if it ends in .gz." placeholder:"FILE"`
	MeasureFrom  time.Time `help:"Measure detection from this event time on: what was before only teaches."`
	MeasureTo    time.Time `help:"Measure detection up to this event time."`
	MaxBadLines  int       `help:"Give up after so many lines that can't be read; -1 never." default:"100"`
	JSON         string    `help:"Write the results here, machine-readable; - is standard output." placeholder:"FILE"`
}

// replayReport is what --json writes.
type replayReport struct {
	replay.Totals
	PerSecond float64          `json:"rows_per_second"`
	Outcomes  map[string]int64 `json:"outcomes"`
	Alerts    int64            `json:"alerts"`
	Repeated  int64            `json:"repeated"` // were there already
	Detection *metrics.Report  `json:"detection,omitempty"`
	Currency  string           `json:"currency,omitempty"` // of detection's amounts: the base

	base tidegate.CurrencyCode
}

func (c *replayCommand) Run(ctx context.Context) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	if c.Journal != "" {
		return c.decideAgain(ctx)
	}
	if c.URL != "" {
		return c.against(ctx)
	}
	engine, reader, close, err := c.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, close()) }()
	labels, err := c.labels(engine.panKey)
	if err != nil {
		return err
	}
	out, err := c.outputs(engine.features, reader.IDColumn())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.close()) }()
	_, size := reader.Progress()
	bar := newProgress("replaying", size, false)
	totals, err := replay.Run(ctx, reader, engine, replay.Options{
		Speed: c.Speed, Labels: labels, MaxBad: c.MaxBadLines, Result: out.result, Now: time.Now, Sleep: sleep,
		Progress: func(int64) { read, _ := reader.Progress(); bar.force(read) },
		BadLine:  func(err error) { fmt.Fprintln(os.Stderr, "tidegate:", err) },
	})
	bar.done()
	if err != nil {
		return err
	}
	if left := labels.Left(); left > 0 {
		fmt.Fprintf(os.Stderr, "tidegate: labels of %d transactions speak of none that was read\n", left)
	}
	if err := c.report(totals, out); err != nil {
		return err
	}
	if totals.BadLines > 0 && totals.Transactions+totals.Events == 0 {
		return tidegate.Errorf(tidegate.CodeInvalid, "none of the %d lines could be read: is it the right --mapping?", totals.BadLines)
	}
	return nil
}

// check refuses what would be passed over in silence.
func (c *replayCommand) check() error {
	switch here := c.Into != "" || c.FeaturesOut != "" || c.DecisionsOut != ""; {
	case c.Input == "" && c.Journal == "":
		return tidegate.Errorf(tidegate.CodeInvalid, "name the file with --input, or a data directory with --journal")
	case c.Input != "" && c.Journal != "":
		return tidegate.Errorf(tidegate.CodeInvalid, "there are --input and --journal: leave one out")
	case c.Journal != "" && (here || c.URL != "" || c.Labels != ""):
		return tidegate.Errorf(tidegate.CodeInvalid, "--journal decides what was decided again, and compares: nothing else is read or written")
	case c.URL != "" && c.Labels != "":
		return tidegate.Errorf(tidegate.CodeInvalid, "--labels measures a replay here; to a server, send labels to /v1/labels")
	case c.URL != "" && here:
		return tidegate.Errorf(tidegate.CodeInvalid, "--into, --features-out and --decisions-out are of a replay here: leave them or --url out")
	case !(c.Speed >= 0):
		return tidegate.Errorf(tidegate.CodeInvalid, "--speed is a multiple of real time, or 0")
	}
	return nil
}

// labels reads the file beside the rows; nil without one.
func (c *replayCommand) labels(panKey []byte) (*replay.Labels, error) {
	if c.Labels == "" {
		return nil, nil
	}
	bad := 0
	return replay.OpenLabels(c.Labels, panKey, func(err error) error {
		fmt.Fprintln(os.Stderr, "tidegate:", err)
		if bad++; c.MaxBadLines >= 0 && bad > c.MaxBadLines {
			return tidegate.Errorf(tidegate.CodeInvalid, "more than %d labels can't be read; the first errors are above", c.MaxBadLines)
		}
		return nil
	})
}

// replayEngine is an engine and what its feature values are called.
type replayEngine struct {
	replay.Engine
	features []tidegate.Variable
	panKey   []byte
}

// loadMapping reads a mapping of a configuration. What it reads is held to what
// the service holds events to: declared attributes, and the key that replaces
// card numbers.
func loadMapping(cfg *config.Config, name string, scorer *scoring.Scorer) (*replay.Mapping, error) {
	mapping, err := replay.LoadMapping(cfg.Files, name)
	if err != nil {
		return nil, err
	}
	mapping.Attributes, mapping.Computed = scorer.Attributes(), scorer.Computes
	mapping.PANKey, err = cfg.PANKey()
	return mapping, err
}

func (c *replayCommand) open() (e replayEngine, r *replay.Reader, close func() error, err error) {
	cfg, err := (&serveCommand{Config: c.Config}).load()
	if err != nil {
		return e, nil, nil, err
	}
	files, scorer, err := compiled(&cfg)
	if err != nil {
		return e, nil, nil, err
	}
	mapping, err := loadMapping(&cfg, c.Mapping, scorer)
	if err != nil {
		return e, nil, nil, err
	}
	if r, err = replay.Open(c.Input, mapping); err != nil {
		return e, nil, nil, err
	}
	e.features, e.panKey, close = scorer.Features(), mapping.PANKey, r.Close
	if c.Into == "" {
		e.Engine, err = replay.NewScratch(scorer, r.Refers())
	} else {
		e.Engine, close, err = c.into(&cfg, files, r)
	}
	if err != nil {
		return e, nil, nil, errors.Join(err, r.Close())
	}
	return e, r, close, nil
}

// keepIDs is how long --into remembers ids, so that history may come twice.
const keepIDs = 20 * 365 * 24 * time.Hour

// into opens the node of a data directory. What history brings is not for
// publishing, and its records say so. A directory that is new gets a position
// behind them as well, so that a publisher need not pass them over.
func (c *replayCommand) into(cfg *config.Config, files map[string][]byte, r *replay.Reader) (replay.Engine, func() error, error) {
	cfg.Data, cfg.Clock = c.Into, "event"
	o := nodeOptions(cfg, files, newLogger(true))
	o.IDs, o.History = keepIDs, true
	n, recovery, activation, err := node.Open(o)
	if err != nil {
		return nil, nil, err
	}
	if activation != nil {
		return nil, nil, errors.Join(activation, n.Close())
	}
	close := func() error {
		err := n.Flush()
		position := kafka.FilePosition{Path: filepath.Join(c.Into, publishedFile), Journal: n.JournalUUID()}
		if err == nil && recovery.Created {
			err = position.Save(n.Status().Durable)
		}
		return errors.Join(err, n.Close(), r.Close())
	}
	return replay.Into{Node: n}, close, nil
}

func (c *replayCommand) report(totals replay.Totals, out *replayOutputs) error {
	r := replayReport{Totals: totals, Outcomes: map[string]int64{}, Alerts: out.alerts, Repeated: out.repeated}
	r.PerSecond = float64(totals.Transactions+totals.Events) / totals.Seconds
	for o, n := range out.outcomes {
		r.Outcomes[tidegate.Outcome(o).String()] = n
	}
	if len(out.scored) > 0 {
		m := metrics.Measure(out.scored)
		r.Detection, r.base = &m, out.base
	}
	if r.base != 0 {
		r.Currency = r.base.String()
	}
	if c.JSON != "-" {
		r.print(os.Stdout)
	}
	return writeReport(c.JSON, r)
}

func (r *replayReport) print(w *os.File) {
	fmt.Fprintf(w, "%d transactions and %d other events in %.1f s (%.0f a second)\n", r.Transactions, r.Events, r.Seconds, r.PerSecond)
	if r.BadLines > 0 {
		fmt.Fprintf(w, "%d lines could not be read\n", r.BadLines)
	}
	if r.OutOfOrder > 0 {
		fmt.Fprintf(w, "%d rows are older than one before them: what they are decided from is not what was known then; sort the file by time\n", r.OutOfOrder)
	}
	if r.Repeated > 0 {
		fmt.Fprintf(w, "%d were there already and are left as they are\n", r.Repeated)
	}
	fmt.Fprintf(w, "approved %d, to review %d, challenged %d, declined %d; %d alerts\n",
		r.Outcomes["approve"], r.Outcomes["review"], r.Outcomes["challenge"], r.Outcomes["decline"], r.Alerts)
	d := r.Detection
	if d == nil {
		fmt.Fprintln(w, "no labels: detection is not measured")
		return
	}
	fmt.Fprintf(w, "\ndetection on %d labelled transactions, %d of them fraud\n", d.Transactions, d.Frauds)
	for _, row := range []struct {
		name  string
		value metrics.Rate
	}{
		{"ROC AUC", d.AUC}, {"average precision", d.AveragePrecision}, {"precision at the top 100 customers a day", d.CardPrecision100},
		{"recall at 0.1% false positives", d.RecallAtFPR001}, {"recall at 1% false positives", d.RecallAtFPR01},
	} {
		fmt.Fprintf(w, "  %-42s %.4f\n", row.name, row.value)
	}
	money := func(minor int64) tidegate.Money { return tidegate.Money{Minor: minor, Currency: r.base} }
	fmt.Fprintf(w, "  %-42s %s of %s %s (%d of %d)\n", "amount of fraud caught", money(d.CaughtAmount), money(d.FraudAmount), r.Currency, d.Caught, d.Frauds)
	fmt.Fprintf(w, "  %-42s %s %s (%d)\n", "amount blocked by mistake", money(d.MistakenAmount), r.Currency, d.Mistaken)
}

// writeReport writes machine-readable results; "" writes none.
func writeReport(name string, v any) error {
	if name == "" {
		return nil
	}
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	body = append(body, '\n')
	if name == "-" {
		_, err = os.Stdout.Write(body)
		return err
	}
	return os.WriteFile(name, body, 0o644)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
