package node

import "github.com/tidegate/tidegate"

// ArrivalOf is when a record of the journal came, without the rest of it.
func ArrivalOf(sequence uint64, body []byte) (tidegate.Millis, error) {
	var r Record
	_, err := r.header(sequence, body)
	return r.Arrival, err
}
