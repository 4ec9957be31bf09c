package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/kafka"
)

// cluster is the brokers, as far as they let us look.
type cluster struct {
	*examination
	client  *kgo.Client
	admin   *kadm.Client
	brokers kadm.BrokerDetails
}

// kafka looks at the brokers, when there are any in the configuration.
func (e *examination) kafka(ctx context.Context) {
	if len(e.Config.Kafka.Brokers) == 0 {
		if topics := e.Config.Kafka.InputTopics(); len(topics) > 0 {
			e.note("brokers", Warn, "name them in kafka.brokers; only serve --dev-kafka does without", "there are none in kafka.brokers: nothing is published, and of kafka.inputs nothing is read: %s", strings.Join(topics, ", "))
			return
		}
		e.note("brokers", Skip, "", "there are none in kafka.brokers: nothing is published")
		return
	}
	options, err := e.Config.Kafka.Options()
	if err != nil {
		e.note("brokers", Fail, "mend kafka in tidegate.yaml", "%v", err)
		return
	}
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(e.Config.Kafka.Brokers...), kgo.ClientID("tidegate-doctor"),
		kgo.RequestRetries(3), kgo.AlwaysRetryEOF(), kgo.MetadataMinAge(100*time.Millisecond), kgo.RecordDeliveryTimeout(10*time.Second))...)
	if err != nil {
		e.note("brokers", Fail, "mend kafka in tidegate.yaml", "%v", err)
		return
	}
	defer client.Close()
	c := &cluster{examination: e, client: client, admin: kadm.NewClient(client)}
	if !c.reach(ctx) {
		return
	}
	c.versions(ctx)
	c.settings(ctx)
	c.topics(ctx)
	c.transactions(ctx)
	c.access(ctx)
	c.skew(ctx)
}

// reach connects to every broker.
func (c *cluster) reach(ctx context.Context) bool {
	metadata, err := c.admin.BrokerMetadata(ctx)
	if err != nil {
		c.unreachable(err)
		return false
	}
	c.brokers = metadata.Brokers
	var away []string
	for _, broker := range c.brokers {
		if _, err := c.client.Broker(int(broker.NodeID)).Request(ctx, kmsg.NewPtrApiVersionsRequest()); err != nil {
			away = append(away, fmt.Sprintf("%d at %s:%d: %v", broker.NodeID, broker.Host, broker.Port, kafka.Explain(err)))
		}
	}
	if len(away) > 0 {
		c.note("brokers", Fail, "let this machine reach every broker under the address that it advertises", "not reached: %s", strings.Join(away, "; "))
		return true
	}
	c.note("brokers", OK, "", "%d reached", len(c.brokers))
	return true
}

func (c *cluster) unreachable(err error) {
	var told *tidegate.Error
	if errors.As(kafka.Explain(err), &told) && told.Cause != nil {
		c.note("brokers", Fail, told.Message, "%v", told.Cause)
		return
	}
	c.note("brokers", Fail, "see whether the brokers are up and kafka.brokers names them", "%v", err)
}

// needed are the requests, with their versions, that publishing stands on; all
// brokers since Kafka 2.5 have them.
var needed = map[kmsg.Key]int16{kmsg.OffsetFetch: 7, kmsg.TxnOffsetCommit: 3, kmsg.InitProducerID: 3}

func (c *cluster) versions(ctx context.Context) {
	all, err := c.admin.ApiVersions(ctx)
	if err != nil {
		c.note("versions", Skip, "", "%v", err)
		return
	}
	seen := map[string]bool{}
	for _, broker := range all.Sorted() {
		if broker.Err != nil {
			continue // it was not reached, and that was said
		}
		seen[strings.TrimPrefix(broker.VersionGuess(), "v")] = true
		for key, least := range needed {
			if most, ok := broker.KeyMaxVersion(key.Int16()); !ok || most < least {
				c.note("versions", Fail, "upgrade the brokers to Kafka 2.5 or newer", "broker %d has no %s in version %d", broker.NodeID, key.Name(), least)
				return
			}
		}
	}
	var list []string
	for version := range seen {
		list = append(list, version)
	}
	slices.Sort(list)
	if len(list) > 1 {
		c.note("versions", Warn, "end the upgrade", "the brokers have several: %s", strings.Join(list, ", "))
		return
	}
	c.note("versions", OK, "", "Kafka %s", strings.Join(list, ""))
}

// leastOffsets is how long brokers must keep the offset of a group without
// members: positions are committed anew every day.
const leastOffsets = 2 * 24 * time.Hour

// settings are those of the brokers that positions depend on. Reading them is
// a right that the service can do without.
func (c *cluster) settings(ctx context.Context) {
	configs, err := c.admin.DescribeBrokerConfigs(ctx, c.brokers[0].NodeID)
	if err == nil && len(configs) > 0 {
		err = configs[0].Err
	}
	if err != nil {
		c.note("broker settings", Skip, "", "we may not read them (DescribeConfigs on the cluster, which only doctor wants)")
		return
	}
	for _, setting := range configs[0].Configs {
		if setting.Key != "offsets.retention.minutes" || setting.Value == nil {
			continue
		}
		minutes, err := strconv.Atoi(*setting.Value)
		if err == nil && time.Duration(minutes)*time.Minute < leastOffsets {
			c.note("broker settings", Fail, "set offsets.retention.minutes to 10080, the default", "offsets.retention.minutes is %d: the position of a publisher that is away for a day would be lost", minutes)
			return
		}
	}
	c.note("broker settings", OK, "", "offsets of groups are kept long enough")
}
