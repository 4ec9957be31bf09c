// Package kafka connects Tidegate to Kafka: today the publisher, which sends
// what the journal holds.
package kafka
