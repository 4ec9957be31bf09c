package main

import (
	"context"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/stream/schema"
)

// outputs writes decisions and alerts in the configuration's format. Without
// encoders they are JSON.
type outputs struct {
	decision, alert *schema.Encoder
}

func newOutputs(k *config.Kafka) (o outputs, err error) {
	o.decision, o.alert, err = k.Encoders()
	return o, err
}

// registerAgain is how soon a registry is asked again that is away, or that
// refuses.
const registerAgain = 5 * time.Second

// register lets the registry have the schemas, however long that takes; a new
// reason against it is told. Its error is ctx's.
func (o outputs) register(ctx context.Context, report func(error)) error {
	told := ""
	for _, e := range []*schema.Encoder{o.decision, o.alert} {
		if e == nil {
			continue
		}
		for err := e.Register(ctx); err != nil; err = e.Register(ctx) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err.Error() != told {
				told = err.Error()
				report(&tidegate.Error{Code: tidegate.CodeOf(err), Message: "nothing is published for now", Cause: err})
			}
			if err := sleep(ctx, registerAgain); err != nil {
				return err
			}
		}
	}
	return nil
}
