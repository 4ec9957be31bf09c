// Command alert-consumer reads the topic fraud-alerts as an analyst's tool
// would, and prints a line for each alert. It depends on Kafka and on the
// published schema (docs/schemas/alert.json), not on Tidegate's own packages.
//
//	go run ./examples/alert-consumer -brokers 127.0.0.1:9092 -group my-desk
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// alert is what is used here of an alert. Members may be added to the schema
// within a version, so unknown ones are ignored; those that may be null are
// pointers.
type alert struct {
	ID            string       `json:"alert_id"`
	TransactionID string       `json:"transaction_id"`
	CustomerID    *string      `json:"customer_id"`
	Amount        *json.Number `json:"amount"`
	Currency      *string      `json:"currency"`
	Outcome       string       `json:"outcome"`
	Severity      string       `json:"severity"`
	Reason        struct {
		Code string `json:"code"`
		Text string `json:"text"`
	} `json:"reason"`
	EventTime time.Time `json:"event_time"`
}

func (a alert) String() string {
	amount := ""
	if a.Amount != nil && a.Currency != nil {
		amount = a.Amount.String() + " " + *a.Currency
	}
	customer := "-"
	if a.CustomerID != nil {
		customer = *a.CustomerID
	}
	return fmt.Sprintf("%s %-8s %-9s %s customer %s, transaction %s, %s: %s", a.EventTime.UTC().Format(time.RFC3339), a.Severity, a.Outcome, a.Reason.Code, customer, a.TransactionID, amount, a.Reason.Text)
}

func main() {
	brokers := flag.String("brokers", "127.0.0.1:9092", "brokers, separated by commas")
	topic := flag.String("topic", "fraud-alerts", "topic")
	group := flag.String("group", "alert-consumer", "consumer group: those that share one share the alerts")
	count := flag.Int("count", 0, "stop after so many; 0 never stops")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := consume(ctx, strings.Split(*brokers, ","), *topic, *group, *count); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "alert-consumer:", err)
		os.Exit(1)
	}
}

// consume prints alerts, and tells the group so after they are printed: a
// consumer that dies in between prints them again, and knows them by alert_id.
func consume(ctx context.Context, brokers []string, topic, group string, count int) error {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(brokers...), kgo.ConsumeTopics(topic), kgo.ConsumerGroup(group),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), // what a transaction gave up is not there
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(),
	)
	if err != nil {
		return err
	}
	defer client.CloseAllowingRebalance()
	for printed := 0; count == 0 || printed < count; {
		fetches := client.PollRecords(ctx, 100)
		if err := fetches.Err(); err != nil {
			return err
		}
		for _, r := range fetches.Records() {
			var a alert
			if err := json.Unmarshal(r.Value, &a); err != nil {
				return fmt.Errorf("%s/%d offset %d is no alert: %w", r.Topic, r.Partition, r.Offset, err)
			}
			fmt.Println(a)
			printed++
		}
		if err := client.CommitRecords(ctx, fetches.Records()...); err != nil {
			return err
		}
		client.AllowRebalance()
	}
	return nil
}
