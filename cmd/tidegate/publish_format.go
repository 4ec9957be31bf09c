package main

import (
	"context"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/docs/schemas"
	"github.com/tidegate/tidegate/stream/schema"
)

// outputs writes decisions and alerts in the configuration's format. Without
// encoders they are JSON.
type outputs struct {
	decision, alert *schema.Encoder
}

func newOutputs(k *config.Kafka) (o outputs, err error) {
	format := schema.Format(k.Outputs.Format)
	if format == schema.JSON {
		return o, nil
	}
	decision, alert := schemas.Decision, schemas.Alert
	if format == schema.Avro {
		decision, alert = schemas.DecisionAvro, schemas.AlertAvro
	}
	registry, err := k.Registry.Open()
	if err != nil {
		return o, err
	}
	if o.decision, err = schema.NewEncoder(registry, format, k.DecisionsTopic+"-value", decision); err != nil {
		return o, err
	}
	o.alert, err = schema.NewEncoder(registry, format, k.AlertsTopic+"-value", alert)
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
