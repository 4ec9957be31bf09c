// Package schemas holds the published schemas of what Tidegate takes and gives,
// for programs. The files beside this one are the documents.
package schemas

import _ "embed" // the documents

// Decision and Alert are the records of the topics decisions and fraud-alerts:
// JSON Schemas, and the schemas of the same in Avro and Protobuf. In those
// amounts are exact texts, times are milliseconds in Avro and Timestamps in
// Protobuf, and what may be absent is null, or not set.
var (
	//go:embed decision.json
	Decision string
	//go:embed alert.json
	Alert string
	//go:embed decision.avsc
	DecisionAvro string
	//go:embed alert.avsc
	AlertAvro string
	//go:embed decision.proto
	DecisionProtobuf string
	//go:embed alert.proto
	AlertProtobuf string
)
