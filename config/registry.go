package config

import (
	"os"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/yamlfile"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/schema"
)

// Registry is where schemas are.
type Registry struct {
	URL          string `yaml:"url"`
	CA           string `yaml:"ca"` // who signed its certificate, where that is nobody the system knows
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password_file"`
	PasswordEnv  string `yaml:"password_env"`
}

func (r *Registry) check(document yamlfile.Document) error {
	password := r.PasswordFile != "" || r.PasswordEnv != ""
	switch {
	case r.URL == "" && *r != (Registry{}):
		return document.Errorf("$.kafka.registry", "kafka.registry needs a url")
	case (r.User != "") != password, r.PasswordFile != "" && r.PasswordEnv != "":
		return document.Errorf("$.kafka.registry", "kafka.registry needs a user and a password_file or a password_env, or neither")
	}
	return nil
}

// Open makes a client of the registry; nil where there is none.
func (r *Registry) Open() (*schema.Registry, error) {
	if r.URL == "" {
		return nil, nil
	}
	o := schema.RegistryOptions{URL: r.URL, User: r.User}
	var err error
	if r.User != "" {
		if o.Password, err = kafka.Secret("kafka.registry", r.PasswordFile, r.PasswordEnv); err != nil {
			return nil, err
		}
	}
	if o.TLS, err = (kafka.TLS{CA: r.CA}).Config(); err != nil {
		return nil, err
	}
	return schema.NewRegistry(o)
}

// Plain tells whether values are taken as they come.
func (in *KafkaInput) Plain() bool {
	return !in.Debezium && !in.registered() && in.Expect == ""
}

func (in *KafkaInput) registered() bool { return in.Format != string(schema.JSON) }

// Decoder is what makes events of the topic's values.
func (in *KafkaInput) Decoder(registry *schema.Registry) (schema.Decoder, error) {
	o := schema.Options{Format: schema.Format(in.Format), Registry: registry, Subject: in.Subject}
	if in.Debezium {
		o.Debezium = &schema.Debezium{Operations: in.Operations, Type: in.EventType}
	}
	if in.Expect != "" {
		text, err := os.ReadFile(in.Expect)
		if err != nil {
			return nil, &tidegate.Error{Code: tidegate.CodeConfig, File: in.Expect, Message: "cannot be read", Cause: rootCause(err)}
		}
		o.Expect = string(text)
	}
	return schema.New(o)
}
