//go:build unix

package cep

import (
	"syscall"
	"testing"
	"time"
)

func BenchmarkNFA(b *testing.B) { benchmark(b, func(a *Automaton[*login], e []*login) { bare(a, e) }) }

func BenchmarkOperator(b *testing.B) {
	benchmark(b, func(a *Automaton[*login], e []*login) { operated(a, e) })
}

// benchmark reports what Flink is compared by: events per core-second, of the
// CPU time of the whole process.
func benchmark(b *testing.B, run func(*Automaton[*login], []*login)) {
	events := baselineEvents(1_000_000)
	for _, base := range baselines {
		b.Run(base.name, func(b *testing.B) {
			a := base.automaton(b)
			b.ReportAllocs()
			before := cpuTime()
			for b.Loop() {
				run(a, events)
			}
			b.ReportMetric(float64(len(events)*b.N)/(cpuTime()-before).Seconds(), "events/core-s")
		})
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
