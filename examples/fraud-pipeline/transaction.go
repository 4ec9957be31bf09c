package main

import (
	"encoding/binary"
	"math"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream"
)

// Transaction is what the pipeline needs of a transaction.
type Transaction struct {
	EventID    string
	CustomerID string
	At         stream.Millis
	Cents      int64
	Lat, Lon   float64 // degrees
}

// Time is when it was made.
func (t Transaction) Time() stream.Millis { return t.At }

// Customer is who made it.
func (t Transaction) Customer() string { return t.CustomerID }

// transactionCodec is the stored form: fixed numbers, then the two texts.
type transactionCodec struct{}

func (transactionCodec) Append(dst []byte, t *Transaction) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(t.At))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(t.Cents))
	dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(t.Lat))
	dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(t.Lon))
	dst = append(dst, byte(len(t.EventID)))
	dst = append(dst, t.EventID...)
	return append(dst, t.CustomerID...)
}

func (transactionCodec) Decode(b []byte, t *Transaction) error {
	const fixed = 4*8 + 1
	if len(b) < fixed || len(b) < fixed+int(b[fixed-1]) {
		return tidegate.Errorf(tidegate.CodeCorrupt, "a stored transaction is cut short")
	}
	t.At = stream.Millis(binary.LittleEndian.Uint64(b))
	t.Cents = int64(binary.LittleEndian.Uint64(b[8:]))
	t.Lat = math.Float64frombits(binary.LittleEndian.Uint64(b[16:]))
	t.Lon = math.Float64frombits(binary.LittleEndian.Uint64(b[24:]))
	id := fixed + int(b[fixed-1])
	t.EventID, t.CustomerID = string(b[fixed:id]), string(b[id:])
	return nil
}

func registerCodecs(p *stream.Pipeline) {
	stream.Register[Transaction](p, transactionCodec{})
	stream.Register[sighting](p, sightingCodec{})
	stream.Register[history](p, historyCodec{})
}
