package api

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/stream/journal"
)

// metrics is what /metrics shows: the face's own figures and the node's.
type metrics struct {
	registry *prometheus.Registry
	problems *prometheus.CounterVec
	latency  prometheus.Histogram
}

// latencyBuckets are in seconds, dense where answers are.
var latencyBuckets = []float64{.0002, .0005, .001, .002, .003, .005, .01, .02, .05, .1, .5}

func newMetrics(registry *prometheus.Registry, n Reader) *metrics {
	m := &metrics{
		registry: registry,
		problems: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tidegate_problems_total", Help: "Requests answered with a problem, by code."}, []string{"code"}),
		latency:  prometheus.NewHistogram(prometheus.HistogramOpts{Name: "tidegate_decision_seconds", Help: "From request to durable record.", Buckets: latencyBuckets}),
	}
	for code := range statuses {
		m.problems.WithLabelValues(string(code)) // an increase is seen from 0 on
	}
	registry.MustRegister(m.problems, m.latency, nodeCollector{n}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// decided takes a decision's time; a retry has none.
func (m *metrics) decided(d *tidegate.Decision) {
	if d.Retry {
		return
	}
	m.latency.Observe(time.Duration(d.DecidedInUS * 1000).Seconds())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// nodeCollector reads the node's figures when they are asked for.
type nodeCollector struct{ node Reader }

var (
	descDecisions   = prometheus.NewDesc("tidegate_decisions_total", "Decisions, by outcome; retries are not counted again.", []string{"outcome"}, nil)
	descInputs      = prometheus.NewDesc("tidegate_inputs_total", "Other inputs, by what became of them.", []string{"kind"}, nil)
	descAlerts      = prometheus.NewDesc("tidegate_alerts_total", "Alerts, sent or suppressed by deduplication.", []string{"state"}, nil)
	descPatterns    = prometheus.NewDesc("tidegate_patterns_total", "What event patterns found and gave up, by pattern.", []string{"pattern", "what"}, nil)
	descGeneration  = prometheus.NewDesc("tidegate_configuration_generation", "Number of the configuration that decides.", nil, nil)
	descRecords     = prometheus.NewDesc("tidegate_journal_records_total", "Durable records since the start.", nil, nil)
	descBytes       = prometheus.NewDesc("tidegate_journal_bytes_total", "Bytes of durable records since the start.", nil, nil)
	descPending     = prometheus.NewDesc("tidegate_journal_pending_records", "Records on their way to the disk.", nil, nil)
	descSyncs       = prometheus.NewDesc("tidegate_journal_sync_seconds", "Duration of the journal's syncs.", nil, nil)
	descFree        = prometheus.NewDesc("tidegate_disk_free_bytes", "Free bytes on the journal's disk.", nil, nil)
	descCached      = prometheus.NewDesc("tidegate_state_bytes", "Bytes of keyed state in memory, and of it not yet in a checkpoint.", []string{"part"}, nil)
	descCheckpoints = prometheus.NewDesc("tidegate_checkpoints_total", "Checkpoints, by result.", []string{"result"}, nil)
	descCheckpoint  = prometheus.NewDesc("tidegate_checkpoint_last_seconds", "Duration of the last checkpoint, and the longest pause in it.", []string{"part"}, nil)
)

func (c nodeCollector) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, out) }

func (c nodeCollector) Collect(out chan<- prometheus.Metric) {
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	n := c.node.Counters()
	for o := tidegate.Approve; o <= tidegate.Decline; o++ {
		counter(descDecisions, float64(n.Outcomes[o].Load()), o.String())
	}
	for kind, v := range map[string]uint64{"event": n.Events(), "label": n.Labels(), "retry": n.Retries(), "conflict": n.Conflicts(),
		"unanswered": n.Unanswered(), "dead_letter": n.DeadLetters(), "degraded": n.Degraded.Load()} {
		counter(descInputs, float64(v), kind)
	}
	counter(descAlerts, float64(n.Alerts.Load()), "sent")
	counter(descAlerts, float64(n.Suppressed.Load()), "suppressed")
	for id, p := range n.Patterns() {
		for what, v := range map[string]uint64{"completed": p.Completed, "timed_out": p.TimedOut, "stale": p.Stale, "dropped": p.Dropped, "skip_failed": p.SkipFailed} {
			counter(descPatterns, float64(v), id, what)
		}
	}
	gauge(descGeneration, float64(c.node.Status().Generation))
	collectStats(c.node.Stats(), counter, gauge)
	out <- syncHistogram(c.node.Stats().Journal)
}

type metricFunc func(d *prometheus.Desc, v float64, labels ...string)

func collectStats(s node.Stats, counter, gauge metricFunc) {
	counter(descRecords, float64(s.Journal.Records))
	counter(descBytes, float64(s.Journal.Bytes))
	gauge(descPending, float64(s.Journal.PendingRecords))
	gauge(descFree, float64(s.Journal.FreeBytes))
	gauge(descCached, float64(s.State.Cached), "cached")
	gauge(descCached, float64(s.State.Changed), "changed")
	counter(descCheckpoints, float64(s.Checkpoint.Written), "written")
	counter(descCheckpoints, float64(s.Checkpoint.Failed), "failed")
	gauge(descCheckpoint, s.Checkpoint.Last.Duration.Seconds(), "whole")
	gauge(descCheckpoint, s.Checkpoint.Last.LongestPause.Seconds(), "longest_pause")
}

func syncHistogram(s journal.Stats) prometheus.Metric {
	buckets, count := map[float64]uint64{}, uint64(0)
	for i, bound := range journal.SyncBounds {
		count += s.Syncs[i]
		buckets[bound.Seconds()] = count
	}
	count += s.Syncs[len(s.Syncs)-1]
	return prometheus.MustNewConstHistogram(descSyncs, count, s.SyncTime.Seconds(), buckets)
}
