package main

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/intake"
	"github.com/tidegate/tidegate/node"
)

// requestMetrics are told by the Kafka clients how long the brokers take.
type requestMetrics struct {
	seconds *prometheus.HistogramVec
}

func newRequestMetrics(registry prometheus.Registerer) *requestMetrics {
	m := &requestMetrics{seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "tidegate_kafka_request_seconds", Help: "Time from a request to Kafka to its answer; that of fetch includes the wait for records.",
		Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
	}, []string{"request"})}
	registry.MustRegister(m.seconds)
	return m
}

// OnBrokerE2E is called by the client for every request. 0 is Produce and 1 is
// Fetch in Kafka's protocol.
func (m *requestMetrics) OnBrokerE2E(_ kgo.BrokerMetadata, key int16, e2e kgo.BrokerE2E) {
	if e2e.Err() != nil {
		return
	}
	switch key {
	case 0:
		m.seconds.WithLabelValues("produce").Observe(e2e.DurationE2E().Seconds())
	case 1:
		m.seconds.WithLabelValues("fetch").Observe(e2e.DurationE2E().Seconds())
	}
}

var (
	inputReading  = prometheus.NewDesc("tidegate_input_reading", "1 while a topic is read; 0: /readyz has the reason.", []string{"topic"}, nil)
	inputRecords  = prometheus.NewDesc("tidegate_input_records_total", "Records taken from a topic.", []string{"topic"}, nil)
	inputFailures = prometheus.NewDesc("tidegate_input_failures_total", "Failures after which reading was begun again.", []string{"topic"}, nil)
	inputRetries  = prometheus.NewDesc("tidegate_input_retries_total", "Records of a topic that failed for what passes, and wait to be tried again.", []string{"topic"}, nil)
	inputLag      = prometheus.NewDesc("tidegate_input_lag_records", "Committed records of a partition that are not taken yet.", []string{"topic", "partition"}, nil)
	inputBehind   = prometheus.NewDesc("tidegate_input_lag_seconds", "Age of the first record of a partition that is not taken yet, or of the last that was before it comes; 0 where all is taken.", []string{"topic", "partition"}, nil)
	inputPaused   = prometheus.NewDesc("tidegate_input_paused", "1 while a partition is not asked for more.", []string{"topic", "partition"}, nil)
	deadLetters   = prometheus.NewDesc("tidegate_dead_letters_total", "Inputs that could not be used, by reason.", []string{"reason"}, nil)
)

// inputMetrics are those of what is read, and of what could not be used.
type inputMetrics struct {
	node   *node.Node
	intake *intake.Intake // nil when nothing is read
}

func (m inputMetrics) Describe(c chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{inputReading, inputRecords, inputFailures, inputRetries, inputLag, inputBehind, inputPaused, deadLetters} {
		c <- d
	}
}

func (m inputMetrics) Collect(c chan<- prometheus.Metric) {
	for reason, n := range m.node.Counters().DeadLetterReasons() {
		c <- prometheus.MustNewConstMetric(deadLetters, prometheus.CounterValue, float64(n), reason)
	}
	if m.intake == nil {
		return
	}
	for _, s := range m.intake.Stats() {
		reading := 0.0
		if s.State == intake.Reading {
			reading = 1
		}
		c <- prometheus.MustNewConstMetric(inputReading, prometheus.GaugeValue, reading, s.Topic)
		c <- prometheus.MustNewConstMetric(inputRecords, prometheus.CounterValue, float64(s.Taken), s.Topic)
		c <- prometheus.MustNewConstMetric(inputFailures, prometheus.CounterValue, float64(s.Failures), s.Topic)
		c <- prometheus.MustNewConstMetric(inputRetries, prometheus.CounterValue, float64(s.Retries), s.Topic)
		for _, l := range s.Lags {
			partition := strconv.Itoa(int(l.Number))
			behind, paused := 0.0, 0.0
			if l.Records > 0 && !l.Since.IsZero() {
				behind = max(0, time.Since(l.Since).Seconds())
			}
			if l.Paused {
				paused = 1
			}
			c <- prometheus.MustNewConstMetric(inputLag, prometheus.GaugeValue, float64(l.Records), s.Topic, partition)
			if l.Records == 0 || !l.Since.IsZero() { // else nobody knows: nothing is read
				c <- prometheus.MustNewConstMetric(inputBehind, prometheus.GaugeValue, behind, s.Topic, partition)
			}
			c <- prometheus.MustNewConstMetric(inputPaused, prometheus.GaugeValue, paused, s.Topic, partition)
		}
	}
}
