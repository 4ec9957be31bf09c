package detect

import (
	"encoding/json"
	"errors"

	"github.com/tidegate/tidegate/cep"
	"github.com/tidegate/tidegate/stream/state"
)

// StateCodec writes the states of a pattern's keys, for [With].
func StateCodec[E any](a *cep.Automaton[E], events cep.EventCodec[E]) state.Codec[cep.State[E]] {
	return stateCodec[E]{a, events}
}

type stateCodec[E any] struct {
	automaton *cep.Automaton[E]
	events    cep.EventCodec[E]
}

func (c stateCodec[E]) Append(dst []byte, s *cep.State[E]) []byte {
	return c.automaton.AppendState(dst, s, c.events)
}

// Decode leaves s empty if it belongs to another definition of the pattern.
func (c stateCodec[E]) Decode(b []byte, s *cep.State[E]) error {
	read, err := c.automaton.DecodeState(b, c.events)
	if errors.Is(err, cep.ErrPatternChanged) {
		return nil
	}
	if err == nil {
		*s = *read
	}
	return err
}

// JSON writes events as JSON.
func JSON[E any]() cep.EventCodec[E] { return jsonCodec[E]{} }

type jsonCodec[E any] struct{}

func (jsonCodec[E]) Append(b []byte, e E) []byte {
	text, err := json.Marshal(e)
	if err != nil {
		return append(b, err.Error()...) // unreadable: an event type that JSON can't write needs a codec
	}
	return append(b, text...)
}

func (jsonCodec[E]) Decode(b []byte) (e E, err error) {
	return e, json.Unmarshal(b, &e)
}
