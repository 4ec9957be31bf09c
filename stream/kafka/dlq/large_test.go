package dlq_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/dlq"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// TestReplayLarge: a topic takes back what it brought, however large, and many
// small ones beside it; where one is larger than its topic takes it alone stays.
func TestReplayLarge(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	r := &rig{t, broker, "large-" + strings.ToLower(rand.Text()[:8])}
	client := broker.Client(t, kgo.ProducerBatchMaxBytes(kafka.LargestMessage), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	admin := kadm.NewClient(client)
	for topic, most := range map[string]int{r.topic: kafka.LargestMessage, r.topic + "-tight": 2000} {
		if _, err := admin.CreateTopic(t.Context(), 1, 1, map[string]*string{"max.message.bytes": kadm.StringPtr(fmt.Sprint(most))}, topic); err != nil {
			t.Fatal(err)
		}
	}
	letters := kafka.DeadLetterTopic(r.topic)
	letters.Partitions = 3
	if err := kafka.EnsureTopics(t.Context(), client, letters); err != nil {
		t.Fatal(err)
	}
	// As bytes that don't compress: it is what a batch has become that is limited.
	noise := make([]byte, 5<<20)
	_, _ = rand.Read(noise)
	var want []string
	for i := range 60 { // of 50 kB: more than one batch of what topics take by default
		value := noise[i*50_000 : (i+1)*50_000]
		switch {
		case i == 30:
			value = noise
		case i%2 == 0:
			value = fmt.Append(nil, "small ", i)
		}
		want = append(want, string(value))
		m := kafka.DeadLetter{Record: &kgo.Record{Topic: r.topic, Key: []byte("k"), Value: value}, Code: "invalid", At: noon}.Message(bytes.Clone)
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: m.Topic, Partition: int32(i % 3), Key: m.Key, Value: m.Value, Headers: m.Headers}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	l := r.open()
	var stay []string
	replay := dlq.Replay{Who: "anna", At: noon, To: r.topic + "-tight", Refused: func(l dlq.Letter, err error) { stay = append(stay, l.ID) }}
	sent, err := l.Replay(t.Context(), dlq.Filter{IDs: []string{"0-0", "0-10", "1-1", "2-0", "7-3", "none"}}, replay) // 0, 30, 4, 2
	if err != nil || sent != 3 || strings.Join(stay, " ") != "0-10" {
		t.Fatal(sent, err, stay)
	}
	if n := len(broker.Committed(t, r.topic+"-tight")); n != 3 {
		t.Errorf("%d sent to where one is too large", n)
	}
	edited := bytes.Repeat([]byte("y"), 3<<20)
	if err := l.Edit(t.Context(), "0-1", "anna", noon, edited); err != nil {
		t.Fatal(err)
	}
	if err := l.Edit(t.Context(), "0-1", "anna", noon, nil); tidegate.CodeOf(err) != tidegate.CodeInvalid {
		t.Error("an empty value: ", err)
	}
	want[3] = string(edited)
	replay.To = ""
	if sent, err := l.Replay(t.Context(), dlq.Filter{}, replay); sent != 57 || err != nil {
		t.Fatal(sent, err, stay)
	}
	want = slices.Delete(append(want[:0:0], want...), 4, 5)
	want = append(append([]string{}, want[1:2]...), want[3:]...) // 0, 2 and 4 are elsewhere
	got := r.sent()
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("%d values, %d of them as they should be", len(got), len(want))
	}
}
