package doctor_test

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// hang leaves a transaction open in a partition as a broker that loses its end
// does: the partition has a record of it, and the coordinator thinks that it has
// ended, or never heard of the partition, as clients before KIP-890 could bring about.
func hang(t *testing.T, broker *kafkatest.Broker, topic string, partition int32, ended kafka.Ending) {
	t.Helper()
	client := broker.Client(t, kgo.MaxVersions(kversion.V3_6_0()))
	off := "false"
	if _, err := kadm.NewClient(client).AlterBrokerConfigs(t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "transaction.partition.verification.enable", Value: &off}}); err != nil {
		t.Fatal(err)
	}
	id := "hanging " + string(ended)
	begin := kmsg.NewPtrInitProducerIDRequest()
	begin.TransactionalID, begin.TransactionTimeoutMillis = &id, 60_000
	producer, err := begin.RequestWith(t.Context(), client)
	ok(t, err, producer.ErrorCode)
	sequence := int32(0)
	produce := func() {
		records := kmsg.NewProduceRequestTopicPartition()
		records.Partition, records.Records = partition, batch(producer, sequence)
		to := kmsg.NewProduceRequestTopic()
		to.Topic, to.Partitions = topic, []kmsg.ProduceRequestTopicPartition{records}
		produce := kmsg.NewPtrProduceRequest()
		produce.TransactionID, produce.Acks, produce.TimeoutMillis, produce.Topics = &id, -1, 60_000, []kmsg.ProduceRequestTopic{to}
		eventually(t, "the record is taken", func() bool { // the setting takes a moment to be known
			answer, err := produce.RequestWith(t.Context(), client)
			return err == nil && answer.Topics[0].Partitions[0].ErrorCode == 0
		})
		sequence++
	}
	if ended != "" {
		to := kmsg.NewAddPartitionsToTxnRequestTopic()
		to.Topic, to.Partitions = topic, []int32{partition}
		add := kmsg.NewPtrAddPartitionsToTxnRequest()
		add.TransactionalID, add.ProducerID, add.ProducerEpoch, add.Topics = id, producer.ProducerID, producer.ProducerEpoch, []kmsg.AddPartitionsToTxnRequestTopic{to}
		added, err := add.RequestWith(t.Context(), client)
		ok(t, err, added.Topics[0].Partitions[0].ErrorCode)
		produce()
		end := kmsg.NewPtrEndTxnRequest()
		end.TransactionalID, end.ProducerID, end.ProducerEpoch, end.Commit = id, producer.ProducerID, producer.ProducerEpoch, ended == kafka.Committed
		answer, err := end.RequestWith(t.Context(), client)
		ok(t, err, answer.ErrorCode)
		eventually(t, "it has ended", func() bool {
			all, err := kadm.NewClient(client).DescribeTransactions(t.Context(), id)
			return err == nil && strings.HasPrefix(all[id].State, "Complete")
		})
	}
	produce()
}

func ok(t *testing.T, err error, code int16) {
	t.Helper()
	if err == nil {
		err = kerr.ErrorForCode(code)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// batch is one record of a producer's transaction: Kafka protocol, record batch v2.
func batch(producer *kmsg.InitProducerIDResponse, sequence int32) []byte {
	record := kmsg.NewRecord()
	record.Value = []byte("hanging")
	record.Length = int32(len(record.AppendTo(nil)) - 1)
	b := kmsg.NewRecordBatch()
	b.PartitionLeaderEpoch, b.Magic, b.Attributes = -1, 2, 1<<4 // transactional
	b.FirstTimestamp = time.Now().UnixMilli()
	b.MaxTimestamp = b.FirstTimestamp
	b.ProducerID, b.ProducerEpoch, b.FirstSequence, b.NumRecords = producer.ProducerID, producer.ProducerEpoch, sequence, 1
	b.Records = record.AppendTo(nil)
	const length, crc = 12, 21 // where these fields end and begin
	text := b.AppendTo(nil)
	binary.BigEndian.PutUint32(text[length-4:], uint32(len(text)-length))
	binary.BigEndian.PutUint32(text[crc-4:], crc32.Checksum(text[crc:], crc32.MakeTable(crc32.Castagnoli)))
	return text
}
