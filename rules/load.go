package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/rules/condition"
)

// File is the content of one file. Name is its slash-separated path in the
// configuration directory; errors show it.
type File struct {
	Name string
	Data []byte
}

// Options is what a load may bring besides rules and lists.
type Options struct {
	Suppressions []File
}

// maxRules bounds a set: the index takes memory by the square.
const maxRules = 10_000

// Load reads, checks and compiles rule files and runs the tests in them. The
// rules are in the order of file names, then of places in a file. lists may
// be nil. The error is [Errors]: everything that is wrong, not only the first
// thing.
func Load(files []File, schema *tidegate.Schema, lists *Lists, opts Options) (*Set, error) {
	if lists == nil {
		lists = &Lists{}
	}
	problems := &problems{}
	sources := readAll(files, problems)
	compiler := condition.NewCompiler(schema, lists)
	set := &Set{schema: schema, lists: lists, version: versionOf(files, opts.Suppressions, lists)}
	compiled := sources[:0:0] // beside the compiler's conditions
	for _, r := range sources {
		if compile(compiler, r) {
			compiled = append(compiled, r)
		}
		set.rules = append(set.rules, r.Rule)
	}
	set.program = compiler.Build()
	runTests(set.program, schema, compiled)
	set.suppressions = readSuppressions(opts.Suppressions, schema, set.rules, problems)
	if err := problems.err(); err != nil {
		return nil, err
	}
	for i := range set.rules {
		set.rules[i].evidence = set.program.Variables(i)
	}
	set.gatherReferences()
	return set, nil
}

// readAll reads every file and joins them.
func readAll(files []File, problems *problems) []*source {
	var sources []*source
	reasons := map[tidegate.ReasonCode]reasonText{}
	byID := map[string]*source{}
	for _, file := range sorted(files) {
		d := &document{file: file.Name, data: file.Data, problems: problems}
		if !isYAML(file.Name) {
			d.fail(place{}, "rule files are YAML and end in .yaml or .yml")
			continue
		}
		f := readRuleFile(d)
		for code, reason := range f.reasons {
			if other, ok := reasons[code]; ok && other.text != reason.text {
				d.fail(reason.at, "the reason %s has another text in another file", code)
			}
			reasons[code] = reason
		}
		for _, r := range f.rules {
			if first := byID[r.ID]; first != nil {
				d.fail(r.at, "the id %q is taken by the rule at %s:%d", r.ID, first.File, first.at.line)
			} else if r.ID != "" {
				byID[r.ID] = r
			}
			sources = append(sources, r)
		}
		if len(sources) > maxRules {
			d.fail(place{}, "there are more than %d rules", maxRules)
			return nil
		}
	}
	for _, r := range sources {
		if r.Reason.Text == "" {
			r.Reason.Text = reasons[r.Reason.Code].text
		}
	}
	return sources
}

// compile adds the rule's condition; false is reported.
func compile(compiler *condition.Compiler, r *source) bool {
	if r.when == nil {
		return false
	}
	_, faults := compiler.Add(r.When, r.Mode != Off)
	if len(faults) == 0 {
		return true
	}
	places := r.doc.scalarPlaces(r.when, r.When)
	for _, f := range faults {
		at := places[min(f.Offset, len(places)-1)]
		if next := r.doc.source(at, 1); len(next) > 0 && next[0].r == ',' {
			f.Message += ": if it goes on after this comma, put it in quotes"
		}
		r.doc.fail(at, "%s", f.Message)
	}
	return false
}

func isYAML(name string) bool {
	ext := path.Ext(name)
	return ext == ".yaml" || ext == ".yml"
}

func sorted(files []File) []File {
	out := slices.Clone(files)
	slices.SortStableFunc(out, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// versionOf is a short hash of all contents.
func versionOf(files, suppressions []File, lists *Lists) string {
	return hashOf(hashOf("", files)+hashOf("", suppressions)+lists.Version(), nil)
}

func hashOf(seed string, files []File) string {
	h := sha256.New()
	h.Write([]byte(seed))
	for _, f := range sorted(files) {
		fmt.Fprintf(h, "%q %d\n", f.Name, len(f.Data))
		h.Write(f.Data)
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}
