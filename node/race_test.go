//go:build race

package node

import "flag"

// The race detector makes everything ten times slower, and looks for another
// thing than the property tests do.
func init() {
	if err := flag.Set("rapid.checks", "15"); err != nil {
		panic(err)
	}
}
