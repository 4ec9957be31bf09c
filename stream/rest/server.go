package rest

import (
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/loopback"
	"github.com/tidegate/tidegate/stream"
)

// Server serves pipelines to this machine.
type Server struct {
	http    http.Server
	address net.Addr
	serving sync.WaitGroup
}

// Listen serves some pipelines at an address of this machine, such as
// 127.0.0.1:8090, until Close. Other addresses are refused: nobody is asked
// who they are.
func Listen(address string, pipelines ...*stream.Pipeline) (*Server, error) {
	if err := local(address); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "can't listen", Cause: err}
	}
	s := &Server{address: l.Addr()}
	s.http.Handler = NewHandler(pipelines...)
	s.http.ReadHeaderTimeout = 10 * time.Second
	s.serving.Go(func() { _ = s.http.Serve(l) }) // it ends with Close
	return s, nil
}

// local refuses what others can reach.
func local(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return &tidegate.Error{Code: tidegate.CodeConfig, Message: "the address to listen on", Cause: err}
	}
	if !loopback.Is(host) {
		return tidegate.Errorf(tidegate.CodeConfig, "pipelines are shown to this machine only: listen on 127.0.0.1, not on %q", host)
	}
	return nil
}

// Addr is where it listens.
func (s *Server) Addr() string { return s.address.String() }

// Close ends it, with the requests under way.
func (s *Server) Close() error {
	err := s.http.Close()
	s.serving.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
