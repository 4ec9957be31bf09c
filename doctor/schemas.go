package doctor

import (
	"context"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/schema"
)

// schemas looks at those of what is read and of what is written: it compares the
// newest schema of each topic that is read with what is expected, as the service
// does before it reads.
func (e *examination) schemas(ctx context.Context) {
	k := &e.Config.Kafka
	registry, err := k.OpenRegistry()
	if err != nil {
		e.note("schema registry", Fail, "mend kafka.registry in tidegate.yaml", "%v", err)
		return
	}
	for i := range k.Inputs {
		if !k.Inputs[i].Plain() {
			e.schema(ctx, registry, i)
		}
	}
	e.outputs(ctx)
}

// outputs asks the registry about the schemas that decisions and alerts are
// written with, as the service does before it publishes.
func (e *examination) outputs(ctx context.Context) {
	k := &e.Config.Kafka
	decision, alert, err := k.Encoders()
	if err != nil {
		e.note("schema of "+k.DecisionsTopic, Fail, "mend kafka.outputs in tidegate.yaml", "%v", err)
		return
	}
	if decision != nil {
		e.output(ctx, k.DecisionsTopic, decision)
		e.output(ctx, k.AlertsTopic, alert)
	}
}

func (e *examination) output(ctx context.Context, topic string, encoder *schema.Encoder) {
	name, format := "schema of "+topic, e.Config.Kafka.Outputs.Format
	registered, err := encoder.Check(ctx)
	switch code := tidegate.CodeOf(err); {
	case err == nil && registered:
		e.note(name, OK, "", "%s, registered as subject %s", format, encoder.Subject())
	case err == nil:
		e.note(name, OK, "", "%s, not yet registered as subject %s; the service will, and the registry would take it", format, encoder.Subject())
	case code == tidegate.CodeConflict:
		e.note(name, Fail, "let the registry take our schema: its compatibility level for the subject, or another topic; until then nothing is published, and decisions go on", "%v", err)
	case code == tidegate.CodeForbidden:
		e.note(name, Fail, "let kafka.registry.user write to the subject, or have somebody else register the schema (docs/schemas); until then nothing is published, and decisions go on", "%v", err)
	default:
		e.note(name, Fail, "let this machine reach kafka.registry.url; until then nothing is published, and decisions go on", "%v", err)
	}
}

func (e *examination) schema(ctx context.Context, registry *schema.Registry, input int) {
	in := &e.Config.Kafka.Inputs[input]
	name := "schema of " + in.Topic
	d, err := e.Config.Kafka.Decoder(input, registry)
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
