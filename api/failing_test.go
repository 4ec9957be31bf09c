package api

import (
	"context"
	"errors"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/node"
)

// failing decides nothing: something is wrong that nobody foresaw.
type failing struct{ Node }

func (failing) Authorize(context.Context, *tidegate.Event, bool, *node.Answer) error {
	return errors.New("open /var/lib/tidegate/secret: no such file")
}
