package features

import "github.com/tidegate/tidegate/internal/nearest"

// suggest ends an error message with the closest of the known names, if one
// is close enough to be meant.
func suggest(name string, known []string) string {
	best := nearest.To(name, known)
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}
