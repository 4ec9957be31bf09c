package config

import (
	"net/url"
	"strings"

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
	case r.URL == "":
		return nil
	}
	text := r.URL
	if !strings.Contains(text, "://") {
		text = "http://" + text // as the client takes it
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return document.Errorf("$.kafka.registry.url", "kafka.registry.url is a URL with http:// or https://, and the path where it has one")
	case u.User != nil: // it would stand in the log, too
		return document.Errorf("$.kafka.registry.url", "kafka.registry.url names no user: write user, and password_file or password_env, beside it")
	}
	return nil
}

// Plain tells whether values are taken as they come.
func (in *KafkaInput) Plain() bool {
	return !in.Debezium && !in.registered() && in.Expect == ""
}

func (in *KafkaInput) registered() bool { return in.Format != string(schema.JSON) }
