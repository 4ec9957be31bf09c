package config

import (
	"github.com/tidegate/tidegate/internal/yamlfile"
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

// Plain tells whether values are taken as they come.
func (in *KafkaInput) Plain() bool {
	return !in.Debezium && !in.registered() && in.Expect == ""
}

func (in *KafkaInput) registered() bool { return in.Format != string(schema.JSON) }
