package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	"github.com/tidegate/tidegate"
)

// Scope is what a key may do.
type Scope string

const (
	ScopeDecide Scope = "decide"
	ScopeEvent  Scope = "event"
	ScopeLabel  Scope = "label"
	ScopeRead   Scope = "read"
	ScopeAdmin  Scope = "admin"
)

// Key is a caller. The key itself is not known here, only its hash: it must
// be long and random, so a plain SHA-256 is enough.
type Key struct {
	ID     string
	SHA256 string // hex
	Scopes []Scope
	Tenant string
	Source string
}

// caller is who asks.
type caller struct {
	tenant string
	source string
}

type callerKey struct{}

type keyring map[string]Key // by hex hash

func newKeyring(keys []Key) keyring {
	ring := keyring{}
	for _, k := range keys {
		if k.Tenant == "" {
			k.Tenant = tidegate.DefaultTenant
		}
		ring[strings.ToLower(k.SHA256)] = k
	}
	return ring
}

// allow lets callers with a scope pass. The look-up is by the hash of what was
// sent, so its time tells nothing about the keys.
func (s *Server) allow(scope Scope) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		if len(s.keys) == 0 {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			key, known := s.keyOf(r)
			if !known {
				s.fail(w, r, tidegate.Errorf(tidegate.CodeUnauthorized, "send a key as Authorization: Bearer KEY"))
				return
			}
			if !key.may(scope) {
				s.fail(w, r, tidegate.Errorf(tidegate.CodeForbidden, "key %s has no scope %s", key.ID, scope))
				return
			}
			ctx := context.WithValue(r.Context(), callerKey{}, caller{tenant: key.Tenant, source: key.Source})
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// keyOf is the key that a request brings, if it is one of ours.
func (s *Server) keyOf(r *http.Request) (key Key, known bool) {
	token := tokenOf(r)
	sum := sha256.Sum256([]byte(token))
	key, known = s.keys[hex.EncodeToString(sum[:])]
	return key, known && token != ""
}

// mayRead tells whether a caller may know what is for callers with a key alone,
// where others are answered, too.
func (s *Server) mayRead(r *http.Request) bool {
	key, known := s.keyOf(r)
	return len(s.keys) == 0 || known && key.may(ScopeRead)
}

func (k *Key) may(scope Scope) bool {
	return slices.Contains(k.Scopes, scope) || slices.Contains(k.Scopes, ScopeAdmin)
}

// tokenOf is the text of the key that a request brings.
func tokenOf(r *http.Request) string {
	authorization := r.Header.Get("Authorization")
	if authorization == "" {
		return r.Header.Get("X-API-Key")
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") { // RFC 9110, 11.1
		return ""
	}
	return token
}

// callerOf is who asks; without keys it is the default tenant.
func callerOf(r *http.Request) caller {
	if c, ok := r.Context().Value(callerKey{}).(caller); ok {
		return c
	}
	return caller{tenant: tidegate.DefaultTenant}
}
