package yamlfile

import (
	"reflect"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/nearest"
)

// suggest ends the library's message about a member that v does not have with
// the one that was probably meant.
func suggest(message string, v any) string {
	name, ok := strings.CutPrefix(message, `unknown field "`)
	if !ok {
		return message
	}
	known := map[reflect.Type][]string{}
	members(reflect.TypeOf(v), known)
	var names []string
	for _, of := range known {
		names = append(names, of...)
	}
	slices.Sort(names) // of two as near, the same always
	return message + nearest.DidYouMean(strings.TrimSuffix(name, `"`), names)
}

// members collects the names of a type's members, and of what they hold.
func members(t reflect.Type, known map[reflect.Type][]string) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		members(t.Elem(), known)
	case reflect.Struct:
		if _, seen := known[t]; seen {
			return
		}
		known[t] = nil
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
			if name != "" && name != "-" {
				known[t] = append(known[t], name)
			}
			members(t.Field(i).Type, known)
		}
	}
}
