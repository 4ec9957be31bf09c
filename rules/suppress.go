package rules

import (
	"github.com/goccy/go-yaml/ast"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/nearest"
)

// suppressions silence one rule for some values of some fields.
type suppressions []suppressedKey

// suppressedKey holds the silenced values of one field.
type suppressedKey struct {
	variable int
	until    map[tenantValue]tidegate.Millis
}

// tenantValue is a value of one tenant; without a tenant, of every tenant.
type tenantValue struct{ tenant, value string }

func (s suppressions) silence(ctx *Context) bool {
	for i := range s {
		k := &s[i]
		if ctx.Facts.Missing(k.variable) {
			continue
		}
		value := ctx.Facts.Text[k.variable]
		if ctx.Now < k.until[tenantValue{ctx.Tenant, value}] || ctx.Now < k.until[tenantValue{"", value}] {
			return true
		}
	}
	return false
}

// add silences a value; the later end wins.
func (s *suppressions) add(variable int, key tenantValue, until tidegate.Millis) {
	for i := range *s {
		if k := &(*s)[i]; k.variable == variable {
			k.until[key] = max(k.until[key], until)
			return
		}
	}
	*s = append(*s, suppressedKey{variable, map[tenantValue]tidegate.Millis{key: until}})
}

// readSuppressions reads files of the form
//
//	suppressions:
//	  - {rule: velocity-2m, field: tx.customer_id, value: c-17, until: 2026-12-31, comment: ticket 4711}
func readSuppressions(files []File, schema *tidegate.Schema, rules []Rule, problems *problems) []suppressions {
	out := make([]suppressions, len(rules))
	byID := make(map[string]int, len(rules))
	var ids []string
	for i := range rules {
		byID[rules[i].ID] = i
		ids = append(ids, rules[i].ID)
	}
	for _, file := range sorted(files) {
		d := &document{file: file.Name, data: file.Data, problems: problems}
		body := d.body()
		if body == nil {
			continue
		}
		d.mapping(body, "a suppressions file", map[string]member{"suppressions": func(n ast.Node) {
			for _, entry := range d.sequence(n, "suppressions") {
				d.readSuppression(entry, schema, func(at place, rule string) *suppressions {
					i, ok := byID[rule]
					if !ok {
						d.fail(at, "unknown rule %q%s", rule, nearest.DidYouMean(rule, ids))
						return &suppressions{}
					}
					return &out[i]
				})
			}
		}})
	}
	return out
}

func (d *document) readSuppression(n ast.Node, schema *tidegate.Schema, of func(at place, rule string) *suppressions) {
	var to *suppressions
	var key tenantValue
	variable, until := -1, tidegate.Millis(0)
	complete := d.mapping(n, "a suppression", map[string]member{
		"rule": func(n ast.Node) {
			if id, ok := d.text(n, "rule"); ok {
				to = of(placeOf(n), id)
			}
		},
		"field":   func(n ast.Node) { variable = d.textVariable(n, schema) },
		"value":   func(n ast.Node) { key.value, _ = d.word(n, "value") },
		"until":   func(n ast.Node) { until, _ = d.instant(n, "until") },
		"tenant":  func(n ast.Node) { key.tenant, _ = d.text(n, "tenant") },
		"comment": func(n ast.Node) { d.text(n, "comment") },
	}, "rule", "field", "value", "until")
	if complete && to != nil && variable >= 0 {
		to.add(variable, key, until)
	}
}
