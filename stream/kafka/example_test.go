package kafka_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/stream/kafka"
)

// A journal's messages go to Kafka; a consumer that reads what is committed
// sees each once.
func ExamplePublisher() {
	broker, _ := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "decisions", "alerts"))
	defer broker.Close()
	dir, _ := os.MkdirTemp("", "published")
	defer os.RemoveAll(dir)

	decisions := newJournal("decisions", "alerts")
	decisions.append(3)
	publisher, err := kafka.NewPublisher(&reader{journal: decisions}, kafka.Options{
		Brokers: broker.ListenAddrs(), Journal: "0191c1b2", Incarnation: 1, Instance: "this-process",
		Local:  filepath.Join(dir, "published"),
		Report: func(err error) { fmt.Println(err) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- publisher.Run(ctx) }()

	for publisher.Published() < 3 {
		time.Sleep(time.Millisecond)
	}
	stop()
	fmt.Println(<-ended)

	consumer, _ := kgo.NewClient(kgo.SeedBrokers(broker.ListenAddrs()...), kgo.ConsumeTopics("decisions"), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	defer consumer.Close()
	consumer.PollRecords(context.Background(), 3).EachRecord(func(r *kgo.Record) {
		fmt.Printf("%s: %s\n", r.Key, r.Value)
	})
	// Output:
	// <nil>
	// customer-1: decision 1
	// customer-2: decision 2
	// customer-3: decision 3
}
