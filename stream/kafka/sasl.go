package kafka

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/loopback"
)

// SASL is who we are to the brokers, and where the secret is. With
// OAUTHBEARER the token is in a file, which may be renewed at any time, or is
// fetched with the client credentials grant (RFC 6749, 4.4): the user is the
// client's id, the password its secret.
type SASL struct {
	Mechanism    string `yaml:"mechanism"` // "" is none
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password_file"`
	PasswordEnv  string `yaml:"password_env"` // name of the variable
	TokenFile    string `yaml:"token_file"`
	TokenURL     string `yaml:"token_url"`
	Scope        string `yaml:"scope"`
}

// The mechanisms.
const (
	Plain       = "PLAIN"
	Scram256    = "SCRAM-SHA-256"
	Scram512    = "SCRAM-SHA-512"
	OAuthBearer = "OAUTHBEARER"
)

// tokenTimeout is how long a token's endpoint may take.
const tokenTimeout = 10 * time.Second

func (s SASL) mechanism(roots *x509.CertPool) (sasl.Mechanism, error) {
	if s.TokenFile != "" {
		if _, err := s.token(); err != nil {
			return nil, err
		}
	} else if _, err := s.password(); err != nil {
		return nil, err
	}
	switch s.Mechanism {
	case Plain:
		return plain.Plain(func(context.Context) (plain.Auth, error) {
			password, err := s.password()
			return plain.Auth{User: s.User, Pass: password}, err
		}), nil
	case Scram256, Scram512:
		auth := func(context.Context) (scram.Auth, error) {
			password, err := s.password()
			return scram.Auth{User: s.User, Pass: password}, err
		}
		if s.Mechanism == Scram256 {
			return scram.Sha256(auth), nil
		}
		return scram.Sha512(auth), nil
	}
	tokens := s.tokens(roots)
	return oauth.Oauth(func(context.Context) (oauth.Auth, error) {
		token, err := tokens.Token()
		if err != nil {
			return oauth.Auth{}, err
		}
		return oauth.Auth{Token: token.AccessToken}, nil
	}), nil
}

// password is read each time: it may have been changed.
func (s SASL) password() (string, error) { return Secret("kafka.sasl", s.PasswordFile, s.PasswordEnv) }

// Secret is what a password_file or the variable of a password_env holds; of
// names the member of tidegate.yaml that has them, for errors.
func Secret(of, file, variable string) (string, error) {
	if variable != "" {
		secret := os.Getenv(variable)
		if secret == "" {
			return "", tidegate.FieldErrorf(tidegate.CodeConfig, of+".password_env", "names the variable %s, which is not set", variable)
		}
		return secret, nil
	}
	body, err := readFile(file)
	if err == nil && len(bytes.TrimSpace(body)) == 0 {
		err = tidegate.FileErrorf(file, 0, 0, "is empty: it holds the password of %s", of)
	}
	return strings.TrimRight(string(body), "\r\n"), err
}

// tokens gives a token for each connection; one that was fetched is used until
// it is over.
func (s SASL) tokens(roots *x509.CertPool) oauth2.TokenSource {
	if s.TokenFile != "" {
		return tokenFunc(func() (*oauth2.Token, error) {
			token, err := s.token()
			return &oauth2.Token{AccessToken: token}, err
		})
	}
	client := &http.Client{Timeout: tokenTimeout, Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, // one request an hour
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
	}}
	return oauth2.ReuseTokenSource(nil, tokenFunc(func() (*oauth2.Token, error) {
		secret, err := s.password()
		if err != nil {
			return nil, err
		}
		grant := clientcredentials.Config{ClientID: s.User, ClientSecret: secret, TokenURL: s.TokenURL, Scopes: strings.Fields(s.Scope)}
		token, err := grant.Token(context.WithValue(context.Background(), oauth2.HTTPClient, client))
		if err != nil {
			return nil, &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "kafka.sasl.token_url gives no token to the client " + s.User, Cause: ofEndpoint(err)}
		}
		return token, nil
	}))
}

// token is the one in the file.
func (s SASL) token() (string, error) {
	body, err := readFile(s.TokenFile)
	token := string(bytes.TrimSpace(body))
	if err == nil && token == "" {
		err = tidegate.FileErrorf(s.TokenFile, 0, 0, "is empty: it holds the token of kafka.sasl")
	}
	return token, err
}

type tokenFunc func() (*oauth2.Token, error)

func (f tokenFunc) Token() (*oauth2.Token, error) { return f() }

func (s SASL) wrong() (member, message string) {
	password := s.PasswordFile != "" || s.PasswordEnv != ""
	switch {
	case s == SASL{}:
		return "", ""
	case !slices.Contains([]string{Plain, Scram256, Scram512, OAuthBearer}, s.Mechanism):
		return "mechanism", "the mechanism is PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"
	case s.PasswordFile != "" && s.PasswordEnv != "":
		return "password_env", "there are a password_file and a password_env: leave one out"
	case s.Mechanism != OAuthBearer && (s.TokenFile != "" || s.TokenURL != "" || s.Scope != ""):
		return "mechanism", "tokens are for OAUTHBEARER"
	case s.Mechanism != OAuthBearer && (s.User == "" || !password):
		return "mechanism", s.Mechanism + " needs a user, and a password_file or a password_env"
	case s.Mechanism != OAuthBearer:
		return "", ""
	case (s.TokenFile != "") == (s.TokenURL != ""):
		return "mechanism", "OAUTHBEARER needs a token_file or a token_url"
	case s.TokenFile != "" && (s.User != "" || password || s.Scope != ""):
		return "token_file", "with a token_file there are no user, password and scope"
	case s.TokenURL != "" && (s.User == "" || !password):
		return "token_url", "token_url needs a user, the client's id, and a password_file or a password_env with what it proves that by"
	case s.TokenURL != "" && !keepsSecret(s.TokenURL):
		return "token_url", "token_url begins with https://, or names this machine: what the client proves itself by is sent there"
	}
	return "", ""
}

// keepsSecret says whether what is sent to a URL is for nobody else to read.
func keepsSecret(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && loopback.Is(u.Hostname())
}
