package kafkatest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// Move lets another replica lead each partition of the topics, as when somebody
// balances a cluster: no node is lost. With Kafka's own topics the coordinators
// of groups (__consumer_offsets) and of transactions (__transaction_state) move.
func (b *Broker) Move(t testing.TB, topics ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	admin := kadm.NewClient(b.Client(t))
	before, err := admin.ListTopicsWithInternal(ctx, topics...)
	if err == nil {
		err = before.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
	var assign kadm.AlterPartitionAssignmentsReq
	var elect kadm.TopicsSet
	want := map[string]map[int32]int32{}
	before.EachPartition(func(p kadm.PartitionDetail) {
		replicas := slices.Clone(p.Replicas) // the first is the one that should lead
		at := slices.Index(replicas, p.Leader)
		replicas = append(replicas[at+1:], replicas[:at+1]...)
		assign.Assign(p.Topic, p.Partition, replicas)
		elect.Add(p.Topic, p.Partition)
		if want[p.Topic] == nil {
			want[p.Topic] = map[int32]int32{}
		}
		want[p.Topic][p.Partition] = replicas[0]
	})
	answers, err := admin.AlterPartitionAssignments(ctx, assign)
	if err == nil {
		err = answers.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
	// A replica that is not in sync is not elected, and may be in a moment.
	for {
		if _, err := admin.ElectLeaders(ctx, kadm.ElectPreferredReplica, elect); err != nil {
			t.Fatal(err)
		}
		after, err := admin.ListTopicsWithInternal(ctx, topics...)
		if err != nil {
			t.Fatal(err)
		}
		moved := true
		after.EachPartition(func(p kadm.PartitionDetail) { moved = moved && p.Leader == want[p.Topic][p.Partition] })
		if moved {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}
