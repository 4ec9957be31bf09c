package schema

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tidegate/tidegate"
)

// jsonLanguage is JSON Schema: values are JSON, and must match.
type jsonLanguage struct{}

// schemaURL is where a schema is that does not say so itself: what it refers to
// is beside it.
const schemaURL = "tidegate:///schema"

func (jsonLanguage) compile(s Schema) (reader, error) {
	none := func(err error) error {
		return &tidegate.Error{Code: tidegate.CodeInvalid, Message: "schema " + strconv.Itoa(s.ID) + " is no JSON Schema", Cause: err}
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(refuse{}) // what is not in the registry is not fetched from anywhere
	if err := (jsonFiles{compiler, map[string]bool{}}).add(s, schemaURL, 0); err != nil {
		return nil, none(err)
	}
	compiled, err := compiler.Compile(schemaURL)
	if err != nil {
		return nil, none(err)
	}
	return jsonReader{compiled}, nil
}

type refuse struct{}

func (refuse) Load(url string) (any, error) {
	return nil, errors.New(url + " is not among the schema's references")
}

// jsonFiles are a schema and what it refers to, by where they are.
type jsonFiles struct {
	compiler *jsonschema.Compiler
	added    map[string]bool
}

func (f jsonFiles) add(s Schema, at string, depth int) error {
	if f.added[at] || depth > maxDepth {
		return nil
	}
	f.added[at] = true
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(s.Text))
	if err != nil {
		return err
	}
	if err := f.compiler.AddResource(at, document); err != nil {
		return err
	}
	for name, r := range s.References {
		if err := f.add(r, beside(at, document, name), depth+1); err != nil {
			return err
		}
	}
	return nil
}

// beside is where a schema finds what it refers to by a name: beside its own $id,
// where it has one.
func beside(at string, document any, name string) string {
	object, _ := document.(map[string]any)
	for _, base := range []any{object["$id"], object["id"], at} { // the second is draft 4's
		text, _ := base.(string)
		if url, err := url.Parse(text); err == nil && url.IsAbs() && url.Opaque == "" {
			if found, err := url.Parse(name); err == nil {
				return found.String()
			}
		}
	}
	return name
}

type jsonReader struct{ schema *jsonschema.Schema }

func (j jsonReader) append(dst, value []byte) ([]byte, error) {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		return nil, malformed("the value is not JSON")
	}
	if err := j.schema.Validate(v); err != nil {
		return nil, tidegate.FieldErrorf(tidegate.CodeInvalid, at(err), "the value does not match its schema")
	}
	return append(dst, value...), nil
}

// at is where a value fails first, without what stands there.
func at(err error) string {
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return ""
	}
	for len(invalid.Causes) > 0 {
		invalid = invalid.Causes[0]
	}
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	var pointer strings.Builder
	for _, name := range invalid.InstanceLocation {
		pointer.WriteString("/" + escape.Replace(name))
	}
	return pointer.String()
}

// plain is JSON without a registry.
type plain struct{ schema *jsonReader }

func newPlain(expect string) (plain, error) {
	if expect == "" {
		return plain{}, nil
	}
	r, err := jsonLanguage{}.compile(Schema{Text: expect})
	if err != nil {
		return plain{}, &tidegate.Error{Code: tidegate.CodeConfig, Message: "the expected schema can't be read", Cause: err}
	}
	j := r.(jsonReader)
	return plain{&j}, nil
}

func (p plain) Decode(_ context.Context, value []byte) ([]byte, error) {
	switch {
	case len(value) == 0:
		return nil, nil
	case p.schema != nil:
		return p.schema.append(nil, value)
	case !json.Valid(value):
		return nil, malformed("the value is not JSON")
	}
	return value, nil
}

func (plain) Check(context.Context) error { return nil }
