package main

import (
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// BenchmarkPoison compares the rate with one record of poison in a thousand to
// that without any, in pairs that take turns in which comes first: all kinds, all
// but the 5 MB, and 5 MB alone, which are five times the bytes of the other
// thousand. Each iteration is a pair, of TIDEGATE_POISON_RECORDS each.
func BenchmarkPoison(b *testing.B) {
	n := 60_000
	if text := os.Getenv("TIDEGATE_POISON_RECORDS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	var small, large []poison
	for _, kind := range poisons {
		if kind.reason == "too_large" {
			large = append(large, kind)
		} else {
			small = append(small, kind)
		}
	}
	for _, run := range []struct {
		name  string
		kinds []poison
	}{{"all", poisons}, {"small", small}, {"5MB", large}} {
		b.Run(run.name, func(b *testing.B) {
			p := newPoisoned(b, kafkatest.Start(b), kafkatest.Registry(b))
			p.merchants = 1000
			phase := func(kinds []poison) float64 {
				bad := len(p.bad)
				p.fill(n, kinds)
				p.service.start()
				defer p.service.kill()
				return p.rate(n - len(p.bad) + bad)
			}
			phase(run.kinds) // the broker's code is compiled now
			var without, with, ratio []float64
			for i := 0; b.Loop(); i++ {
				kinds := [][]poison{nil, run.kinds}
				if i%2 == 1 {
					slices.Reverse(kinds)
				}
				rates := []float64{phase(kinds[0]), phase(kinds[1])}
				if i%2 == 1 {
					slices.Reverse(rates)
				}
				without, with, ratio = append(without, rates[0]), append(with, rates[1]), append(ratio, rates[1]/rates[0])
			}
			b.Logf("ratios %.2f", ratio)
			b.ReportMetric(median(without), "without/s")
			b.ReportMetric(median(with), "with/s")
			b.ReportMetric(median(ratio), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func median(list []float64) float64 {
	list = slices.Sorted(slices.Values(list))
	return (list[(len(list)-1)/2] + list[len(list)/2]) / 2
}
