package schema_test

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/schema"
)

// What a JSON Schema refers to is found by the name of the reference, beside the
// schema's own $id, and values must match it.
func TestJSONReferences(t *testing.T) {
	fake := srfake.New()
	defer fake.Close()
	const customer = `"type":"object","properties":{"customer_id":{"type":"string"},"home":{"$ref":"place.json"}},"required":["customer_id"]}`
	const place = `{"type":"object","required":["country"]}`
	register(t, fake.URL(), "place", sr.Schema{Schema: place, Type: sr.TypeJSON})
	for subject, text := range map[string]string{"bare": "{" + customer, "named": `{"$id":"http://bank.example/customer.json",` + customer} {
		register(t, fake.URL(), subject, sr.Schema{Schema: text, Type: sr.TypeJSON, References: []sr.SchemaReference{{Name: "place.json", Subject: "place", Version: 1}}})
	}
	for name, c := range map[string]struct{ begins, ref, called, subject string }{
		"a name":                       {`{`, "customer.json", "customer.json", "bare"},
		"a name, in draft 7":           {`{"$schema":"http://json-schema.org/draft-07/schema#",`, "customer.json", "customer.json", "bare"},
		"beside its $id":               {`{"$id":"http://bank.example/payment.json",`, "customer.json", "customer.json", "bare"},
		"beside its $id, and with one": {`{"$id":"http://bank.example/payment.json",`, "customer.json", "customer.json", "named"},
		"by URL":                       {`{`, "http://bank.example/customer.json", "http://bank.example/customer.json", "named"},
		"by its $id":                   {`{"$id":"http://bank.example/payment.json",`, "http://bank.example/customer.json", "customer.json", "named"},
		"a part":                       {`{`, "customer.json#", "customer.json", "bare"},
		"in a folder":                  {`{"$id":"http://bank.example/payments/payment.json",`, "../customer.json", "../customer.json", "named"},
		"in a folder, without an $id":  {`{`, "people/customer.json", "people/customer.json", "bare"},
	} {
		t.Run(name, func(t *testing.T) {
			text := c.begins + `"type":"object","properties":{"customer":{"$ref":"` + c.ref + `"}}}`
			id := register(t, fake.URL(), strings.ReplaceAll(name, " ", "-"), sr.Schema{Schema: text, Type: sr.TypeJSON, References: []sr.SchemaReference{{Name: c.called, Subject: c.subject, Version: 1}}})
			d := open(t, fake.URL(), schema.Options{Format: schema.JSONSchema})
			const good = `{"customer":{"customer_id":"c-1","home":{"country":"AT"}}}`
			decodes(t, d, framed(t, id, nil, []byte(good)), good)
			refuses(t, d, framed(t, id, nil, []byte(`{"customer":{"customer":"c-1"}}`)), tidegate.CodeInvalid, "/customer: the value does not match its schema")
			refuses(t, d, framed(t, id, nil, []byte(`{"customer":{"customer_id":"c-1","home":{}}}`)), tidegate.CodeInvalid, "/customer/home: the value does not match its schema")
		})
	}
}

// A .proto file may import one of any name.
func TestProtobufReferenceOfOurName(t *testing.T) {
	fake := srfake.New()
	defer fake.Close()
	register(t, fake.URL(), "money", sr.Schema{Schema: moneyProto, Type: sr.TypeProtobuf})
	for _, name := range []string{"schema.proto", "bank/schema.proto"} {
		text := `syntax = "proto3"; import "` + name + `"; message Payment { bank.Money amount = 1; }`
		id := register(t, fake.URL(), strings.ReplaceAll(name, "/", "-"), sr.Schema{Schema: text, Type: sr.TypeProtobuf, References: []sr.SchemaReference{{Name: name, Subject: "money", Version: 1}}})
		decodes(t, open(t, fake.URL(), schema.Options{Format: schema.Protobuf}), framed(t, id, []int{0}, []byte("\x0a\x02\x08\x05")), `{"amount":{"minor":5}}`)
	}
}
