// Package kafka connects Tidegate to Kafka: [Publisher] sends what a journal
// holds, exactly once; [Records] is a stream's source; [DeadLetter] keeps what
// could not be used, with its reason. It knows no schema: what is in a record
// is its caller's business.
//
//	p, err := kafka.NewPublisher(source, kafka.Options{
//		Brokers: brokers, Journal: uuid, Incarnation: 1, Instance: rand.Text(),
//		Local: "data/published", Topics: topics, Report: report,
//	})
//	err = p.Run(ctx) // nil when ctx is over; an error when it must not go on
//
// # Exactly once
//
// A batch of messages goes to Kafka in one transaction, which also commits how
// far the journal is published, as the offset of the publisher's own group.
// Either both are there or neither, so whoever starts asks Kafka where to go
// on:
//
//  1. InitProducerID with the transactional id "tidegate-UUID". Whoever
//     published this journal before is fenced, what it left open is aborted.
//  2. The offset of group "tidegate-UUID", fetched stable: a commit that is
//     being decided is waited for.
//  3. Is this a position of ours? Its metadata names journal, incarnation and
//     instance. See [resume] for what must hold; where it does not, the
//     publisher stops and says so, because going on would lose or repeat
//     something.
//  4. A transaction with nothing but the position and our own name as the
//     instance: from here on others know that they were replaced.
//
// The same is done after every failure, so an outcome that is not known (a
// connection lost while committing) is never guessed. A publisher that was
// fenced finds another instance's name in step 3 and stops; one whose
// transaction the broker had timed out finds its own, and goes on.
//
// Groups without members lose their offsets after a week (offsets.retention.minutes),
// so the position is committed anew every day, and it is also kept in a local
// file: if Kafka has none and the file tells of one, the publisher stops. The
// metadata tells, too, what was published before the last transaction: a file
// that is further behind belongs to a data directory from a backup, whose
// records are not those that were published.
//
// The offset belongs to partition 0 of a topic of its own, [DefaultPositions],
// which holds one small record for each start and each day.
package kafka
