package doctor

import (
	"context"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/stream/schema"
)

// schemas compares the newest schema of each topic that is read with what is
// expected, as the service does before it reads.
func (e *examination) schemas(ctx context.Context) {
	k := &e.Config.Kafka
	registry, err := k.Registry.Open()
	if err != nil {
		e.note("schema registry", Fail, "mend kafka.registry in tidegate.yaml", "%v", err)
		return
	}
	for i := range k.Inputs {
		if in := &k.Inputs[i]; !in.Plain() {
			e.schema(ctx, registry, in)
		}
	}
}

func (e *examination) schema(ctx context.Context, registry *schema.Registry, in *config.KafkaInput) {
	name := "schema of " + in.Topic
	d, err := in.Decoder(registry)
	if err != nil {
		e.note(name, Fail, "mend the input in tidegate.yaml", "%v", err)
		return
	}
	if in.Format == string(schema.JSON) {
		e.note(name, OK, "", "%s, without a registry", in.Format)
		return
	}
	newest, err := registry.Latest(ctx, in.Subject)
	if tidegate.CodeOf(err) == tidegate.CodeNotFound {
		e.note(name, Warn, "register one, or name the subject of the topic's schema in the input", "subject %s has none, so nothing was compared", in.Subject)
		return
	}
	if err == nil {
		err = d.Check(ctx)
	}
	switch {
	case tidegate.CodeOf(err) == tidegate.CodeUnavailable:
		e.note(name, Fail, "let this machine reach kafka.registry.url, as a user who may read it; until then the topic is not read", "%v", err)
	case err != nil:
		e.note(name, Fail, "register a schema that has what is expected, or change expect; until then the topic is not read, and everything else goes on", "%v", err)
	case in.Expect == "":
		e.note(name, OK, "", "%s, version %d of subject %s; the input expects nothing of it", in.Format, newest.Version, in.Subject)
	default:
		e.note(name, OK, "", "%s, version %d of subject %s, has what is expected", in.Format, newest.Version, in.Subject)
	}
}
