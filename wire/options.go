package wire

import (
	"time"

	"github.com/tidegate/tidegate"
)

// Limits of what is read from outside. They bound what one request may cost.
const (
	DefaultMaxBody  = 64 << 10        // bytes of a body
	MaxDepth        = 32              // objects and arrays within each other
	MaxID           = 256             // bytes of an id or a typed text
	MaxText         = 1024            // bytes of an attribute's text
	MaxAttributes   = 64              // members of "attributes"
	MaxWarnings     = 16              // unknown members that are named; the rest are counted
	DefaultMaxAhead = 5 * time.Minute // how far a sender's clock may be ahead
)

// Kind is what a face of the service takes.
type Kind uint8

const (
	AnyEvent    Kind = iota // without event_type it is a transaction
	Transaction             // the same, and nothing else
	OtherEvent              // must name its event_type, and be no transaction
)

// Options says how strictly to read. The zero value is fit for use.
type Options struct {
	Kind    Kind
	Tenant  string // of everything read; never taken from the body. "" is [tidegate.DefaultTenant]
	MaxBody int    // bytes; 0 is [DefaultMaxBody]

	// MaxAge refuses events older than this when they arrive; 0 is no limit.
	// MaxAhead refuses events from further in the future; 0 is [DefaultMaxAhead].
	MaxAge, MaxAhead time.Duration

	// PANKey, when set, replaces card numbers in ids, texts and attributes by
	// "pan:" and their HMAC-SHA256 in hex, instead of refusing them.
	PANKey []byte

	// Attributes declares kinds. A declared attribute of another kind is
	// refused; one that is not declared may be of any kind.
	Attributes map[string]tidegate.Kind

	// Computed tells the names of what is computed, as features. An attribute of
	// such a name is refused: whoever sends it hopes that it counts. May be nil.
	Computed func(name string) bool
}

func (o *Options) maxBody() int {
	if o.MaxBody > 0 {
		return o.MaxBody
	}
	return DefaultMaxBody
}

func (o *Options) tenant() string {
	if o.Tenant != "" {
		return o.Tenant
	}
	return tidegate.DefaultTenant
}

func (o *Options) maxAhead() time.Duration {
	if o.MaxAhead > 0 {
		return o.MaxAhead
	}
	return DefaultMaxAhead
}
