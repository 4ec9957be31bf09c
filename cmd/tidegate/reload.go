package main

import (
	"context"
	"os/signal"
	"sync"
	"sync/atomic"

	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/rules/watch"
)

// reloads holds what is wrong with the newest saved configuration.
type reloads struct {
	err     atomic.Pointer[error]
	mu      sync.Mutex // held while one is under way
	decided map[string][]byte
}

func (r *reloads) set(err error) {
	if err == nil {
		r.err.Store(nil)
		return
	}
	r.err.Store(&err)
}

func (r *reloads) get() error {
	if err := r.err.Load(); err != nil {
		return *err
	}
	return nil
}

// watch reloads the configuration when its files change, until ctx is over;
// then the channel is closed. The built-in example does not change.
func (s *service) watch(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	if s.config.Dir == "" {
		close(done)
		return done
	}
	go func() {
		defer close(done)
		err := watch.Dir(ctx, s.config.Dir, func() { s.reload(ctx) }, config.DecidingNames()...)
		if err != nil && ctx.Err() == nil {
			s.log.Error("files are no longer watched", "error", err)
		}
	}()
	return done
}

// onHangup reads again what can be read again when SIGHUP asks for it, until ctx
// is over; then the channel is closed. Files that decide are noticed without it.
func (s *service) onHangup(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer signal.Stop(s.hangups)
		for {
			select {
			case <-ctx.Done():
				return
			case <-s.hangups:
			}
			s.log.Info("hangup: the files that decide and the certificate are read again; tidegate.yaml is not")
			s.certificate.again()
			if s.config.Dir != "" {
				s.reload(ctx)
			}
		}
	}()
	return done
}

// reload lets the files as they are now decide, if they are sound; if not,
// what decides goes on and the error is shown.
func (s *service) reload(ctx context.Context) {
	s.reloads.mu.Lock()
	defer s.reloads.mu.Unlock()
	files, err := config.Deciding(s.config.Files)
	if err == nil {
		err = config.Gone(s.config.Files, s.reloads.decided)
	}
	changed := false
	if err == nil {
		changed, err = s.node.ActivateContext(ctx, files)
	}
	if ctx.Err() != nil {
		return // the next start goes on with it
	}
	if err == nil {
		s.reloads.decided = files
	}
	s.reloads.set(err)
	switch {
	case err != nil:
		s.log.Error("the saved configuration is wrong; the one before goes on deciding", "error", err)
	case changed:
		set := s.node.Rules()
		s.log.Info("reloaded", "configuration", set.Generation, "rules", len(set.Rules), "version", set.Versions.Rules)
	}
}
