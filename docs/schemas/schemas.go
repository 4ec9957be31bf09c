// Package schemas holds the published schemas of what Tidegate takes and gives,
// for programs. The files beside this one are the documents.
package schemas

import _ "embed" // the documents

// Decision and Alert are the records of the topics decisions and fraud-alerts:
// JSON Schemas, and the Avro schemas of the same. In those of Avro amounts are
// exact texts, times are milliseconds, and what may be absent is null.
var (
	//go:embed decision.json
	Decision string
	//go:embed alert.json
	Alert string
	//go:embed decision.avsc
	DecisionAvro string
	//go:embed alert.avsc
	AlertAvro string
)
