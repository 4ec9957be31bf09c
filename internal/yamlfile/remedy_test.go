package yamlfile

import (
	"reflect"
	"testing"

	"github.com/tidegate/tidegate"
)

// A value of another kind is told without Go's types, with what to write.
func TestErrorsSayWhatToWrite(t *testing.T) {
	type inner struct {
		Topic string `yaml:"topic"`
	}
	type doc struct {
		Brokers []string           `yaml:"brokers"`
		Inputs  []inner            `yaml:"inputs"`
		Outputs inner              `yaml:"outputs"`
		Rates   map[string]float64 `yaml:"rates"`
		Count   int                `yaml:"count"`
		Small   uint8              `yaml:"small"`
		Short   int16              `yaml:"short"`
		Large   *uint64            `yaml:"large"`
		Score   float64            `yaml:"score"`
		On      bool               `yaml:"on"`
		Name    string             `yaml:"name"`
	}
	for in, want := range map[string]string{
		"brokers: localhost:9092\n":              "1:10: a text was used where a list is expected: write a list, as [a, b]",
		"name: x\nbrokers: {a: b}\n":             "2:10: a mapping was used where a list is expected: write a list, as [a, b]",
		"brokers:\n  a: b\n":                     "2:4: a mapping was used where a list is expected: write a list, as [a, b]",
		"brokers: 5\n":                           "1:10: a number was used where a list is expected: write a list, as [a, b]",
		"inputs: [labels]\n":                     "1:10: a text was used where a mapping is expected: write a mapping, as {name: value}",
		"outputs: [labels]\n":                    "1:10: a list was used where a mapping is expected: write a mapping, as {name: value}",
		"outputs: true\n":                        "1:10: true or false was used where a mapping is expected: write a mapping, as {name: value}",
		"rates: 5\n":                             "1:8: a number was used where a mapping is expected: write a mapping, as {name: value}",
		"rates: {EUR: much}\n":                   "1:14: a text was used where a number is expected: write a number, as 0.5",
		"count: many\n":                          "1:8: a text was used where a whole number is expected: write a number, as 5",
		"count: [1]\n":                           "1:8: a list was used where a whole number is expected: write a number, as 5",
		"count: true\n":                          "1:8: true or false was used where a whole number is expected: write a number, as 5",
		"large: many\n":                          "1:8: a text was used where a whole number is expected: write a number, as 5",
		"count: 99999999999999999999999999999\n": "1:8: 99999999999999999999999999999 is out of range: write a whole number from -9223372036854775808 to 9223372036854775807",
		"small: 256\n":                           "1:8: 256 is out of range: write a whole number from 0 to 255",
		"small: -1\n":                            "1:8: -1 is out of range: write a whole number from 0 to 255",
		"short: 40000\n":                         "1:8: 40000 is out of range: write a whole number from -32768 to 32767",
		"large: -1\n":                            "1:8: -1 is out of range: write a whole number from 0 to 18446744073709551615",
		"score: high\n":                          "1:8: a text was used where a number is expected: write a number, as 0.5",
		"on: maybe\n":                            "1:5: a text was used where true or false is expected: write true or false",
		"on: 1\n":                                "1:5: a number was used where true or false is expected: write true or false",
		"name: [x]\n":                            "1:7: a list was used where a text is expected: write a text, as name",
		"name: {x: y}\n":                         "1:7: a mapping was used where a text is expected: write a text, as name",
	} {
		err := Decode("f.yaml", []byte(in), &doc{})
		if err == nil || err.Error() != "f.yaml:"+want || tidegate.CodeOf(err) != tidegate.CodeConfig {
			t.Errorf("%q: %v\nwant f.yaml:%s", in, err, want)
		}
	}
}

// Texts are what is written, and what doesn't fit is refused, not cut.
func TestNothingIsCut(t *testing.T) {
	type doc struct {
		Version string            `yaml:"version"`
		Codes   map[string]string `yaml:"codes"`
		List    []string          `yaml:"list"`
		Count   int               `yaml:"count"`
		Small   *uint8            `yaml:"small"`
		Points  [][2]float64      `yaml:"points"`
		Flag    string            `yaml:"flag"`
	}
	const file = "version: 1.10\ncodes: {approve: 00, decline: 05}\nlist: [007, 1e5, 0x1F, True, .nan, x]\ncount: 2.0\nflag: &f 010\npoints: [[1, 2.5]]\n"
	var got doc
	if err := Decode("f.yaml", []byte(file), &got); err != nil {
		t.Fatal(err)
	}
	want := doc{Version: "1.10", Codes: map[string]string{"approve": "00", "decline": "05"},
		List: []string{"007", "1e5", "0x1F", "True", ".nan", "x"}, Count: 2, Flag: "010", Points: [][2]float64{{1, 2.5}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	for in, want := range map[string]string{
		"version: x\ncount: 2.5\n":                 "2:8: 2.5 was used where a whole number is expected: write a number, as 5",
		"count: -.inf\n":                           "1:8: -.inf was used where a whole number is expected: write a number, as 5",
		"count: 010\n":                             "1:8: 010 begins with 0: write the number without, as 10",
		"small: 0.5\n":                             "1:8: 0.5 was used where a whole number is expected: write a number, as 5",
		"points: [[0, 0], [1, 2, 3]]\n":            "1:18: a list of 3 was used where one of 2 is expected",
		"points:\n  - [1]\n":                       "2:5: a list of 1 was used where one of 2 is expected",
		"version: x\n---\nversion: y\n":            "3:1: a second document: write everything into one",
		"codes:\n\tapprove: x\n":                   "2:1: a line begins with a tab: indent with spaces",
		"version: \"a \"b\"\"\n":                   "1:14: a value is not allowed here: look at the indentation, and put what holds double quotes into single ones",
		"codes: {approve: 1}\ncodes: {a: \"1\"}\n": "2:1: mapping key \"codes\" already defined at [1:1]",
	} {
		err := Decode("f.yaml", []byte(in), &doc{})
		if err == nil || err.Error() != "f.yaml:"+want {
			t.Errorf("%q: %v\nwant f.yaml:%s", in, err, want)
		}
	}
}
