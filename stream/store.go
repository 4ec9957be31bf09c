package stream

import (
	"math"
	"os"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/hugepages"
	"github.com/tidegate/tidegate/stream/state"
)

// openStore opens the state, with what the pipeline is to start from.
func (r *run) openStore() (*state.Store, error) {
	options := r.p.options
	o := state.Options{CacheBytes: options.CacheBytes, Spill: true}
	switch {
	case options.State != nil:
		r.listing = &listing{Backend: options.State}
		hugepages.Reserve(options.CacheBytes)
	case options.Savepoint == "":
		return state.NewMemory(), nil
	default:
		// What the savepoint holds is kept in memory, encoded, beside the state.
		r.listing = &listing{Backend: &memory{rows: map[string]string{}}}
		o.CacheBytes = math.MaxInt64
	}
	if options.Savepoint == "" {
		return state.Open(r.listing, o)
	}
	f, err := os.Open(options.Savepoint)
	if err != nil {
		return nil, &tidegate.Error{Code: tidegate.CodeNotFound, Message: "can't open the savepoint", Cause: err}
	}
	defer f.Close()
	return state.Import(f, r.listing, o)
}
