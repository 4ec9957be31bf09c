package kafka_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// connect makes a client and asks the broker for what it may do with a topic:
// the answer proves who it is taken for.
func connect(t *testing.T, addresses []string, security kafka.Security) error {
	t.Helper()
	options, err := security.Options()
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(addresses...), kgo.RequestRetries(1), kgo.RetryBackoffFn(func(int) time.Duration { return time.Millisecond }))...)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := client.Ping(ctx); err != nil {
		return kafka.Explain(err)
	}
	topics, err := kadm.NewClient(client).ListTopics(ctx, granted)
	if err == nil {
		err = topics.Error()
	}
	return err
}

// granted is a topic that User:tidegate may describe, and nobody else.
const granted = "granted"

// secured is a secure broker on which tidegate may describe a topic.
func secured(t *testing.T) *kafkatest.Secure {
	t.Helper()
	broker := kafkatest.StartSecure(t)
	admin := kadm.NewClient(broker.Client(t))
	if there, err := admin.ListTopics(t.Context(), granted); err != nil || there.Has(granted) {
		return broker
	}
	if _, err := admin.CreateTopic(t.Context(), 1, 1, nil, granted); err != nil && !errors.Is(err, kerr.TopicAlreadyExists) { // by another test
		t.Fatal(err)
	}
	acl := kadm.NewACLs().Allow("User:tidegate").AllowHosts("*").Topics(granted).Operations(kadm.OpDescribe).ResourcePatternType(kadm.ACLPatternLiteral)
	if _, err := admin.CreateACLs(t.Context(), acl); err != nil {
		t.Fatal(err)
	}
	return broker
}

// Every way in that there is, against Kafka itself.
func TestEveryMechanism(t *testing.T) {
	t.Parallel()
	broker := secured(t)
	tls := kafka.TLS{Enabled: true, CA: broker.File("ca.pem")}
	password := broker.File("tidegate.password")
	// Nobody else has a variable of this name, so others may run meanwhile.
	if err := os.Setenv("TIDEGATE_TEST_PASSWORD", broker.Secret(t, "tidegate.password")); err != nil {
		t.Fatal(err)
	}
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(sign(t, broker, "tidegate", time.Hour)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	endpoint := tokenEndpoint(t, broker)
	for name, sasl := range map[string]kafka.SASL{
		"PLAIN":                       {Mechanism: kafka.Plain, User: "tidegate", PasswordFile: password},
		"SCRAM-SHA-256":               {Mechanism: kafka.Scram256, User: "tidegate", PasswordFile: password},
		"SCRAM-SHA-512":               {Mechanism: kafka.Scram512, User: "tidegate", PasswordFile: password},
		"SCRAM-SHA-512 by a variable": {Mechanism: kafka.Scram512, User: "tidegate", PasswordEnv: "TIDEGATE_TEST_PASSWORD"},
		"OAUTHBEARER by a file":       {Mechanism: kafka.OAuthBearer, TokenFile: token},
		"OAUTHBEARER by a grant":      {Mechanism: kafka.OAuthBearer, TokenURL: endpoint, User: "tidegate", PasswordFile: password, Scope: "kafka"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := connect(t, broker.Addresses, kafka.Security{TLS: tls, SASL: sasl}); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("mTLS", func(t *testing.T) {
		tls.Cert, tls.Key = broker.File("tidegate.pem"), broker.File("tidegate.key")
		if err := connect(t, broker.MTLS, kafka.Security{TLS: tls}); err != nil {
			t.Error(err)
		}
	})
}

// What is wrong is said with what to do, and without the secret.
func TestRefusalsNameTheFix(t *testing.T) {
	t.Parallel()
	broker := secured(t)
	plain := kafkatest.Start(t)
	write := func(name, content string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const secret = "hunter2-is-wrong"
	wrong := write("password", secret)
	tls := kafka.TLS{Enabled: true, CA: broker.File("ca.pem")}
	scram := kafka.SASL{Mechanism: kafka.Scram512, User: "tidegate", PasswordFile: broker.File("tidegate.password")}
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no "+secret, http.StatusUnauthorized)
	}))
	defer refusing.Close()
	unknown := httptest.NewUnstartedServer(nil)
	unknown.Config.ErrorLog = log.New(io.Discard, "", 0) // a handshake that fails is what is tested
	unknown.StartTLS()
	defer unknown.Close()
	for name, c := range map[string]struct {
		addresses []string
		security  kafka.Security
		want      string
	}{
		"an unknown CA":            {broker.Addresses, kafka.Security{TLS: kafka.TLS{Enabled: true}, SASL: scram}, "put who did into kafka.tls.ca"},
		"another host":             {broker.Addresses, kafka.Security{TLS: kafka.TLS{Enabled: true, CA: tls.CA, ServerName: "kafka.bank"}, SASL: scram}, "kafka.tls.server_name"},
		"no TLS":                   {broker.Addresses, kafka.Security{SASL: scram}, "see kafka.tls.enabled"},
		"TLS to a plain port":      {plain.Addresses, kafka.Security{TLS: tls}, "see kafka.tls.enabled"},
		"no SASL":                  {broker.Addresses, kafka.Security{TLS: tls}, "it wants kafka.sasl"},
		"SASL to a plain port":     {plain.Addresses, kafka.Security{SASL: scram}, "leave kafka.sasl out"},
		"a wrong password":         {broker.Addresses, kafka.Security{TLS: tls, SASL: kafka.SASL{Mechanism: kafka.Scram256, User: "tidegate", PasswordFile: wrong}}, "look at kafka.sasl"},
		"a wrong PLAIN password":   {broker.Addresses, kafka.Security{TLS: tls, SASL: kafka.SASL{Mechanism: kafka.Plain, User: "tidegate", PasswordFile: wrong}}, "look at kafka.sasl"},
		"an unknown user":          {broker.Addresses, kafka.Security{TLS: tls, SASL: kafka.SASL{Mechanism: kafka.Scram512, User: "nobody", PasswordFile: wrong}}, "look at kafka.sasl"},
		"a token of another":       {broker.Addresses, kafka.Security{TLS: tls, SASL: kafka.SASL{Mechanism: kafka.OAuthBearer, TokenFile: write("token", secret+".e30.e30")}}, "look at kafka.sasl"},
		"a token that is over":     {broker.Addresses, kafka.Security{TLS: tls, SASL: kafka.SASL{Mechanism: kafka.OAuthBearer, TokenFile: write("over", sign(t, broker, "tidegate", -time.Hour))}}, "look at kafka.sasl"},
		"an endpoint that refuses": {broker.Addresses, kafka.Security{TLS: tls, SASL: kafka.SASL{Mechanism: kafka.OAuthBearer, TokenURL: refusing.URL, User: "tidegate", PasswordFile: wrong}}, "kafka.sasl.token_url gives no token to the client tidegate: it answers 401"},
		"an endpoint of whom":      {broker.Addresses, kafka.Security{TLS: tls, SASL: kafka.SASL{Mechanism: kafka.OAuthBearer, TokenURL: unknown.URL, User: "tidegate", PasswordFile: wrong}}, "kafka.sasl.token_url gives no token to the client tidegate: nobody we trust has signed its certificate"},
		"no endpoint":              {broker.Addresses, kafka.Security{TLS: tls, SASL: kafka.SASL{Mechanism: kafka.OAuthBearer, TokenURL: "http://127.0.0.1:1", User: "tidegate", PasswordFile: wrong}}, "kafka.sasl.token_url gives no token to the client tidegate: Post"},
		"no certificate of ours":   {broker.MTLS, kafka.Security{TLS: tls}, "kafka.tls.cert and kafka.tls.key"},
		"another's certificate":    {broker.MTLS, kafka.Security{TLS: kafka.TLS{Enabled: true, CA: tls.CA, Cert: tls.CA, Key: broker.File("tidegate.key")}}, "are not a certificate and its key in PEM"},
		"no such CA":               {broker.Addresses, kafka.Security{TLS: kafka.TLS{Enabled: true, CA: "nowhere.pem"}}, "nowhere.pem: cannot be read"},
		"a CA that is none":        {broker.Addresses, kafka.Security{TLS: kafka.TLS{Enabled: true, CA: wrong}}, "holds no certificate"},
		"no such password":         {broker.Addresses, kafka.Security{TLS: tls, SASL: kafka.SASL{Mechanism: kafka.Plain, User: "tidegate", PasswordFile: "nowhere"}}, "nowhere: cannot be read"},
		"an empty password":        {broker.Addresses, kafka.Security{TLS: tls, SASL: kafka.SASL{Mechanism: kafka.Plain, User: "tidegate", PasswordFile: write("none", "\n")}}, "is empty"},
		"a variable not set":       {broker.Addresses, kafka.Security{TLS: tls, SASL: kafka.SASL{Mechanism: kafka.Plain, User: "tidegate", PasswordEnv: "TIDEGATE_TEST_NOT_SET"}}, "TIDEGATE_TEST_NOT_SET, which is not set"},
		"nobody":                   {[]string{"127.0.0.1:1"}, kafka.Security{}, "nobody listens there"},
		"an unknown name":          {[]string{"kafka.invalid:9092"}, kafka.Security{}, "the name kafka.invalid is unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			err := connect(t, c.addresses, c.security)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.HasPrefix(name, "no endpoint") && strings.Contains(err.Error(), "kafka.brokers") {
				t.Errorf("%v\nwant %s", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the secret is shown: %v", err)
			}
			if code := tidegate.CodeOf(err); code != tidegate.CodeConfig && code != tidegate.CodeUnavailable {
				t.Errorf("code %s", code)
			}
		})
	}
}

// sign makes a token (RFC 7519) as the identity provider that the broker
// trusts would.
func sign(t *testing.T, broker *kafkatest.Secure, subject string, lasts time.Duration) string {
	block, _ := pem.Decode([]byte(broker.Secret(t, "oauth.key")))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(v any) string {
		body, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(body)
	}
	now := time.Now().Unix()
	text := encode(map[string]any{"alg": "RS256", "typ": "JWT", "kid": "test"}) + "." +
		encode(map[string]any{"iss": "tidegate-test", "aud": "kafka", "sub": subject, "scope": "kafka", "iat": now, "exp": now + int64(lasts.Seconds())})
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key.(*rsa.PrivateKey), crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// tokenEndpoint gives tokens to who knows tidegate's password.
func tokenEndpoint(t *testing.T, broker *kafkatest.Secure) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != "tidegate" || password != broker.Secret(t, "tidegate.password") || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "kafka" {
			http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":%q,"token_type":"bearer","expires_in":3600}`, sign(t, broker, user, time.Hour))
	}))
	t.Cleanup(server.Close)
	return server.URL
}
