package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/examples"
	"github.com/tidegate/tidegate/internal/yamlfile"
)

const key = "c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646"

// Every error names the file, the line and what to do.
func TestErrorsNameThePlace(t *testing.T) {
	for _, c := range []struct{ what, in, want string }{
		{"an unknown member", "listen: 127.0.0.1:1\nlisen: x\n", `tidegate.yaml:2:1: unknown field "lisen"`},
		{"a member twice", "clock: event\nclock: event\n", `tidegate.yaml:2:1: mapping key "clock" already defined at [1:1]`},
		{"broken YAML", "limits: {body: 1KiB\n", "tidegate.yaml:1:9: "},
		{"a wrong type", "limits: 5\n", "tidegate.yaml:1:9: "},
		{"brokers that are no list", "kafka: {brokers: localhost:9092}\n", "tidegate.yaml:1:18: a text was used where a list is expected: write a list, as [a, b]"},
		{"no size", "\nlimits: {body: big}\n", `tidegate.yaml:2:16: "big" is not a size: write it as 65536, 64KiB, 16MiB or 2GiB`},
		{"no duration", "checkpoint:\n  every: often\n", `tidegate.yaml:2:10: "often" is not a duration: write it as 500ms, 90s, 5m, 24h or 30d`},
		{"an unknown clock", "# time\nclock: wall\n", `tidegate.yaml:2:8: clock is "wall": write arrival or event`},
		{"half of tls", "listen: 127.0.0.1:1\ntls: {cert: a.pem}\n", "tidegate.yaml:2:6: tls needs both cert and key"},
		{"no port", "listen: localhost\n", `tidegate.yaml:1:9: listen "localhost" is not host:port, as 127.0.0.1:8080`},
		{"a tiny body", "limits:\n  in_flight: 9\n  body: 10\n", "tidegate.yaml:3:9: limits.body must be 1KiB or more"},
		{"nobody in flight", "limits:\n  in_flight: 0\n", "tidegate.yaml:2:14: limits.in_flight must be 1 or more"},
		{"no patience", "limits: {read: 0s}\n", "tidegate.yaml:1:16: limits.read must be 1ms or more"},
		{"restless checkpoints", "checkpoint: {every: 10ms}\n", "tidegate.yaml:1:21: checkpoint.every must be 1s or more"},
		{"tiny segments", "journal: {segment: 4KiB}\n", "tidegate.yaml:1:20: journal.segment must be 1MiB or more"},
		{"a key without id", "api_keys:\n  - {id: a, sha256: " + key + ", scopes: [read]}\n  - {sha256: " + key + "}\n", "tidegate.yaml:3:5: an api_keys entry needs an id and the sha256 of the key in hex: echo -n KEY | sha256sum"},
		{"a key that is no hash", "api_keys:\n  - {id: a, sha256: secret}\n", "tidegate.yaml:2:5: an api_keys entry needs an id and the sha256 of the key in hex: echo -n KEY | sha256sum"},
		{"a hash that is no hex", "api_keys:\n  - {id: a, sha256: " + strings.Repeat("x", 64) + "}\n", "tidegate.yaml:2:5: an api_keys entry needs"},
		{"a port that is none", "listen: 127.0.0.1:99999\n", `tidegate.yaml:1:9: listen "127.0.0.1:99999" is not host:port`},
		{"data nowhere", "data: ''\n", "tidegate.yaml:1:7: data is empty: name a directory, as tidegate-data"},
		{"no cache", "state: {cache: 0}\n", "tidegate.yaml:1:16: state.cache must be 64KiB or more"},
		{"a disk to the brim", "journal: {min_free: 0}\n", "tidegate.yaml:1:21: journal.min_free must be 1MiB or more"},
		{"a journal of nothing", "journal: {retention: 0s}\n", "tidegate.yaml:1:22: journal.retention must be 1h or more"},
		{"ids at once forgotten", "journal: {ids: 1m}\n", "tidegate.yaml:1:16: journal.ids must be 1h or more"},
		{"a key for nothing", "api_keys:\n  - {id: a, sha256: " + key + "}\n", "tidegate.yaml:2:5: api key a has no scopes: name what it may do"},
		{"a tenant within another", "api_keys:\n  - {id: a, sha256: " + key + ", scopes: [read], tenant: \"a\\0b\"}\n", `tidegate.yaml:2:111: "a\x00b" can't be the name of a tenant: it has letters`},
		{"an input's tenant with a space", "kafka:\n  inputs: [{topic: labels, tenant: bank 2}]\n", `tidegate.yaml:2:36: "bank 2" can't be the name of a tenant`},
		{"an id of two keys", "api_keys:\n  - {id: a, sha256: " + key + ", scopes: [read]}\n  - {scopes: [read], sha256: " + strings.Repeat("0a", 32) + ", id: a}\n", "tidegate.yaml:3:100: api key a is there twice"},
		{"a key of two", "api_keys:\n  - {id: a, sha256: " + key + ", scopes: [read]}\n  - {id: b, sha256: " + strings.ToUpper(key) + ", scopes: [admin]}\n", "tidegate.yaml:3:21: api keys a and b are the same key"},
		{"an input without a topic", "kafka:\n  inputs: [{takes: events}]\n", "tidegate.yaml:2:12: an input needs a topic"},
		{"an unknown input", "kafka:\n  inputs: [{topic: tx}]\n", `tidegate.yaml:2:12: input tx: takes is "tx": write transactions or events or labels`},
		{"a start that is none", "kafka:\n  inputs: [{topic: labels, start: soon}]\n", `tidegate.yaml:2:12: input labels: start is "soon": write earliest, latest or a time as 2026-01-02T15:04:05Z`},
		{"retries without a registry", "kafka:\n  inputs: [{topic: labels, retry: {attempts: 3}}]\n", "tidegate.yaml:2:35: input labels: retry is for formats with a registry: nothing else that fails passes for one record and not for all"},
		{"a single try", "kafka:\n  registry: {url: \"http://r\"}\n  inputs: [{topic: labels, format: avro, retry: {attempts: 1}}]\n", "tidegate.yaml:3:49: input labels: retry has from 2 to 1000 attempts, and a backoff as 1m"},
		{"an output in no format", "kafka:\n  outputs: {format: xml}\n", `tidegate.yaml:2:21: outputs: format is "xml": write json or json_schema or avro`},
		{"an unknown compression", "kafka:\n  outputs: {compression: gzip}\n", `tidegate.yaml:2:26: outputs: compression is "gzip": write lz4 or zstd or none`},
		{"an output without a registry", "kafka:\n  outputs: {format: avro}\n", "tidegate.yaml:2:21: outputs: format avro needs kafka.registry.url"},
		{"an input twice", "kafka:\n  inputs:\n  - {topic: labels}\n  - {topic: labels, takes: events}\n", "tidegate.yaml:4:5: topic labels is read twice"},
		{"an input that is an output", "kafka:\n  inputs:\n  - {topic: decisions, takes: events}\n", "tidegate.yaml:3:5: input decisions: Tidegate writes this topic: what it reads must be another"},
		{"dead letters as an input", "kafka:\n  inputs:\n  - {topic: labels}\n  - {topic: labels.dlq, takes: labels}\n", "tidegate.yaml:4:5: input labels.dlq: Tidegate writes this topic"},
		{"refused decisions as an input", "kafka:\n  inputs:\n  - {topic: decisions.dlq, takes: events}\n", "tidegate.yaml:3:5: input decisions.dlq: Tidegate writes this topic"},
		{"an input with a space", "kafka:\n  inputs:\n  - takes: events\n    topic: pay ments\n", `tidegate.yaml:4:12: "pay ments" can't be the name of a topic: it has letters, digits, '.', '_' and '-', from 1 to 241 of them`},
		{"an input that is a path", "kafka:\n  inputs: [{topic: .., takes: events}]\n", `tidegate.yaml:2:20: ".." can't be the name of a topic`},
		{"an input too long", "kafka:\n  inputs: [{topic: " + strings.Repeat("x", 242) + ", takes: events}]\n", `tidegate.yaml:2:20: "xxx`},
		{"decisions to nowhere", "kafka:\n  decisions_topic: ''\n", `tidegate.yaml:2:20: "" can't be the name of a topic`},
		{"alerts with an umlaut", "kafka:\n  alerts_topic: bestätigt\n", `tidegate.yaml:2:17: "bestätigt" can't be the name of a topic`},
		{"decisions among alerts", "kafka:\n  decisions_topic: both\n  alerts_topic: both\n", "tidegate.yaml:2:3: decisions_topic and alerts_topic are both both"},
		{"an unknown scope", "api_keys:\n  - id: a\n    sha256: " + key + "\n    scopes: [read, write]\n", `tidegate.yaml:4:20: api key a: scope "write" is unknown: decide, event, label, read or admin`},
		{"alerts among refused decisions", "kafka:\n  alerts_topic: decisions.dlq\n", "tidegate.yaml:2:17: alerts_topic is decisions.dlq, which Tidegate needs for something else"},
		{"decisions among dead letters", "kafka:\n  decisions_topic: pay.dlq\n  inputs: [{topic: pay, takes: events}]\n", "tidegate.yaml:2:20: decisions_topic is pay.dlq, which"},
		{"alerts among what was done", "kafka:\n  alerts_topic: labels.dlq.log\n", "tidegate.yaml:2:17: alerts_topic is labels.dlq.log, which"},
		{"alerts among retries", "kafka:\n  registry: {url: \"http://r\"}\n  alerts_topic: pay.retry\n  inputs: [{topic: pay, takes: events, format: avro, retry: {attempts: 2}}]\n", "tidegate.yaml:3:17: alerts_topic is pay.retry, which"},
		{"decisions among positions", "kafka:\n  decisions_topic: tidegate-positions\n", "tidegate.yaml:2:20: decisions_topic is tidegate-positions, which"},
		{"a client's secret in the clear", "kafka:\n  tls: {enabled: true}\n  sasl: {mechanism: OAUTHBEARER, token_url: 'http://idp.bank/token', user: u, password_env: P}\n", "tidegate.yaml:3:45: token_url begins with https://, or names this machine"},
		{"a token from nowhere", "kafka:\n  sasl: {mechanism: OAUTHBEARER, token_url: idp.bank/token, user: u, password_env: P}\n", "tidegate.yaml:2:45: token_url begins with https://"},
		{"a registry by another protocol", "kafka:\n  registry: {url: 'htp://r:8081'}\n", "tidegate.yaml:2:19: kafka.registry.url is a URL with http:// or https://"},
		{"a registry's path alone", "kafka:\n  registry: {url: '/apis/ccompat/v7'}\n", "tidegate.yaml:2:19: kafka.registry.url is a URL with"},
		{"a registry's password in its URL", "kafka:\n  registry: {url: 'https://u:secret@r:8081'}\n", "tidegate.yaml:2:19: kafka.registry.url names no user"},
		{"a certificate without tls", "kafka:\n  tls: {ca: ca.pem}\n", "tidegate.yaml:2:8: tls has no effect: write enabled: true"},
		{"a certificate without key", "kafka:\n  tls: {enabled: true, cert: c.pem}\n", "tidegate.yaml:2:8: tls needs both cert and key, or neither"},
		{"an unknown mechanism", "kafka:\n  sasl: {mechanism: GSSAPI}\n", "tidegate.yaml:2:21: the mechanism is PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"},
		{"no password", "kafka:\n  sasl: {mechanism: SCRAM-SHA-512, user: u}\n", "tidegate.yaml:2:21: SCRAM-SHA-512 needs a user, and a password_file or a password_env"},
		{"two passwords", "kafka:\n  sasl: {mechanism: PLAIN, user: u, password_file: f, password_env: E}\n", "tidegate.yaml:2:69: there are a password_file and a password_env: leave one out"},
		{"a token for PLAIN", "kafka:\n  sasl: {mechanism: PLAIN, user: u, password_file: f, token_file: t}\n", "tidegate.yaml:2:21: tokens are for OAUTHBEARER"},
		{"no token", "kafka:\n  sasl: {mechanism: OAUTHBEARER}\n", "tidegate.yaml:2:21: OAUTHBEARER needs a token_file or a token_url"},
		{"a token for whom", "kafka:\n  sasl: {mechanism: OAUTHBEARER, token_url: 'https://idp/token'}\n", "tidegate.yaml:2:45: token_url needs a user"},
		{"a token and a user", "kafka:\n  sasl: {mechanism: OAUTHBEARER, token_file: t, user: u}\n", "tidegate.yaml:2:46: with a token_file there are no user, password and scope"},
		{"a password in the clear", "kafka:\n  brokers: ['kafka.bank:9092']\n  sasl: {mechanism: PLAIN, user: u, password_env: P}\n", "tidegate.yaml:3:21: PLAIN sends the password or token as it is: switch tls on, or take SCRAM-SHA-512"},
		{"no partitions", "kafka:\n  topics: {partitions: 0}\n", "tidegate.yaml:2:24: kafka.topics.partitions must be 1 or more"},
		{"more in sync than there are", "kafka:\n  topics: {replication: 2, min_insync_replicas: 3}\n", "tidegate.yaml:2:49: kafka.topics.min_insync_replicas must not be more than replication, or nothing could be written"},
	} {
		t.Run(c.what, func(t *testing.T) {
			_, err := Embedded(fstest.MapFS{"tidegate.yaml": {Data: []byte(c.in)}})
			if err == nil || tidegate.CodeOf(err) != tidegate.CodeConfig || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("a key is shown: %v", err)
			}
		})
	}
}

// Every name that Kafka takes is one, as long as what goes behind it fits.
func TestTopicNames(t *testing.T) {
	for _, name := range []string{"a", "...", "0", "-_.", "Core.public_Logins-2", strings.Repeat("x", 241)} {
		if err := checkTopic(yamlfile.Document{}, "$", name); err != nil {
			t.Error(err)
		}
	}
}

// A registry is named as its client takes it.
func TestRegistryURLs(t *testing.T) {
	for _, url := range []string{"registry:8081", "http://r", "https://r:8081/apis/ccompat/v7"} {
		if _, err := Embedded(fstest.MapFS{"tidegate.yaml": {Data: []byte("kafka:\n  registry: {url: '" + url + "'}\n")}}); err != nil {
			t.Error(err)
		}
	}
}

// What is not said is the default, also where nothing is said.
func TestDefaults(t *testing.T) {
	for _, in := range []string{"", "# nothing\n", "limits: {body: 64KiB}\n", "kafka:\n  decisions_topic: decisions\n"} {
		c, err := Embedded(fstest.MapFS{"tidegate.yaml": {Data: []byte(in)}})
		c.Files = nil
		if err != nil || !reflect.DeepEqual(c, Default()) {
			t.Errorf("%q: %v, %+v", in, err, c)
		}
	}
	c, err := Embedded(examples.Issuer())
	c.Files = nil
	if c.Kafka.Brokers != nil && len(c.Kafka.Brokers) == 0 {
		c.Kafka.Brokers = nil
	}
	if err != nil || !reflect.DeepEqual(c, Default()) {
		t.Errorf("the example is not the default: %v, %+v", err, c)
	}
}

// Paths in a file start where the file is.
func TestLoad(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "tidegate.yaml")
	if err := os.WriteFile(file, []byte("data: d\ntls: {cert: c.pem, key: /k.pem}\npan_key_file: pan\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if c.Dir != dir || c.Data != filepath.Join(dir, "d") || c.TLS.Cert != filepath.Join(dir, "c.pem") || c.TLS.Key != "/k.pem" {
		t.Errorf("%+v", c)
	}
	if _, err := c.PANKey(); tidegate.CodeOf(err) != tidegate.CodeConfig || !strings.HasPrefix(err.Error(), file+":3:15: ") || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a key file that is not there: %v", err)
	}
	if _, err := c.Certificate(); tidegate.CodeOf(err) != tidegate.CodeConfig || !strings.HasPrefix(err.Error(), file+":2:13: ") {
		t.Errorf("a certificate that is not there: %v", err)
	}
	for content, ok := range map[string]bool{strings.Repeat("k", 31): false, strings.Repeat("k", 32): true} {
		if err := os.WriteFile(filepath.Join(dir, "pan"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if key, err := c.PANKey(); (err == nil) != ok || ok && string(key) != content {
			t.Errorf("a key of %d bytes: %v", len(content), err)
		}
	}
	_, err = Load(filepath.Join(dir, "none.yaml"))
	if tidegate.CodeOf(err) != tidegate.CodeConfig || !strings.Contains(err.Error(), "leave --config out") {
		t.Errorf("a file that is not there: %v", err)
	}
	if key, err := (&Config{}).PANKey(); key != nil || err != nil {
		t.Errorf("no key file: %v, %v", key, err)
	}
}

func TestLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:80": true, "127.9.9.9:80": true, "[::1]:80": true, "localhost:80": true,
		"0.0.0.0:80": false, ":80": false, "[::]:80": false, "10.0.0.1:80": false, "localhost.example:80": false, "127.0.0.1": false, "": false,
	} {
		if Loopback(address) != want {
			t.Errorf("%q: %v", address, !want)
		}
	}
}
