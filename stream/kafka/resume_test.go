package kafka

import (
	"strings"
	"testing"
)

func TestResume(t *testing.T) {
	own := claim{journal: "a", incarnation: 2, instance: "new"}
	at := func(next uint64) *claim { return &claim{next: next, journal: "a", incarnation: 2, instance: "old"} }
	told := func(next, before uint64) *claim {
		c := at(next)
		c.before = before
		return c
	}
	for _, c := range []struct {
		name       string
		kafka      *claim
		file       local
		first, end uint64
		next       uint64
		stop       string
	}{
		{name: "first start ever", first: 1, end: 0, next: 1},
		{name: "first start of an old journal", first: 500, end: 900, next: 500},
		{name: "first start after history", file: local{record: 600}, first: 1, end: 600, next: 601},
		{name: "goes on", kafka: at(11), file: local{10, 2}, first: 1, end: 20, next: 11},
		{name: "killed before the file was written", kafka: at(11), file: local{7, 2}, first: 1, end: 20, next: 11},
		{name: "a position from before that was told", kafka: at(11), first: 1, end: 20, next: 11},
		{name: "killed before the file was written", kafka: told(11, 7), file: local{7, 2}, first: 1, end: 20, next: 11},
		{name: "killed before the first file was written", kafka: told(11, 0), first: 1, end: 20, next: 11},
		{name: "the same, of an old journal", kafka: told(505, 499), first: 500, end: 900, next: 505},
		{name: "restored, and decided again", kafka: told(11, 8), file: local{7, 2}, first: 1, end: 20, stop: "restored from a backup"},
		{name: "the file was removed", kafka: told(11, 8), first: 1, end: 20, stop: "the file of the position was removed"},
		{name: "nothing new", kafka: at(21), file: local{20, 2}, first: 1, end: 20, next: 21},
		{name: "history came later", kafka: at(11), file: local{record: 90}, first: 1, end: 90, next: 91},
		{name: "next record is the first kept", kafka: at(11), file: local{10, 2}, first: 11, end: 20, next: 11},
		{name: "none", file: local{10, 2}, first: 1, end: 20, stop: "no position"},
		{name: "another journal", kafka: &claim{next: 11, journal: "b", incarnation: 2}, first: 1, end: 20, stop: "journal b"},
		{name: "another incarnation", kafka: &claim{next: 11, journal: "a", incarnation: 1}, file: local{10, 1}, first: 1, end: 20, stop: "restored from a backup"},
		{name: "beyond the end", kafka: at(22), file: local{20, 2}, first: 1, end: 20, stop: "beyond the journal's end"},
		{name: "before the file", kafka: at(10), file: local{10, 2}, first: 1, end: 20, stop: "before what was published"},
		{name: "dropped by retention", kafka: at(11), file: local{10, 2}, first: 13, end: 20, stop: "records 11 to 12"},
	} {
		t.Run(c.name, func(t *testing.T) {
			next, err := resume(own, c.kafka, c.file, c.first, c.end)
			switch {
			case c.stop == "" && err != nil:
				t.Error(err)
			case c.stop != "" && (err == nil || !strings.Contains(err.Error(), c.stop)):
				t.Errorf("goes on with %d, error %v; want to stop: %s", next, err, c.stop)
			case next != c.next:
				t.Errorf("goes on with %d, not %d", next, c.next)
			}
		})
	}
}

func TestClaimMetadata(t *testing.T) {
	c := claim{next: 7, journal: "0191c1b2-7b6f-4a8e-9d1c-000000000001", incarnation: 3, instance: "PQX", before: 5}
	got, err := parseClaim(7, c.metadata())
	if err != nil || got != c {
		t.Errorf("%+v, %v", got, err)
	}
	for _, other := range []string{"", "tidegate-2 journal=a incarnation=1 instance=b", "tidegate-3 journal=a incarnation=1 instance=b before=2", "tidegate-1 journal=a incarnation=-1 instance=b"} {
		if got, err := parseClaim(7, other); err == nil {
			t.Errorf("%q is taken for %+v", other, got)
		}
	}
}

func FuzzClaim(f *testing.F) {
	f.Add(int64(5), claim{journal: "a", incarnation: 1, instance: "b"}.metadata())
	f.Fuzz(func(t *testing.T, offset int64, metadata string) {
		c, err := parseClaim(offset, metadata)
		if err != nil {
			return
		}
		if again, err := parseClaim(offset, c.metadata()); err != nil || again != c {
			t.Errorf("%+v became %+v, %v", c, again, err)
		}
	})
}
