package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/api"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/examples"
	"github.com/tidegate/tidegate/internal/hugepages"
	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/state"
)

type serveCommand struct {
	Config   string `help:"Configuration: a tidegate.yaml with rules, features and models beside it. Default: the built-in example." type:"path" placeholder:"FILE"`
	Listen   string `help:"Address to listen on, instead of the configuration's." placeholder:"HOST:PORT"`
	Data     string `help:"Data directory, instead of the configuration's." type:"path" placeholder:"DIR"`
	Clock    string `help:"arrival refuses events that are too old or in the future; event takes them as they come." enum:"arrival,event," default:""`
	Insecure bool   `help:"Listen beyond this machine without TLS and API keys."`
	Standby  bool   `help:"If another process has the data directory, wait until it is gone and take over."`
	Restored bool   `help:"The data directory was restored from a backup: say so at the first start after that."`
	DevKafka bool   `name:"dev-kafka" help:"Start an in-process broker that speaks Kafka's protocol and publish to it. It forgets everything at the end."`
	Quiet    bool   `help:"Print nothing but errors."`
}

func (c *serveCommand) Run(ctx context.Context) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(s.run(ctx), s.close())
}

// service is a running process: the node and what stands around it.
type service struct {
	command     *serveCommand
	config      config.Config
	log         *slog.Logger
	node        *node.Node
	recovery    node.Recovery
	server      *api.Server
	listener    net.Listener
	reloads     reloads
	hangups     chan os.Signal
	publisher   *publisher
	reading     *reading
	certificate *certificate // nil: no TLS
	sender      atomic.Pointer[kafka.Publisher]
}

// open starts everything but the HTTP listener's loop.
func (c *serveCommand) open(ctx context.Context) (s *service, err error) {
	s = &service{command: c, log: newLogger(c.Quiet), hangups: make(chan os.Signal, 1)}
	signal.Notify(s.hangups, syscall.SIGHUP) // which would end the process, also while it recovers
	if s.config, err = c.load(); err != nil {
		return nil, err
	}
	if err := c.secure(&s.config); err != nil {
		return nil, err
	}
	panKey, err := s.config.PANKey()
	if err != nil {
		return nil, err
	}
	if s.certificate, err = newCertificate(s.config.Certificate, time.Now, s.log); err != nil {
		return nil, err
	}
	if err := s.usable(); err != nil {
		return nil, err
	}
	tuneRuntime(int64(s.config.State.Cache))
	files, err := config.Deciding(s.config.Files)
	if err != nil {
		return nil, err
	}
	if err := s.standBy(ctx); err != nil {
		return nil, err
	}
	if s.listener, err = net.Listen("tcp", s.config.Listen); err != nil {
		err = &tidegate.Error{Code: tidegate.CodeConflict, Message: "cannot listen on " + s.config.Listen + ": choose another with --listen", Cause: err}
		return nil, errors.Join(heldByAnother(s.config.Data), err)
	}
	var activation error
	options := nodeOptions(&s.config, files, s.log)
	options.Restored = c.Restored
	if len(s.config.Kafka.Brokers) > 0 || c.DevKafka {
		options.ReadersAt = s.publishedAt
	}
	s.node, s.recovery, activation, err = node.Open(options)
	if err != nil {
		return nil, errors.Join(err, s.listener.Close())
	}
	s.reloads.set(activation)
	s.reloads.decided = files
	if activation != nil {
		s.log.Error("the configuration is wrong; the one recorded before goes on deciding", "error", activation)
	}
	registry := prometheus.NewRegistry()
	s.server = api.New(s.node, api.Options{
		Log: s.log, Clock: time.Now, BodyLimit: int64(s.config.Limits.Body), InFlight: s.config.Limits.InFlight,
		Keys: apiKeys(s.config.APIKeys), PANKey: panKey, Registry: registry, EventClock: s.config.Clock == "event",
		ReloadErrors: s.reloads.get, Inputs: func() []api.InputStatus { return s.reading.standings() },
	})
	if s.publisher, err = startPublisher(ctx, s, registry); err != nil {
		return nil, errors.Join(err, s.listener.Close(), s.node.Close())
	}
	if s.reading, err = startIntake(ctx, s, panKey, registry); err != nil {
		return nil, errors.Join(err, s.publisher.close(), s.listener.Close(), s.node.Close())
	}
	registry.MustRegister(inputMetrics{s.node, s.reading.of()})
	return s, nil
}

// heldByAnother says which process has a data directory, if one has: a second
// start by mistake meets its port first.
func heldByAnother(dir string) error {
	if _, err := os.Stat(dir); err != nil {
		return nil
	}
	lock, err := state.LockDirectory(dir, time.Now())
	if err != nil {
		return err
	}
	return lock.Close()
}

// run serves until ctx is over, the node fails or the listener does.
func (s *service) run(ctx context.Context) error {
	watching, stopWatching := context.WithCancel(ctx)
	watched, hungUp := s.watch(watching), s.onHangup(watching)
	defer func() {
		stopWatching()
		<-watched
		<-hungUp
	}()
	if !s.command.Quiet {
		s.banner(os.Stdout)
	}
	web := &http.Server{
		Handler: s.server, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		ReadHeaderTimeout: s.config.Limits.Read.Std(), ReadTimeout: s.config.Limits.Read.Std(),
		WriteTimeout: s.config.Limits.Read.Std() + answerWithin, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
	}
	served := make(chan error, 1)
	go func() { served <- s.serve(web) }()
	var failed error
	select {
	case <-ctx.Done():
		s.log.Info("stopping: answering what is under way")
	case <-s.node.Failed():
		failed = s.node.Err()
	case err := <-served:
		return err
	}
	s.server.Drain()
	draining, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := web.Shutdown(draining); err != nil {
		failed = errors.Join(failed, web.Close())
	}
	<-served
	return failed
}

// answerWithin is more than the longest deadline that a policy may have.
const answerWithin = 40 * time.Second

func (s *service) serve(web *http.Server) error {
	var err error
	if s.certificate != nil {
		web.TLSConfig = &tls.Config{GetCertificate: s.certificate.get}
		err = web.ServeTLS(s.listener, "", "")
	} else {
		err = web.Serve(s.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (s *service) close() error {
	s.reading.close()
	err := errors.Join(s.publisher.close(), s.node.Close())
	if err != nil {
		s.log.Error("stopped", "error", err)
	} else {
		s.log.Info("stopped")
	}
	return err
}

// standBy waits, if it is asked to, for the process that has the data directory.
// The directory must be on a volume that both see. Whoever was there before is
// fenced: the publisher takes its place in Kafka.
func (s *service) standBy(ctx context.Context) error {
	if !s.command.Standby {
		return nil
	}
	s.log.Info("standing by", "data", s.config.Data)
	lock, err := state.AwaitDirectory(ctx, s.config.Data, time.Now)
	if err != nil {
		return err
	}
	s.log.Info("taking over", "data", s.config.Data)
	return lock.Close() // the node claims it anew; another standby that is faster is the one
}

// moreProcs are beside one a core: a goroutine in a sync of the disk keeps its
// own until the runtime's monitor looks, which takes up to 10 ms, and those
// queued there wait with it.
const moreProcs = 2

// tuneRuntime lets the collector run seldom, unless the environment says
// otherwise: keyed state lives long, marking it takes a core for a while, and
// the answers of that while are the slow ones. Memory beyond what the cache of
// state explains makes it run sooner.
func tuneRuntime(cache int64) {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.SetDefaultGOMAXPROCS()
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + moreProcs)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(4*cache + 1<<30)
	}
	hugepages.Reserve(cache)
}

func (c *serveCommand) load() (cfg config.Config, err error) {
	if c.Config != "" {
		cfg, err = config.Load(c.Config)
	} else {
		cfg, err = config.Embedded(examples.Issuer())
	}
	if err != nil {
		return cfg, err
	}
	if c.Listen != "" && !config.Address(c.Listen) {
		return cfg, tidegate.Errorf(tidegate.CodeConfig, "--listen %q is not host:port, as 127.0.0.1:8080", c.Listen)
	}
	for _, o := range []struct{ from, to *string }{{&c.Listen, &cfg.Listen}, {&c.Data, &cfg.Data}, {&c.Clock, &cfg.Clock}} {
		if *o.from != "" {
			*o.to = *o.from
		}
	}
	return cfg, nil
}

// secure refuses to let anonymous callers in from outside the machine.
func (c *serveCommand) secure(cfg *config.Config) error {
	if c.Insecure || config.Loopback(cfg.Listen) || cfg.TLS.Cert != "" && len(cfg.APIKeys) > 0 {
		return nil
	}
	const exposed = "%s can be reached from other machines: give tls and api_keys in tidegate.yaml, or say --insecure"
	if c.Listen != "" {
		return tidegate.Errorf(tidegate.CodeConfig, exposed, cfg.Listen)
	}
	return cfg.Errorf("$.listen", exposed, cfg.Listen)
}

func nodeOptions(cfg *config.Config, files map[string][]byte, log *slog.Logger) node.Options {
	return node.Options{
		Dir: cfg.Data, Files: files, Clock: time.Now, EventClock: cfg.Clock == "event",
		CacheBytes: int64(cfg.State.Cache), SegmentBytes: int64(cfg.Journal.Segment), MinFreeBytes: int64(cfg.Journal.MinFree),
		CheckpointEvery: cfg.Checkpoint.Every.Std(), Retention: cfg.Journal.Retention.Std(), IDs: cfg.Journal.IDs.Std(),
		Report: (&reporter{clock: time.Now, log: log}).report,
	}
}

func apiKeys(keys []config.APIKey) []api.Key {
	var list []api.Key
	for _, k := range keys {
		key := api.Key{ID: k.ID, SHA256: k.SHA256, Tenant: k.Tenant, Source: k.Source}
		for _, s := range k.Scopes {
			key.Scopes = append(key.Scopes, api.Scope(s))
		}
		list = append(list, key)
	}
	return list
}

func newLogger(quiet bool) *slog.Logger {
	level := slog.LevelInfo
	if quiet {
		level = slog.LevelError
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

func (s *service) banner(w *os.File) {
	set := s.node.Rules()
	r := s.recovery
	fmt.Fprintf(w, "Tidegate %s\n\n", version())
	fmt.Fprintf(w, "  listening  %s\n", s.url(s.listener.Addr().String()))
	fmt.Fprintf(w, "  data       %s\n", s.config.Data)
	fmt.Fprintf(w, "  loaded     %d rules, %d features, %d models, %d lists (configuration %d)\n", len(set.Rules), set.Features, len(set.Models), len(set.Lists), set.Generation)
	if len(s.publisher.brokers) > 0 {
		fmt.Fprintf(w, "  publishing to %s: %s, %s\n", strings.Join(s.publisher.brokers, ","), s.config.Kafka.DecisionsTopic, s.config.Kafka.AlertsTopic)
	}
	for _, in := range s.config.Kafka.Inputs {
		if s.reading != nil {
			fmt.Fprintf(w, "  reading    %s as %s\n", in.Topic, in.Takes)
		}
	}
	if !r.Created {
		fmt.Fprintf(w, "  recovered  checkpoint at record %d, %d records after it\n", r.Checkpoint, r.Applied)
	}
	if r.TornBytes > 0 {
		fmt.Fprintf(w, "             cut off %d bytes of a record that was never answered\n", r.TornBytes)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(w, "             %s\n", warning)
	}
	fmt.Fprintf(w, "\nTry:\n\n  %s\n\n", s.curlExample(time.Now()))
}

func (s *service) url(host string) string {
	if s.certificate != nil {
		return "https://" + host
	}
	return "http://" + host
}

// curlExample is a payment of now, to paste.
func (s *service) curlExample(now time.Time) string {
	host, key := s.listener.Addr().String(), ""
	if at, ok := s.listener.Addr().(*net.TCPAddr); ok && at.IP.IsUnspecified() {
		host = fmt.Sprintf("localhost:%d", at.Port)
	}
	if len(s.config.APIKeys) > 0 {
		key = "-H 'Authorization: Bearer KEY' "
	}
	return fmt.Sprintf(`curl -s %s%s/v1/authorize -d '{"timestamp":"%s","transaction_id":"t-%d","customer_id":"c-1","amount":"42.00","currency":"EUR","merchant_id":"m-1","merchant_country":"DE","channel":"ecom"}'`,
		key, s.url(host), now.UTC().Format("2006-01-02T15:04:05.000Z"), now.UnixMilli())
}
