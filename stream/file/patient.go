package file

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"time"
)

// disk is where files are made.
type disk struct {
	create func(name string) (output, error)
	pause  time.Duration // from one try to the next, on a full disk
}

// output is a file that is written.
type output interface {
	io.WriteCloser
	Sync() error
}

func create(name string) (output, error) { return os.Create(name) }

// patient is a file that waits for room on a full disk.
type patient struct {
	disk
	ctx   context.Context // of the call under way: its end ends the waiting
	out   output
	alarm func(error)
}

func (d disk) begin(ctx context.Context, name string, alarm func(error)) (*patient, error) {
	p := &patient{disk: d, ctx: ctx, alarm: alarm}
	err := p.retry(func() (err error) {
		p.out, err = d.create(name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (p *patient) Write(b []byte) (written int, err error) {
	err = p.retry(func() error {
		n, err := p.out.Write(b[written:])
		written += n
		return err
	})
	return written, err
}

// alarmEach is how many tries are made from one alarm to the next.
const alarmEach = 60

// retry tries until there is room.
func (p *patient) retry(try func() error) error {
	for tries := 0; ; tries++ {
		err := try()
		if !isFull(err) {
			return err
		}
		if tries%alarmEach == 0 {
			p.alarm(err)
		}
		timer := time.NewTimer(p.pause)
		select {
		case <-timer.C:
		case <-p.ctx.Done():
			timer.Stop()
			return err
		}
	}
}

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
