// Package config reads tidegate.yaml and collects the files that decide.
//
// A configuration is a directory. tidegate.yaml, at its top, says how the
// process runs: where it listens, where data lies, which brokers there are.
// Everything that decides stands beside it under fixed names: features.yaml,
// attributes.yaml, rules/, lists/, models/, policy.yaml, rates.yaml. Those are
// hot-reloaded together and recorded in the journal; tidegate.yaml is not.
package config

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/loopback"
	"github.com/tidegate/tidegate/internal/yamlfile"
)

// Config is tidegate.yaml.
type Config struct {
	Listen     string     `yaml:"listen"`
	Data       string     `yaml:"data"`
	Clock      string     `yaml:"clock"` // arrival (default) or event: no clock guards
	TLS        TLS        `yaml:"tls"`
	APIKeys    []APIKey   `yaml:"api_keys"`
	Limits     Limits     `yaml:"limits"`
	State      State      `yaml:"state"`
	Checkpoint Checkpoint `yaml:"checkpoint"`
	Journal    Journal    `yaml:"journal"`
	Kafka      Kafka      `yaml:"kafka"`
	PANKeyFile string     `yaml:"pan_key_file"` // HMAC key that replaces card numbers instead of refusing them

	Files fs.FS  `yaml:"-"` // the configuration directory
	Dir   string `yaml:"-"` // its path; "" when embedded

	document yamlfile.Document // tidegate.yaml, for errors that show only later
}

// TLS names the certificate of the listener.
type TLS struct {
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// APIKey is a caller. Only the key's SHA-256 is stored.
type APIKey struct {
	ID     string   `yaml:"id"`
	SHA256 string   `yaml:"sha256"` // hex
	Scopes []string `yaml:"scopes"` // decide, event, label, read, admin
	Tenant string   `yaml:"tenant"`
	Source string   `yaml:"source"`
}

// Limits bound what one request and all requests together may take.
type Limits struct {
	Body     yamlfile.Bytes    `yaml:"body"`
	InFlight int               `yaml:"in_flight"`
	Read     yamlfile.Duration `yaml:"read"` // a request's headers and body
}

// State sizes what is kept in memory of keyed state.
type State struct {
	Cache yamlfile.Bytes `yaml:"cache"`
}

// Checkpoint says how often state is written.
type Checkpoint struct {
	Every yamlfile.Duration `yaml:"every"`
}

// Journal sizes the journal.
type Journal struct {
	Segment   yamlfile.Bytes    `yaml:"segment"`
	Retention yamlfile.Duration `yaml:"retention"`
	MinFree   yamlfile.Bytes    `yaml:"min_free"` // refuse writes before the disk has less
	IDs       yamlfile.Duration `yaml:"ids"`      // how long a retry is recognised and a label finds its transaction
}

// Default is what holds where tidegate.yaml says nothing.
func Default() Config {
	return Config{
		Listen:     "127.0.0.1:8080",
		Data:       "tidegate-data",
		Clock:      "arrival",
		Limits:     Limits{Body: 64 << 10, InFlight: 1024, Read: 5e9},
		State:      State{Cache: 1 << 30},
		Checkpoint: Checkpoint{Every: 30e9},
		Journal:    Journal{Segment: 64 << 20, Retention: yamlfile.Duration(35 * 24 * 3600e9), MinFree: 256 << 20, IDs: yamlfile.Duration(180 * 24 * 3600e9)},
		Kafka:      defaultKafka(),
	}
}

// Load reads a tidegate.yaml; the files that decide are beside it, and
// relative paths in it start there.
func Load(path string) (Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Config{}, &tidegate.Error{Code: tidegate.CodeConfig, File: path, Message: "cannot be read: name a tidegate.yaml, or leave --config out for the built-in example", Cause: rootCause(err)}
	}
	dir := filepath.Dir(path)
	c, err := parse(path, data)
	if err != nil {
		return Config{}, err
	}
	c.Dir, c.Files, c.document = dir, os.DirFS(dir), yamlfile.Document{File: path, Data: data}
	c.Kafka.document = c.document
	paths := []*string{&c.Data, &c.TLS.Cert, &c.TLS.Key, &c.PANKeyFile}
	for _, n := range c.Kafka.named() {
		paths = append(paths, n.path)
	}
	for _, p := range paths {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
	return c, nil
}

// Embedded is the configuration of a directory inside the binary. Its data
// directory is relative to where the process was started.
func Embedded(files fs.FS) (Config, error) {
	data, err := fs.ReadFile(files, "tidegate.yaml")
	if err != nil {
		return Config{}, err
	}
	c, err := parse("tidegate.yaml", data)
	c.Files = files
	return c, err
}

func parse(file string, data []byte) (Config, error) {
	c := Default()
	if err := yamlfile.Decode(file, data, &c); err != nil {
		return c, err
	}
	document := yamlfile.Document{File: file, Data: data}
	if c.Clock != "arrival" && c.Clock != "event" {
		return c, document.Errorf("$.clock", "clock is %q: write arrival or event", c.Clock)
	}
	if (c.TLS.Cert == "") != (c.TLS.Key == "") {
		return c, document.Errorf("$.tls", "tls needs both cert and key")
	}
	if !Address(c.Listen) {
		return c, document.Errorf("$.listen", "listen %q is not host:port, as 127.0.0.1:8080", c.Listen)
	}
	if c.Data == "" {
		return c, document.Errorf("$.data", "data is empty: name a directory, as tidegate-data")
	}
	for _, least := range []struct {
		path, written string
		is, at        int64
	}{
		{"limits.body", "1KiB", int64(c.Limits.Body), 1 << 10},
		{"limits.in_flight", "1", int64(c.Limits.InFlight), 1},
		{"limits.read", "1ms", int64(c.Limits.Read), 1e6},
		{"checkpoint.every", "1s", int64(c.Checkpoint.Every), 1e9},
		{"state.cache", "64KiB", int64(c.State.Cache), 64 << 10},
		{"journal.segment", "1MiB", int64(c.Journal.Segment), 1 << 20},
		{"journal.min_free", "1MiB", int64(c.Journal.MinFree), 1 << 20},
		{"journal.retention", "1h", int64(c.Journal.Retention), 3600e9}, // what is dropped can't be repeated to who retries
		{"journal.ids", "1h", int64(c.Journal.IDs), 3600e9},
	} {
		if least.is < least.at {
			return c, document.Errorf("$."+least.path, "%s must be %s or more", least.path, least.written)
		}
	}
	if err := c.checkKeys(document); err != nil {
		return c, err
	}
	return c, c.Kafka.check(document)
}

func (c *Config) checkKeys(document yamlfile.Document) error {
	ids, hashes := map[string]bool{}, map[string]string{}
	for i, k := range c.APIKeys {
		at := fmt.Sprintf("$.api_keys[%d]", i)
		if err := k.check(document, at); err != nil {
			return err
		}
		hash := strings.ToLower(k.SHA256)
		if ids[k.ID] {
			return document.Errorf(at+".id", "api key %s is there twice: give each an id of its own", k.ID)
		}
		if other, taken := hashes[hash]; taken {
			return document.Errorf(at+".sha256", "api keys %s and %s are the same key: nobody could say which one is meant", other, k.ID)
		}
		ids[k.ID], hashes[hash] = true, k.ID
	}
	return nil
}

func (k *APIKey) check(document yamlfile.Document, at string) error {
	if sum, err := hex.DecodeString(k.SHA256); k.ID == "" || err != nil || len(sum) != sha256.Size {
		return document.Errorf(at, "an api_keys entry needs an id and the sha256 of the key in hex: echo -n KEY | sha256sum")
	}
	if err := checkTenant(document, at+".tenant", k.Tenant); err != nil {
		return err
	}
	if len(k.Scopes) == 0 {
		return document.Errorf(at+".scopes", "api key %s has no scopes: name what it may do, of decide, event, label, read and admin", k.ID)
	}
	for i, s := range k.Scopes {
		switch s {
		case "decide", "event", "label", "read", "admin":
		default:
			return document.Errorf(fmt.Sprintf("%s.scopes[%d]", at, i), "api key %s: scope %q is unknown: decide, event, label, read or admin", k.ID, s)
		}
	}
	return nil
}

// Address tells whether there is a host, or none, and a port to listen on.
func Address(address string) bool {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	return err == nil
}

// Loopback tells whether an address can be reached from this machine only.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && loopback.Is(host)
}

func rootCause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Errorf is an error about a member of tidegate.yaml, as "$.listen", with its
// place.
func (c *Config) Errorf(path, format string, args ...any) error {
	return c.document.Errorf(path, format, args...)
}

// Certificate reads the listener's certificate; nil without one.
func (c *Config) Certificate() (*tls.Certificate, error) {
	if c.TLS.Cert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.TLS.Cert, c.TLS.Key)
	if err != nil {
		return nil, c.document.Errorf("$.tls.cert", "cert and key can't be used: name PEM files that belong together: %v", err)
	}
	return &pair, nil
}

// PANKey reads the key that card numbers are replaced with; nil without one.
func (c *Config) PANKey() ([]byte, error) {
	if c.PANKeyFile == "" {
		return nil, nil
	}
	key, err := os.ReadFile(c.PANKeyFile)
	if err != nil {
		return nil, c.document.Errorf("$.pan_key_file", "%s cannot be read (%v): head -c 32 /dev/urandom > FILE makes a key", c.PANKeyFile, rootCause(err))
	}
	if len(key) < 32 {
		return nil, c.document.Errorf("$.pan_key_file", "%s is shorter than 32 bytes: head -c 32 /dev/urandom > FILE makes a key", c.PANKeyFile)
	}
	return key, nil
}
