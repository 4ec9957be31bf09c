package journal_test

import (
	"context"
	"fmt"
	"log"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidegate/tidegate/stream/journal"
)

func Example() {
	ctx := context.Background()
	j, recovery, err := journal.Open("journal", journal.Options{FS: vfs.NewMem()})
	if err != nil {
		log.Fatal(err)
	}
	defer j.Close()
	fmt.Println("records found:", recovery.Last)

	seq, err := j.Append([]byte("approve"))
	if err != nil {
		log.Fatal(err)
	}
	if err := j.Wait(ctx, seq); err != nil {
		log.Fatal(err)
	}

	r := j.ReadFrom(1)
	defer r.Close()
	seq, payload, err := r.Next(ctx)
	fmt.Println(seq, string(payload), err)
	// Output:
	// records found: 0
	// 1 approve <nil>
}
