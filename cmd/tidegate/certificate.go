package main

import (
	"crypto/tls"
	"log/slog"
	"sync"
	"time"
)

// certificate is what the listener shows, read again when it was renewed: by
// then the process may have run for months.
type certificate struct {
	read  func() (*tls.Certificate, error)
	clock func() time.Time
	log   *slog.Logger

	mu     sync.Mutex
	now    *tls.Certificate
	looked time.Time
	told   string // what is wrong with the files
}

// lookAgain is how soon the files are read again, when somebody connects.
const lookAgain = time.Minute

// newCertificate reads it for the first time; nil where there is none.
func newCertificate(read func() (*tls.Certificate, error), clock func() time.Time, log *slog.Logger) (*certificate, error) {
	now, err := read()
	if now == nil || err != nil {
		return nil, err
	}
	return &certificate{read: read, clock: clock, log: log, now: now, looked: clock()}, nil
}

// get is for [tls.Config]. Files that can't be used, as between the writing of
// the one and of the other, leave what was.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.clock().Sub(c.looked) >= lookAgain {
		c.look()
	}
	return c.now, nil
}

// again reads the files at once.
func (c *certificate) again() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.look()
}

func (c *certificate) look() {
	c.looked = c.clock()
	next, err := c.read()
	if err == nil {
		c.now, c.told = next, ""
		return
	}
	if c.told != err.Error() {
		c.told = err.Error()
		c.log.Error("the certificate can't be read again; the one before goes on", "error", err)
	}
}
