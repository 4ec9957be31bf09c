package config

import (
	"strings"

	"github.com/tidegate/tidegate/internal/yamlfile"
)

const longestTenant = 64

// checkTenant refuses a name that can't stand before every key: what is of one
// tenant must never look like another's.
func checkTenant(document yamlfile.Document, at, name string) error {
	if len(name) <= longestTenant && !strings.ContainsFunc(name, foreign) {
		return nil
	}
	return document.Errorf(at, "%.80q can't be the name of a tenant: it has letters, digits, '.', '_' and '-', at most %d of them", name, longestTenant)
}
