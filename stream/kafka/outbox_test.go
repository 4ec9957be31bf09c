package kafka

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/twmb/franz-go/pkg/kgo"
)

// FuzzMessage: what is decoded is encoded to the same again, and nothing that a
// byte was changed in is taken for a message.
func FuzzMessage(f *testing.F) {
	m := Message{Topic: "decisions", Key: []byte("c-1"), Value: []byte("{}"), Headers: []kgo.RecordHeader{{Key: "a"}, {Key: "b", Value: []byte{}}}}
	f.Add(appendMessage(nil, m), 3)
	f.Add(appendMessage(nil, Message{}), 0)
	f.Add([]byte{1, 0, 0, 0}, 1)
	f.Fuzz(func(t *testing.T, b []byte, at int) {
		var got, again Message
		rest, err := decodeMessage(b, &got)
		if err != nil {
			return
		}
		frame := appendMessage(nil, got)
		if left, err := decodeMessage(frame, &again); err != nil || len(left) > 0 {
			t.Fatal(err, left)
		}
		if diff := cmp.Diff(got, again, cmpopts.IgnoreUnexported(Message{})); diff != "" {
			t.Fatal(diff)
		}
		if whole := b[:len(b)-len(rest)]; at >= 8 && at < len(whole) {
			whole[at]++
			if _, err := decodeMessage(whole, &again); err == nil {
				t.Fatal("a changed byte is not seen")
			}
		}
	})
}
