package kafka

import (
	"fmt"

	"github.com/tidegate/tidegate"
)

// claim is a position in Kafka: the offset of the group and its metadata.
type claim struct {
	next        uint64 // the record to publish next
	journal     string
	incarnation uint64
	instance    string
	before      uint64 // the last record that was published before this transaction
}

// The metadata of the group's offset. 'tidegate-2' is the format; the one
// before did not tell what was published before its transaction.
const (
	claimFormat    = "tidegate-2 journal=%s incarnation=%d instance=%s before=%d"
	claimFormatOld = "tidegate-1 journal=%s incarnation=%d instance=%s"
)

func (c claim) metadata() string {
	return fmt.Sprintf(claimFormat, c.journal, c.incarnation, c.instance, c.before)
}

func parseClaim(offset int64, metadata string) (claim, error) {
	c := claim{next: uint64(offset)}
	n, err := fmt.Sscanf(metadata, claimFormat, &c.journal, &c.incarnation, &c.instance, &c.before)
	if n == 0 {
		n, err = fmt.Sscanf(metadata, claimFormatOld, &c.journal, &c.incarnation, &c.instance)
		n++
	}
	if offset < 0 || n != 4 || err != nil {
		return claim{}, stopped("Kafka's position of this journal was not written by a publisher: somebody set the group's offset")
	}
	return c, nil
}

// resume is the record to go on with. It stops wherever that would be a guess:
//
//   - Kafka has no position, but the local file tells of one: the group's
//     offset has expired or was deleted, or these are other brokers.
//   - The position is another journal's or another incarnation's: the journal
//     was restored from a backup, and what came after that may be in Kafka.
//   - It is beyond the journal's end, or before its first record kept.
//   - It is more than one transaction ahead of the local file, which is written
//     after each: the data directory is older than what was published, as one
//     that was restored from a backup and has begun to decide again.
//   - It is behind the local file: Kafka lost what it had acknowledged.
//
// first and end are the first record kept and the last durable one. Where
// neither Kafka nor the file knows of a position this is the first start ever.
func resume(own claim, kafka *claim, file local, first, end uint64) (uint64, error) {
	floor := file.record + 1
	switch {
	case kafka == nil && file.incarnation > 0:
		return 0, stopped("Kafka has no position of this journal, but %d records of it were published: the group's offset has expired or was deleted, or these are other brokers", file.record)
	case kafka == nil:
		return max(floor, first), nil
	case kafka.journal != own.journal:
		return 0, stopped("Kafka's position is one in journal %s, and this is %s", kafka.journal, own.journal)
	case kafka.incarnation != own.incarnation:
		return 0, stopped("Kafka's position, record %d, is one in incarnation %d of the journal, and this is %d: it was restored from a backup", kafka.next-1, kafka.incarnation, own.incarnation)
	case kafka.next > end+1:
		return 0, stopped("Kafka's position, record %d, is beyond the journal's end, record %d: records are missing here", kafka.next-1, end)
	case file.incarnation > 0 && kafka.next < floor:
		return 0, stopped("Kafka's position, record %d, is before what was published, record %d: the brokers have lost something, or somebody set the group's offset", kafka.next-1, file.record)
	case kafka.before > max(file.record, first-1):
		return 0, stopped("Kafka's position, record %d, is more than a transaction ahead of what this data directory knows of, record %d: it was restored from a backup, or the file of the position was removed", kafka.next-1, file.record)
	case max(kafka.next, floor) < first:
		return 0, stopped("records %d to %d were not published and the journal no longer has them", kafka.next, first-1)
	}
	return max(kafka.next, floor), nil
}

// stopError says that going on would be a guess.
type stopError struct{ cause error }

func stopped(format string, args ...any) error {
	return &stopError{tidegate.Errorf(tidegate.CodeConflict, "publishing has stopped: "+format, args...)}
}

func (s *stopError) Error() string { return s.cause.Error() }

func (s *stopError) Unwrap() error { return s.cause }
