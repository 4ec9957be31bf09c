// Package replay reads history from files and runs it through the very same
// pipeline that decides live: on scratch state, into a data directory, or
// against a running server.
package replay

import (
	"fmt"
	"io/fs"
	"math"
	"sort"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/nearest"
	"github.com/tidegate/tidegate/internal/yamlfile"
	"github.com/tidegate/tidegate/wire"
)

// Mapping says which column of a file is which field of an event. A mapping
// is a YAML file under mappings/ of a configuration.
type Mapping struct {
	Format    string            `yaml:"format"` // csv, jsonl or tidegate (envelopes, as /v1/authorize takes them)
	Delimiter string            `yaml:"delimiter"`
	Time      TimeColumn        `yaml:"time"`
	Type      string            `yaml:"type"`   // column of the event type; without it all are transactions
	Fields    map[string]string `yaml:"fields"` // field: column (for jsonl a dotted path)
	Constants map[string]string `yaml:"constants"`
	Label     LabelColumn       `yaml:"label"`
	ID        string            `yaml:"id"` // column that features are written under; default the transaction id's

	// What the service holds events to, as [wire.Options] has it.
	PANKey     []byte                   `yaml:"-"`
	Attributes map[string]tidegate.Kind `yaml:"-"`
	Computed   func(name string) bool   `yaml:"-"`
}

// TimeColumn is the event time.
type TimeColumn struct {
	Column string `yaml:"column"`
	Layout string `yaml:"layout"` // rfc3339 (default), unix, unix_ms, or a Go layout, read as UTC
}

// LabelColumn is whether a transaction was fraud, if the file tells.
type LabelColumn struct {
	Column         string            `yaml:"column"`
	True           string            `yaml:"true"` // what means fraud; all else does not. Without it 1, 0, true and false are read
	AvailableAfter yamlfile.Duration `yaml:"available_after"`
}

// UnmarshalYAML takes the member true by its spelling: to YAML it is no text.
func (l *LabelColumn) UnmarshalYAML(node ast.Node) error {
	members, ok := node.(ast.MapNode)
	if !ok {
		return yamlfile.At(node, "label needs members, as {column: fraud}")
	}
	for m := members.MapRange(); m.Next(); {
		key, value := m.Key(), m.Value()
		text := value.GetToken().Value
		switch name := key.GetToken().Value; name {
		case "column":
			l.Column = text
		case "true":
			l.True = text
		case "available_after":
			if err := l.AvailableAfter.UnmarshalYAML(value); err != nil {
				return err
			}
		default:
			return yamlfile.At(key, "unknown field %q: a label has column, true and available_after", name)
		}
	}
	return nil
}

// read takes what a row says of fraud.
func (l *LabelColumn) read(text string, row *Row) error {
	row.Labelled, row.Fraud = true, text == l.True
	if l.True != "" {
		return nil
	}
	switch strings.ToLower(text) {
	case "1", "1.0", "true":
		row.Fraud = true
	case "0", "0.0", "false":
	default:
		return fmt.Errorf("%s is neither 1, 0, true nor false: say what means fraud, as label: {true: \"Y\"}", shown(text))
	}
	return nil
}

// LoadMapping reads mappings/NAME.yaml of a configuration. The name
// "tidegate" needs no file: envelopes, one a line.
func LoadMapping(files fs.FS, name string) (*Mapping, error) {
	if name == "tidegate" {
		return &Mapping{Format: "tidegate"}, nil
	}
	file := "mappings/" + name + ".yaml"
	data, err := fs.ReadFile(files, file)
	if err != nil {
		return nil, tidegate.FileErrorf(file, 0, 0, "there is no such mapping; there are %s", strings.Join(mappingNames(files), ", "))
	}
	m := &Mapping{}
	if err := yamlfile.Decode(file, data, m); err != nil {
		return nil, err
	}
	return m, m.check(yamlfile.Document{File: file, Data: data})
}

func mappingNames(files fs.FS) []string {
	names := []string{"tidegate"}
	entries, err := fs.ReadDir(files, "mappings")
	if err != nil {
		return names
	}
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

func (m *Mapping) check(document yamlfile.Document) error {
	switch m.Format {
	case "csv", "jsonl":
	case "tidegate":
		return nil
	default:
		return document.Errorf("$.format", "format %q is unknown: write csv, jsonl or tidegate", m.Format)
	}
	if m.Time.Column == "" {
		return document.Errorf("$.time.column", "time.column is missing: name the column that holds the event time")
	}
	for member, names := range map[string]map[string]string{"fields": m.Fields, "constants": m.Constants} {
		for name := range names {
			if _, ok := fieldSetters[name]; !ok && !strings.HasPrefix(name, attributePrefix) {
				hint := nearest.DidYouMean(name, fieldNames())
				if hint == "" {
					hint = "; there are " + strings.Join(fieldNames(), ", ") + ", and attributes.NAME"
				}
				return document.Errorf("$."+member+"."+name, "%q is not a field%s", name, hint)
			}
		}
	}
	if major, minor := m.place("amount"), m.place("amount_minor"); major != "" && minor != "" {
		return document.Errorf(minor, "amount and amount_minor are the same amount: leave one out")
	}
	if err := m.checkConstants(document); err != nil {
		return err
	}
	if m.Fields["transaction_id"] == "" {
		return document.Errorf("$.fields", "fields.transaction_id is missing: name the column that identifies a row")
	}
	if m.place("customer_id") == "" && m.place("card_id") == "" && m.place("account_id") == "" && m.Type == "" {
		return document.Errorf("$.fields", "a row needs a customer, a card or an account: name the column of customer_id, card_id or account_id")
	}
	if d := m.Delimiter; d != "" && (len(d) != 1 || strings.ContainsAny(d, "\"\r\n")) {
		return document.Errorf("$.delimiter", "delimiter %q is not one character, as \";\" or \"\\t\"", d)
	}
	if why := m.Time.wrong(); why != "" {
		return document.Errorf("$.time.layout", "layout %q %s: write rfc3339, unix, unix_ms, or how 2 January 2006, 15:04:05 is written, as \"2006-01-02 15:04:05 -0700\"", m.Time.Layout, why)
	}
	return nil
}

// checkConstants tries what is the same in every row.
func (m *Mapping) checkConstants(document yamlfile.Document) error {
	var e tidegate.Event
	for _, c := range m.setters(m.Constants) {
		if strings.HasPrefix(c.name, attributePrefix) || amountLast(c.name) == 1 && m.Fields["currency"] != "" {
			continue // what was declared, and the currency, are known later
		}
		if err := c.set(&e, c.text); err != nil {
			return document.Errorf("$.constants."+c.name, "constants.%s: %v", c.name, err)
		}
	}
	if err := wire.CheckTexts(&e, nil); err != nil && tidegate.CodeOf(err) != tidegate.CodePAN {
		return document.Errorf("$.constants", "constants: %v", err)
	}
	for _, amount := range []string{"amount", "amount_minor"} {
		if place := m.place(amount); place != "" && m.place("currency") == "" {
			return document.Errorf(place, "an amount needs a currency: name its column as fields.currency, or write constants: {currency: EUR}")
		}
	}
	return nil
}

// place is where the mapping says what a field is, or "".
func (m *Mapping) place(field string) string {
	if _, ok := m.Fields[field]; ok {
		return "$.fields." + field
	}
	if _, ok := m.Constants[field]; ok {
		return "$.constants." + field
	}
	return ""
}

// idColumn is the column that features and decisions are written under.
func (m *Mapping) idColumn() string {
	if m.ID != "" {
		return m.ID
	}
	return m.Fields["transaction_id"]
}

// shown is a value for an error message, unless it is long or may be a card
// number in a column that should hold something else.
func shown(text string) string {
	digits := strings.ReplaceAll(text, ",", "")
	if len(text) > 40 || wire.CheckText("", &digits, nil) != nil {
		return "the value"
	}
	return strconv.Quote(text)
}

// setter puts a column's text into an event. Amounts come last of all:
// they need the currency.
type setter func(e *tidegate.Event, text string) error

var fieldSetters = func() map[string]setter {
	m := map[string]setter{}
	for f := range tidegate.NumText {
		m[f.String()] = func(e *tidegate.Event, text string) error { e.Text[f] = text; return nil }
	}
	m["currency"] = func(e *tidegate.Event, text string) error {
		c, ok := tidegate.ParseCurrency(text)
		if !ok {
			return fmt.Errorf("%s is not an ISO 4217 code", shown(text))
		}
		e.Amount.Currency = c
		return nil
	}
	m["amount"] = amountSetter(tidegate.ParseAmount)
	m["amount_minor"] = amountSetter(tidegate.ParseMinor)
	m["latitude"] = degreeSetter(90, func(e *tidegate.Event) *float64 { return &e.Lat })
	m["longitude"] = degreeSetter(180, func(e *tidegate.Event) *float64 { return &e.Lon })
	m["card_present"] = flagSetter(func(e *tidegate.Event) *tidegate.Tristate { return &e.CardPresent })
	m["recurring"] = flagSetter(func(e *tidegate.Event) *tidegate.Tristate { return &e.Recurring })
	return m
}()

func amountSetter(parse func(string, tidegate.CurrencyCode) (tidegate.Money, *tidegate.Error)) setter {
	return func(e *tidegate.Event, text string) error {
		if e.Amount.Currency == 0 {
			return fmt.Errorf("the currency is missing, and an amount needs one")
		}
		if err := wire.CheckAmount(text); err != nil {
			return err
		}
		a, err := parse(text, e.Amount.Currency)
		if err != nil && strings.Contains(text, ",") {
			return fmt.Errorf("%s has a comma: amounts are written with a point, as 1234.50", shown(text))
		}
		if err != nil {
			return err
		}
		e.Amount, e.HasAmount = a, true
		return nil
	}
}

func degreeSetter(limit float64, at func(*tidegate.Event) *float64) setter {
	return func(e *tidegate.Event, text string) error {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || math.Abs(v) > limit || math.IsNaN(v) {
			return fmt.Errorf("%s is not a coordinate in degrees", shown(text))
		}
		*at(e), e.HasLocation = v, true
		return nil
	}
}

func flagSetter(at func(*tidegate.Event) *tidegate.Tristate) setter {
	return func(e *tidegate.Event, text string) error {
		v, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%s is neither true nor false", shown(text))
		}
		*at(e) = tidegate.False
		if v {
			*at(e) = tidegate.True
		}
		return nil
	}
}

func fieldNames() []string {
	names := make([]string, 0, len(fieldSetters))
	for name := range fieldSetters {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
