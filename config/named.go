package config

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/schema"
)

// named is a file that tidegate.yaml names, and the member that does.
type named struct {
	member string
	path   *string
}

func (k *Kafka) named() []named {
	list := []named{
		{"$.kafka.tls.ca", &k.TLS.CA}, {"$.kafka.tls.cert", &k.TLS.Cert}, {"$.kafka.tls.key", &k.TLS.Key},
		{"$.kafka.sasl.password_file", &k.SASL.PasswordFile}, {"$.kafka.sasl.token_file", &k.SASL.TokenFile},
		{"$.kafka.registry.ca", &k.Registry.CA}, {"$.kafka.registry.password_file", &k.Registry.PasswordFile},
	}
	for i := range k.Inputs {
		list = append(list, named{fmt.Sprintf("$.kafka.inputs[%d].expect", i), &k.Inputs[i].Expect})
	}
	return list
}

// placed is an error about a file or a variable, with the place that names it
// instead: what is wrong may well be its name. under are the members that it may be of,
// as two can name the same.
func (k *Kafka) placed(err error, under ...string) error {
	var of *tidegate.Error
	if !errors.As(err, &of) {
		return err
	}
	if strings.HasSuffix(of.Field, ".password_env") {
		return k.document.Errorf("$."+of.Field, "%s %s", of.Field, of.Message)
	}
	if of.File == "" {
		return err
	}
	for _, n := range k.named() {
		for _, members := range under {
			if *n.path == of.File && strings.HasPrefix(n.member, members) {
				e := k.document.Errorf(n.member, "%s %s", of.File, of.Message)
				e.Cause = of.Cause
				return e
			}
		}
	}
	return err
}

// Options are those of a client of the brokers.
func (k *Kafka) Options() ([]kgo.Opt, error) {
	options, err := k.Security().Options()
	return options, k.placed(err, "$.kafka.tls", "$.kafka.sasl")
}

// Usable reads the files and variables that clients of the registry and decoders
// of inputs need, and those of the brokers' unless they are others': what is
// wrong is told before anything begins.
func (k *Kafka) Usable(brokers bool) error {
	if brokers {
		if _, err := k.Options(); err != nil {
			return err
		}
	}
	registry, err := k.OpenRegistry()
	if err != nil {
		return err
	}
	for i := range k.Inputs {
		if k.Inputs[i].Plain() {
			continue
		}
		if _, err := k.Decoder(i, registry); err != nil {
			return err
		}
	}
	return nil
}

// OpenRegistry makes a client of the registry; nil where there is none.
func (k *Kafka) OpenRegistry() (*schema.Registry, error) {
	r := &k.Registry
	if r.URL == "" {
		return nil, nil
	}
	o := schema.RegistryOptions{URL: r.URL, User: r.User}
	var err error
	if r.User != "" {
		if o.Password, err = kafka.Secret("kafka.registry", r.PasswordFile, r.PasswordEnv); err != nil {
			return nil, k.placed(err, "$.kafka.registry")
		}
	}
	if o.TLS, err = (kafka.TLS{CA: r.CA}).Config(); err != nil {
		return nil, k.placed(err, "$.kafka.registry")
	}
	return schema.NewRegistry(o)
}

// Decoder is what makes events of an input's values.
func (k *Kafka) Decoder(input int, registry *schema.Registry) (schema.Decoder, error) {
	in, at := &k.Inputs[input], fmt.Sprintf("$.kafka.inputs[%d].expect", input)
	o := schema.Options{Format: schema.Format(in.Format), Registry: registry, Subject: in.Subject}
	if in.Debezium {
		o.Debezium = &schema.Debezium{Operations: in.Operations, Type: in.EventType}
	}
	if in.Expect == "" {
		return schema.New(o)
	}
	text, err := os.ReadFile(in.Expect)
	if err != nil {
		return nil, k.document.Errorf(at, "%s cannot be read: %v", in.Expect, rootCause(err))
	}
	o.Expect = string(text)
	d, err := schema.New(o)
	if err != nil {
		return nil, k.document.Errorf(at, "%s: %v", in.Expect, err)
	}
	return d, nil
}
