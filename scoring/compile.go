package scoring

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"sort"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/features"
	"github.com/tidegate/tidegate/internal/yamlfile"
	"github.com/tidegate/tidegate/models"
	"github.com/tidegate/tidegate/rules"
	"github.com/tidegate/tidegate/scoring/patterns"
)

// EngineVersion names what the code of this package makes of a configuration.
const EngineVersion = "1"

// Compile makes a scorer from the contents of a configuration's files, by
// slash-separated path:
//
//	features.yaml, features/*.yaml   what is known
//	attributes.yaml                  types of free attributes
//	patterns/*.yaml                  what has been happening
//	models/*.yaml, models/*.onnx     how likely
//	lists/*, rules/*.yaml, suppressions.yaml   what the analysts say
//	policy.yaml, rates.yaml          what is answered
//
// It reports every error it finds, each with its file and line.
func Compile(files map[string][]byte) (*Scorer, error) {
	c := &compiler{files: files, scorer: &Scorer{}}
	c.policy()
	c.features()
	c.patterns()
	c.layout()
	if len(c.errs) == 0 { // else most names would be unknown
		c.models()
		c.rules()
	}
	if err := errors.Join(c.errs...); err != nil {
		return nil, err
	}
	return c.finish(), nil
}

// CompilePatterns compiles the patterns of a configuration alone, and leaves
// their tests to the caller.
func CompilePatterns(files map[string][]byte) (*patterns.Set, error) {
	c := &compiler{files: files, scorer: &Scorer{}, skipTests: true}
	c.policy()
	c.features()
	c.patterns()
	return c.scorer.patterns, errors.Join(c.errs...)
}

type compiler struct {
	files     map[string][]byte
	scorer    *Scorer
	declared  map[string]tidegate.Kind
	manifests []models.Manifest
	errs      []error
	skipTests bool // of patterns
}

func (c *compiler) note(err error) bool {
	if err != nil {
		c.errs = append(c.errs, err)
	}
	return err == nil
}

// named lists the files that stand under a name or in its directory, sorted.
func (c *compiler) named(single, dir string) []string {
	var names []string
	for name := range c.files {
		if single != "" && name == single || dir != "" && strings.HasPrefix(name, dir) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

func (c *compiler) policy() {
	s := c.scorer
	var err error
	s.policy, err = ParsePolicy("policy.yaml", c.files["policy.yaml"])
	c.note(err)
	s.rates, err = ParseRates("rates.yaml", c.files["rates.yaml"])
	c.note(err)
}

// attributeKind is number, text or bool in attributes.yaml.
type attributeKind tidegate.Kind

func (k *attributeKind) UnmarshalYAML(node ast.Node) error {
	for _, kind := range []tidegate.Kind{tidegate.KindNumber, tidegate.KindText, tidegate.KindBool} {
		if node.GetToken().Value == kind.String() {
			*k = attributeKind(kind)
			return nil
		}
	}
	return yamlfile.At(node, "%q is not a type: write number, text or bool", node.GetToken().Value)
}

// attributesFile is where attributes are declared.
func (c *compiler) attributesFile() yamlfile.Document {
	return yamlfile.Document{File: "attributes.yaml", Data: c.files["attributes.yaml"]}
}

func (c *compiler) features() {
	var file struct {
		Attributes map[string]attributeKind `yaml:"attributes"`
	}
	c.note(yamlfile.Decode("attributes.yaml", c.files["attributes.yaml"], &file))
	c.declared = make(map[string]tidegate.Kind, len(file.Attributes))
	for name, kind := range file.Attributes {
		c.declared[name] = tidegate.Kind(kind)
	}
	c.scorer.declared = c.declared
	var definitions []features.Definition
	for _, name := range c.named("features.yaml", "features/") {
		d, err := features.Parse(name, c.files[name])
		c.note(err)
		definitions = append(definitions, d...)
	}
	o := features.Options{Attributes: c.declared}
	if c.scorer.rates != nil {
		o.Base = c.scorer.rates.Base()
	}
	if table, ok := c.files["points.csv"]; ok {
		points, err := features.LoadPoints(bytes.NewReader(table))
		c.note(err)
		o.Points = points
	}
	set, err := features.Compile(definitions, o)
	if c.note(err) {
		c.scorer.featureSet = set
	}
}

func (c *compiler) patterns() {
	var files []patterns.File
	for _, name := range c.named("", "patterns/") {
		files = append(files, patterns.File{Name: name, Data: c.files[name]})
	}
	o := patterns.Options{Attributes: c.declared, SkipTests: c.skipTests}
	if c.scorer.rates != nil {
		o.Base = c.scorer.rates.Base()
	} else {
		o.SkipTests = true // amounts would be of no currency, and every test fail for that
	}
	set, err := patterns.Compile(files, o)
	if c.note(err) {
		c.scorer.patterns = set
	}
}

// layout says what stands where in the facts: the event's own fields, its
// declared attributes, features, patterns, models.
func (c *compiler) layout() {
	s := c.scorer
	modelFiles := map[string][]byte{}
	for _, name := range c.named("", "models/") {
		modelFiles[name] = c.files[name]
	}
	manifests, err := models.ParseManifests(modelFiles)
	c.note(err)
	c.manifests = manifests
	var vars []tidegate.Variable
	for f := range tidegate.NumFields {
		vars = append(vars, fieldVariable(f, s.rates))
	}
	s.layout.attributes = len(vars)
	for name := range c.declared {
		s.attributes = append(s.attributes, name)
	}
	sort.Strings(s.attributes)
	for _, name := range s.attributes {
		vars = append(vars, tidegate.Variable{Name: "tx.attributes." + name, Kind: c.declared[name], Optional: true})
	}
	s.layout.regressions = len(vars)
	vars = append(vars, tidegate.Variable{Name: "customer_clock_regressions", Kind: tidegate.KindNumber, Unit: "count", Key: "customer_id", Optional: true,
		Description: "events of the customer stamped before an earlier one"})
	s.layout.features = len(vars)
	if s.featureSet != nil {
		vars = append(vars, s.featureSet.Variables()...)
	}
	s.layout.patterns = len(vars)
	if s.patterns != nil {
		vars = append(vars, s.patterns.Variables()...)
	}
	s.layout.models = len(vars)
	vars = append(vars, models.Variables(manifests)...)
	s.schema, err = tidegate.NewSchema(vars)
	if !c.note(err) {
		return
	}
	for _, name := range s.attributes {
		if s.Computes(name) {
			c.note(c.attributesFile().Errorf("$.attributes."+name, "%s is the name of a feature: give the attribute another", name))
		}
	}
}

// fieldVariable describes a field of the event to rules: everything that a
// caller sends is under tx, so that it can't pass for a feature.
func fieldVariable(f tidegate.Field, rates *Rates) tidegate.Variable {
	v := tidegate.Variable{Name: "tx." + f.String(), Kind: f.Kind(), Optional: true, Description: "as the caller sent it"}
	switch f {
	case tidegate.TransactionID, tidegate.FieldEventType, tidegate.FieldHour, tidegate.FieldWeekday:
		v.Optional = false
	case tidegate.BaseAmount:
		v.Description = "the amount in the base currency"
		if rates != nil {
			v.Unit = rates.Base().String()
		}
	}
	return v
}

func (c *compiler) models() {
	s := c.scorer
	files := map[string][]byte{}
	for _, name := range c.named("", "models/") {
		files[name] = c.files[name]
	}
	set, err := models.Load(c.manifests, files, s.schema)
	if c.note(err) {
		s.models = set
	}
}

func (c *compiler) rules() {
	s := c.scorer
	lists, err := rules.LoadLists(c.rulesFiles(c.named("", "lists/")), s.schema)
	c.note(err)
	set, err := rules.Load(c.rulesFiles(c.named("rules.yaml", "rules/")), s.schema, lists, rules.Options{
		Suppressions: c.rulesFiles(c.named("suppressions.yaml", "")),
	})
	if c.note(err) {
		s.rules, s.lists = set, lists
	}
}

func (c *compiler) rulesFiles(names []string) []rules.File {
	var files []rules.File
	for _, name := range names {
		files = append(files, rules.File{Name: name, Data: c.files[name]})
	}
	return files
}

func (c *compiler) finish() *Scorer {
	s := c.scorer
	s.facts = tidegate.NewFacts(s.schema.Len())
	s.needed = neededFields(s)
	s.context.Facts = s.facts
	s.versions = tidegate.Versions{
		Engine: EngineVersion, Rules: s.rules.Version(), Features: shortHash([]byte(s.featureSet.Hash())),
		Models: s.models.Version(), Policy: s.policy.Version + "-" + shortHash(c.files["policy.yaml"]),
	}
	if len(s.patterns.Patterns()) > 0 {
		s.versions.Rules += "-" + s.patterns.Version()
	}
	for i := s.layout.features; i < s.layout.models; i++ {
		s.featureKinds = append(s.featureKinds, s.schema.At(i).Kind)
	}
	return s
}

// neededFields are the event's fields that rules or models look at.
func neededFields(s *Scorer) []tidegate.Field {
	var needed []tidegate.Field
	for _, place := range append(slices.Clone(s.rules.References()), s.models.References()...) {
		if place < int(tidegate.NumFields) && !slices.Contains(needed, tidegate.Field(place)) {
			needed = append(needed, tidegate.Field(place))
		}
	}
	slices.Sort(needed)
	return needed
}

func shortHash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:4])
}
