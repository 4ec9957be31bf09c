package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidegate/tidegate"
)

// A file that is named and can't be used is told with the place that names it.
func TestNamedFiles(t *testing.T) {
	options := func(k *Kafka) error { _, err := k.Options(); return err }
	registry := func(k *Kafka) error { _, err := k.OpenRegistry(); return err }
	decoder := func(k *Kafka) error {
		r, err := k.OpenRegistry()
		if err == nil {
			_, err = k.Decoder(1, r)
		}
		return err
	}
	const away = " cannot be read: no such file or directory"
	for name, c := range map[string]struct {
		kafka      string
		use        func(*Kafka) error
		place      string
		file, then string
	}{
		"password":             {"\n  sasl: {mechanism: SCRAM-SHA-512, user: u, password_file: away}", options, "2:60", "away", away},
		"an empty password":    {"\n  sasl:\n    mechanism: SCRAM-SHA-512\n    user: u\n    password_file: empty", options, "5:20", "empty", " is empty: it holds the password of kafka.sasl"},
		"token":                {"\n  tls: {enabled: true}\n  sasl: {mechanism: OAUTHBEARER, token_file: away}", options, "3:46", "away", away},
		"an empty token":       {"\n  tls: {enabled: true}\n  sasl: {mechanism: OAUTHBEARER, token_file: empty}", options, "3:46", "empty", " is empty: it holds the token of kafka.sasl"},
		"CA":                   {"\n  tls:\n    enabled: true\n    ca: away", options, "4:9", "away", away},
		"a CA that is none":    {" {tls: {enabled: true, ca: empty}}", options, "1:34", "empty", " holds no certificate: "},
		"certificate":          {" {tls: {enabled: true, cert: away, key: empty}}", options, "1:36", "away", away},
		"key":                  {" {tls: {enabled: true, cert: empty, key: away}}", options, "1:48", "away", away},
		"a pair that is none":  {" {tls: {enabled: true, cert: empty, key: schema}}", options, "1:36", "empty", " and DIR/schema are not a certificate and its key in PEM: "},
		"registry's password":  {"\n  registry: {url: 'http://r', user: u, password_file: away}", registry, "2:55", "away", away},
		"registry's CA":        {"\n  registry: {url: 'https://r', ca: away}", registry, "2:36", "away", away},
		"the CA of two":        {"\n  tls: {enabled: true, ca: away}\n  registry: {url: 'https://r', ca: away}", registry, "3:36", "away", away},
		"schema":               {"\n  inputs:\n  - {topic: events}\n  - topic: labels\n    expect: away", decoder, "5:13", "away", away},
		"a schema of two":      {"\n  inputs:\n  - {topic: events, expect: away}\n  - {topic: labels, expect: away}", decoder, "4:29", "away", away},
		"a schema that is bad": {"\n  registry: {url: 'http://r'}\n  inputs:\n  - {topic: events}\n  - {topic: labels, format: avro, expect: schema}", decoder, "5:43", "schema", ": the expected schema can't be read: "},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "tidegate.yaml")
			for name, content := range map[string]string{"tidegate.yaml": "kafka:" + c.kafka + "\n", "empty": "", "schema": "no schema"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cfg, err := Load(file)
			if err != nil {
				t.Fatal(err)
			}
			err = c.use(&cfg.Kafka)
			want := file + ":" + c.place + ": " + filepath.Join(dir, c.file) + strings.ReplaceAll(c.then, "DIR", dir)
			if tidegate.CodeOf(err) != tidegate.CodeConfig || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%v\nwant %s", err, want)
			}
		})
	}
}

// So is a variable.
func TestNamedVariables(t *testing.T) {
	for kafka, want := range map[string]string{
		"kafka:\n  sasl: {mechanism: SCRAM-SHA-512, user: u, password_env: TIDEGATE_TEST_UNSET}\n": ":2:59: kafka.sasl.password_env names the variable TIDEGATE_TEST_UNSET, which is not set",
		"kafka:\n  registry: {url: 'http://r', user: u, password_env: TIDEGATE_TEST_UNSET}\n":      ":2:54: kafka.registry.password_env names the variable TIDEGATE_TEST_UNSET, which is not set",
	} {
		file := filepath.Join(t.TempDir(), "tidegate.yaml")
		if err := os.WriteFile(file, []byte(kafka), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := Load(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := cfg.Kafka.Usable(true); tidegate.CodeOf(err) != tidegate.CodeConfig || err.Error() != file+want {
			t.Errorf("%v\nwant %s", err, file+want)
		}
	}
}
