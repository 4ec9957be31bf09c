package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// TestStandby: a second process waits for the data directory, and takes over
// under load when the first is killed: the same address answers again, the
// topic is read on, and each decision is published once.
func TestStandby(t *testing.T) {
	beside(t)
	broker := kafkatest.Start(t)
	transactions := broker.Topic(t, "transactions", 2)
	s := newPublishing(t, broker, fmt.Sprintf("inputs: [{topic: %q, takes: transactions}]", transactions))
	s.start()
	payments := s.pay()
	f := newFeed(t, broker, transactions)
	for range 3 {
		standby := exec.Command(binary, "serve", "--standby", "--config", filepath.Join(s.dir, "config", "tidegate.yaml"))
		var log lockedBuffer
		standby.Stderr = &log
		if err := standby.Start(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "it stands by", func() bool { return strings.Contains(log.String(), "standing by") })
		f.send(90)
		payments.more(20)
		s.kill()
		s.process = standby
		waitFor(t, "it takes over", func() bool { return strings.Contains(log.String(), "taking over") })
		payments.more(20)
	}
	payments.end()
	s.drained(f)
	decisions, _ := s.recorded(payments)
	waitFor(t, "all decisions are there", func() bool { return len(s.published("decisions", "transaction_id")) >= len(decisions) })
	if got := s.published("decisions", "transaction_id"); len(got) != len(decisions) {
		t.Errorf("%d decisions, %d published", len(decisions), len(got))
	}
	f.decidedOnce(decisions)
}

// TestRestored: a data directory from a backup decides, and publishes nothing
// until a person has looked, whether or not it is told that it is one. What came
// from a topic since the backup is read, and decided, again: none is skipped. With
// a person's word all from then on is published once.
func TestRestored(t *testing.T) {
	beside(t)
	broker := kafkatest.Start(t)
	for name, arguments := range map[string][]string{"found out": nil, "told": {"--restored"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transactions := broker.Topic(t, "transactions", 2)
			s := newPublishing(t, broker, fmt.Sprintf("inputs: [{topic: %q, takes: transactions}]", transactions))
			f := newFeed(t, broker, transactions)
			s.start()
			payments := s.pay()
			payments.more(50)
			f.send(50)
			s.kill()
			backup := filepath.Join(s.dir, "backup")
			data := filepath.Join(s.dir, "data")
			if err := os.CopyFS(backup, os.DirFS(data)); err != nil {
				t.Fatal(err)
			}
			old, _ := s.recorded(payments)
			// Three lives more, so that Kafka has more than a transaction more.
			for range 3 {
				s.start()
				before := len(s.published("decisions", "transaction_id"))
				f.send(49)
				payments.more(100)
				waitFor(t, "it publishes", func() bool { return len(s.published("decisions", "transaction_id")) > before })
				s.kill()
			}
			if err := errors.Join(os.RemoveAll(data), os.Rename(backup, data)); err != nil {
				t.Fatal(err)
			}
			s.start(arguments...)
			payments.more(200)
			waitFor(t, "the publisher stops", func() bool { return strings.Contains(s.metrics(), "\ntidegate_publisher_stopped 1") })
			payments.more(20) // decisions go on
			payments.end()
			waitFor(t, "the topic is read to its end", func() bool {
				status, _ := read(client.Get("http://" + s.address + fmt.Sprint("/v1/decisions/k-", f.n)))
				return status == 200
			})
			s.kill()
			decisions, _ := s.recorded(nil)
			f.decidedOnce(decisions)

			// Go on after the last decision of the backup.
			last, err := strconv.Atoi(old[len(old)-1][:6])
			if err != nil {
				t.Fatal(err)
			}
			published := len(broker.Committed(t, s.topics["decisions"]))
			s.environment = append(os.Environ(), acceptVariable+"="+strconv.Itoa(last+1))
			s.start()
			want := published + len(decisions) - len(old)
			waitFor(t, "all is published", func() bool { return len(broker.Committed(t, s.topics["decisions"])) >= want })
			s.kill()
			if got := len(broker.Committed(t, s.topics["decisions"])); got != want {
				t.Errorf("%d published, of which %d before the restore; %d decisions after the backup's %d", got, published, len(decisions), len(old))
			}
		})
	}
}
