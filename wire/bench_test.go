package wire_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

func BenchmarkDecodeEvent(b *testing.B) {
	body := []byte(aTransaction)
	b.Run("wire", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		var ev tidegate.Event
		for b.Loop() {
			if err := wire.DecodeEvent(body, wire.Options{}, &ev); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			var ev plainEvent
			if err := json.Unmarshal(body, &ev); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// What a sender can make a body of the largest size cost.
func BenchmarkDecodeHostile(b *testing.B) {
	room := wire.DefaultMaxBody - 1000
	for name, filling := range map[string]string{
		"names":   `"x":{` + strings.TrimSuffix(distinctMembers(room/10), ",") + `}`,
		"objects": manyMembers(30) + `,"x":[` + strings.Repeat(`{"a":1},`, room/10) + `0]`,
		"escapes": `"x":"` + strings.Repeat(`\u00e9`[1:], room/6) + `"`,
		"numbers": `"x":[` + strings.Repeat("1,", room/2) + `1]`,
		"digits":  `"x":[` + strings.Repeat("4111111111111112,", room/17) + `1]`,
	} {
		body := []byte(with(filling))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			var ev tidegate.Event
			for b.Loop() {
				if err := wire.DecodeEvent(body, wire.Options{}, &ev); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func distinctMembers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"%x":1,`, i)
	}
	return b.String()
}

// plainEvent is what one would write without this package: no checks at all.
type plainEvent struct {
	EventID      string `json:"event_id"`
	EventType    string `json:"event_type"`
	Timestamp    string `json:"timestamp"`
	Source       string `json:"source"`
	PartitionKey string `json:"partition_key"`
	Payload      struct {
		TransactionID     string      `json:"transaction_id"`
		Amount            json.Number `json:"amount"`
		Currency          string      `json:"currency"`
		CustomerID        string      `json:"customer_id"`
		CardID            string      `json:"card_id"`
		CardLastFour      string      `json:"card_last_four"`
		CardBIN           string      `json:"card_bin"`
		CardNetwork       string      `json:"card_network"`
		MerchantID        string      `json:"merchant_id"`
		MCC               string      `json:"mcc"`
		MerchantCountry   string      `json:"merchant_country"`
		TerminalID        string      `json:"terminal_id"`
		DeviceFingerprint string      `json:"device_fingerprint"`
		IPAddress         string      `json:"ip_address"`
		Channel           string      `json:"channel"`
		CardPresent       *bool       `json:"card_present"`
		GeoLocation       *struct {
			Lat float64 `json:"lat"`
			Lon float64 `json:"lon"`
		} `json:"geo_location"`
		ThreeDS struct {
			Version string `json:"version"`
			ECI     string `json:"eci"`
			Status  string `json:"status"`
		} `json:"three_ds"`
		Attributes map[string]any `json:"attributes"`
	} `json:"payload"`
	Metadata struct {
		SchemaVersion string `json:"schema_version"`
		CorrelationID string `json:"correlation_id"`
		TraceID       string `json:"trace_id"`
	} `json:"metadata"`
}

func BenchmarkAppendDecision(b *testing.B) {
	d := aDecision()
	b.Run("wire", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			buf = wire.AppendDecision(buf[:0], d, wire.Features{})
		}
		b.SetBytes(int64(len(buf)))
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		plain := *d
		plain.Alerts = nil
		for b.Loop() {
			if _, err := json.Marshal(&plain); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAppendAlert(b *testing.B) {
	b.ReportAllocs()
	a := &aDecision().Alerts[0]
	var buf []byte
	for b.Loop() {
		buf = wire.AppendAlert(buf[:0], a)
	}
}

func BenchmarkEventBinary(b *testing.B) {
	var ev, back tidegate.Event
	if err := wire.DecodeEvent([]byte(aTransaction), wire.Options{}, &ev); err != nil {
		b.Fatal(err)
	}
	record := wire.AppendEventBinary(nil, &ev)
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(record)))
		var buf []byte
		for b.Loop() {
			buf = wire.AppendEventBinary(buf[:0], &ev)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(record)))
		for b.Loop() {
			if _, err := wire.DecodeEventBinary(record, &back); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDecisionBinary(b *testing.B) {
	approved := &tidegate.Decision{
		Sequence: 901_233, Generation: 7, TransactionID: "tx_7f3a91c2", CustomerID: "cus_8812", ResponseCode: "00", Score: 12.5,
		Models:    []tidegate.ModelScore{{Name: "handbook", Version: "3", Role: "champion", Score: 0.0125}},
		EventTime: 1773497366535, ArrivalTime: 1773497366600,
	}
	for name, d := range map[string]*tidegate.Decision{"approved": approved, "alerted": aDecision()} {
		record := wire.AppendDecisionBinary(nil, d)
		b.Run("encode/"+name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(record)))
			var buf []byte
			for b.Loop() {
				buf = wire.AppendDecisionBinary(buf[:0], d)
			}
		})
		b.Run("decode/"+name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(record)))
			var back tidegate.Decision
			for b.Loop() {
				if _, err := wire.DecodeDecisionBinary(record, &back); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFacts(b *testing.B) {
	const n = 50
	nums, texts, kinds := make([]float64, n), make([]string, n), make([]tidegate.Kind, n)
	for i := range nums {
		switch i % 5 {
		case 0, 1:
			nums[i] = float64(i * 3) // counts
		case 2:
			nums[i] = float64(i) * 12.34 // sums
		case 3:
			nums[i] = 100 / float64(i) // averages
		case 4:
			nums[i] = math.NaN()
		}
	}
	row := wire.AppendFacts(nil, nums, texts, kinds)
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(row)))
		var buf []byte
		for b.Loop() {
			buf = wire.AppendFacts(buf[:0], nums, texts, kinds)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(row)))
		for b.Loop() {
			if _, err := wire.DecodeFacts(row, nums, texts, kinds); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkContentHash(b *testing.B) {
	b.ReportAllocs()
	var ev tidegate.Event
	if err := wire.DecodeEvent([]byte(aTransaction), wire.Options{}, &ev); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		wire.ContentHash(&ev)
	}
}
