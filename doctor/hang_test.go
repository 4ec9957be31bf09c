package doctor_test

import (
	"encoding/binary"
	"hash/crc32"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// hang leaves a transaction open in a partition as a broker that loses its end
// does: the partition has a record of it, and the coordinator knows nothing of
// the partition, as clients before KIP-890 could bring about.
func hang(t *testing.T, broker *kafkatest.Broker, topic string, partition int32) {
	t.Helper()
	client := broker.Client(t, kgo.MaxVersions(kversion.V3_6_0()))
	off := "false"
	if _, err := kadm.NewClient(client).AlterBrokerConfigs(t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "transaction.partition.verification.enable", Value: &off}}); err != nil {
		t.Fatal(err)
	}
	id := "hanging"
	begin := kmsg.NewPtrInitProducerIDRequest()
	begin.TransactionalID, begin.TransactionTimeoutMillis = &id, 60_000
	producer, err := begin.RequestWith(t.Context(), client)
	if err == nil {
		err = kerr.ErrorForCode(producer.ErrorCode)
	}
	if err != nil {
		t.Fatal(err)
	}
	records := kmsg.NewProduceRequestTopicPartition()
	records.Partition, records.Records = partition, batch(producer)
	to := kmsg.NewProduceRequestTopic()
	to.Topic, to.Partitions = topic, []kmsg.ProduceRequestTopicPartition{records}
	produce := kmsg.NewPtrProduceRequest()
	produce.TransactionID, produce.Acks, produce.TimeoutMillis, produce.Topics = &id, -1, 60_000, []kmsg.ProduceRequestTopic{to}
	eventually(t, "the record is taken", func() bool { // the setting takes a moment to be known
		answer, err := produce.RequestWith(t.Context(), client)
		if err == nil {
			err = kerr.ErrorForCode(answer.Topics[0].Partitions[0].ErrorCode)
		}
		return err == nil
	})
}

// batch is one record of a producer's transaction: Kafka protocol, record batch v2.
func batch(producer *kmsg.InitProducerIDResponse) []byte {
	record := kmsg.NewRecord()
	record.Value = []byte("hanging")
	record.Length = int32(len(record.AppendTo(nil)) - 1)
	b := kmsg.NewRecordBatch()
	b.PartitionLeaderEpoch, b.Magic, b.Attributes = -1, 2, 1<<4 // transactional
	b.FirstTimestamp = time.Now().UnixMilli()
	b.MaxTimestamp = b.FirstTimestamp
	b.ProducerID, b.ProducerEpoch, b.NumRecords = producer.ProducerID, producer.ProducerEpoch, 1
	b.Records = record.AppendTo(nil)
	const length, crc = 12, 21 // where these fields end and begin
	text := b.AppendTo(nil)
	binary.BigEndian.PutUint32(text[length-4:], uint32(len(text)-length))
	binary.BigEndian.PutUint32(text[crc-4:], crc32.Checksum(text[crc:], crc32.MakeTable(crc32.Castagnoli)))
	return text
}
