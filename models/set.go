package models

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/cespare/xxhash/v2"

	"github.com/tidegate/tidegate"
)

// Set is all models of a configuration. It has one user at a time.
type Set struct {
	models   []*Model
	places   []int // where each model's score goes in the facts
	shares   []challenge
	champion int // in models; -1 without one
	version  string
}

// challenge is a challenger's share of traffic.
type challenge struct {
	model int
	limit uint64 // hashes below it are its own
}

// Load compiles the models that manifests describe. files are contents by
// path; schema says where features are, and where "model.NAME" goes.
// Every error in every model is reported.
func Load(manifests []Manifest, files map[string][]byte, schema *tidegate.Schema) (*Set, error) {
	s := &Set{champion: -1}
	var errs []error
	all := sha256.New()
	for _, m := range manifests {
		model, err := newModel(m, files, schema)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		at, ok := schema.Index(VariableName(m.Name))
		if !ok {
			at = -1
		}
		if m.Role == Champion {
			s.champion = len(s.models)
		}
		if m.Role == Challenger {
			s.shares = append(s.shares, challenge{len(s.models), uint64(float64(m.Traffic) * (1 << 53))})
		}
		s.models, s.places = append(s.models, model), append(s.places, at)
		all.Write([]byte(m.Name + model.Version + model.hash))
	}
	s.version = hex.EncodeToString(all.Sum(nil)[:4])
	return s, errors.Join(errs...)
}

// VariableName is the name that a model's probability has in rules.
func VariableName(model string) string { return "model." + model }

// Variables are the catalog's entries for the models' probabilities.
func Variables(manifests []Manifest) []tidegate.Variable {
	var vars []tidegate.Variable
	for _, m := range manifests {
		vars = append(vars, tidegate.Variable{Name: VariableName(m.Name), Kind: tidegate.KindNumber, Unit: "probability", Description: m.Description, Definition: m.File})
	}
	return vars
}

// Score evaluates every model, appends what they say to d, and returns the
// one whose probability decides: the challenger for its share of ids, else
// the champion; nil without either. A model that fails is named in
// d.Degraded.
func (s *Set) Score(f *tidegate.Facts, idHash uint64, d *tidegate.Decision) (decides *Model, probability float64) {
	deciding := s.deciding(idHash)
	for i, m := range s.models {
		p, ok := m.score(f)
		if !ok {
			d.Degraded = append(d.Degraded, VariableName(m.Name))
		}
		if s.places[i] >= 0 {
			f.SetNumber(s.places[i], p)
		}
		d.Models = append(d.Models, tidegate.ModelScore{Name: m.Name, Version: m.Version, Role: string(m.Role), Score: p, Fallback: !ok})
		if i == deciding {
			decides, probability = m, p
		}
	}
	return decides, probability
}

func (s *Set) deciding(idHash uint64) int {
	for _, c := range s.shares {
		// Each challenger looks at its own hash, so that shares do not overlap by design of the id.
		h := xxhash.Sum64String(s.models[c.model].Name) ^ idHash
		if mix(h)>>11 < c.limit {
			return c.model
		}
	}
	return s.champion
}

// mix is the finalizer of splitmix64 (Steele, Lea, Flood 2014).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// Models lists the models.
func (s *Set) Models() []*Model { return s.models }

// Version names the set's contents.
func (s *Set) Version() string { return s.version }

// References are the places in the facts that models look at.
func (s *Set) References() []int {
	var places []int
	for _, m := range s.models {
		places = append(places, m.reads...)
	}
	return places
}
