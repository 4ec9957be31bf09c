package config

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/docs/schemas"
	"github.com/tidegate/tidegate/internal/yamlfile"
	"github.com/tidegate/tidegate/stream/schema"
)

// Outputs is how decisions and alerts are written.
type Outputs struct {
	Format      string `yaml:"format"`      // json, or json_schema, avro or protobuf with their schemas in the registry
	Compression string `yaml:"compression"` // of batches: lz4, zstd or none
}

// Codecs are how batches are compressed.
var Codecs = map[string]kgo.CompressionCodec{"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(), "none": kgo.NoCompression()}

func (k *Kafka) checkOutputs(document yamlfile.Document) error {
	format := schema.Format(k.Outputs.Format)
	if _, ok := written[format]; !ok && format != schema.JSON {
		return document.Errorf("$.kafka.outputs.format", "outputs: format is %q: write json or json_schema or avro or protobuf", format)
	}
	if format != schema.JSON && k.Registry.URL == "" {
		return document.Errorf("$.kafka.outputs.format", "outputs: format %s needs kafka.registry.url", format)
	}
	if _, ok := Codecs[k.Outputs.Compression]; !ok {
		return document.Errorf("$.kafka.outputs.compression", "outputs: compression is %q: write lz4 or zstd or none", k.Outputs.Compression)
	}
	return nil
}

// written are the schemas of each format that has any.
var written = map[schema.Format]struct{ decision, alert string }{
	schema.JSONSchema: {schemas.Decision, schemas.Alert},
	schema.Avro:       {schemas.DecisionAvro, schemas.AlertAvro},
	schema.Protobuf:   {schemas.DecisionProtobuf, schemas.AlertProtobuf},
}

// Encoders are what decisions and alerts are written with; nil for plain JSON.
func (k *Kafka) Encoders() (decision, alert *schema.Encoder, err error) {
	format := schema.Format(k.Outputs.Format)
	texts, ok := written[format]
	if !ok {
		return nil, nil, nil
	}
	registry, err := k.OpenRegistry()
	if err != nil {
		return nil, nil, err
	}
	if decision, err = schema.NewEncoder(registry, format, k.DecisionsTopic+"-value", texts.decision); err != nil {
		return nil, nil, err
	}
	alert, err = schema.NewEncoder(registry, format, k.AlertsTopic+"-value", texts.alert)
	return decision, alert, err
}
