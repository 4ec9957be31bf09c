package load

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"strconv"

	"github.com/tidegate/tidegate"
)

// connection speaks as much HTTP/1.1 as the measurement needs: one request,
// one answer with a Content-Length, again. It costs so little that the server
// is what is measured.
type connection struct {
	net.Conn
	in *bufio.Reader
}

func dial(ctx context.Context, address string) (*connection, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(deadline); err != nil {
			return nil, err
		}
	}
	return &connection{c, bufio.NewReaderSize(c, 16<<10)}, nil
}

var contentLength = []byte("Content-Length: ")

func (c *connection) roundTrip(request []byte) (status, size int, err error) {
	if _, err := c.Write(request); err != nil {
		return 0, 0, err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, 0, err
	}
	if len(line) < 12 {
		return 0, 0, tidegate.Errorf(tidegate.CodeMalformed, "the answer is not HTTP")
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, err
	}
	length := -1
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if value, ok := bytes.CutPrefix(line, contentLength); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, 0, err
			}
		}
	}
	if length < 0 {
		return 0, 0, tidegate.Errorf(tidegate.CodeMalformed, "the answer has no Content-Length")
	}
	_, err = c.in.Discard(length)
	return status, length, err
}
