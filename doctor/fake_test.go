package doctor_test

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/doctor"
)

// fake is a cluster inside the test, for what Apache Kafka 4 can't be brought to.
func fake(t *testing.T, options ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(2)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func examineFake(t *testing.T, c *kfake.Cluster) doctor.Report {
	t.Helper()
	return examine(t, doctor.Options{Config: configured(t, func(cfg *config.Config) { cfg.Kafka.Brokers = c.ListenAddrs() })})
}

func TestBrokersAreTooOld(t *testing.T) {
	r := examineFake(t, fake(t, kfake.MaxVersions(kversion.V2_4_0())))
	says(t, r, "versions", doctor.Fail, "in version ", "upgrade the brokers to Kafka 2.5")
	says(t, examineFake(t, fake(t, kfake.MaxVersions(kversion.V2_5_0()))), "versions", doctor.OK, "", "")
}

// answer is a broker's to the question what it knows, as of a version of Kafka.
func answer(request kmsg.Request, versions *kversion.Versions) kmsg.Response {
	response := request.ResponseKind().(*kmsg.ApiVersionsResponse)
	versions.EachMaxKeyVersion(func(key, version int16) {
		known := kmsg.NewApiVersionsResponseApiKey()
		known.ApiKey, known.MaxVersion = key, version
		response.ApiKeys = append(response.ApiKeys, known)
	})
	return response
}

func TestBrokersAreOfSeveralVersions(t *testing.T) {
	c := fake(t)
	c.ControlKey(kmsg.ApiVersions.Int16(), func(request kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		versions := kversion.V3_6_0()
		if c.CurrentNode() == 1 {
			versions = kversion.V3_9_0()
		}
		return answer(request, versions), nil, true
	})
	says(t, examineFake(t, c), "versions", doctor.Warn, "3.6, 3.9", "end the upgrade")
}

func TestABrokerIsNotReached(t *testing.T) {
	c := fake(t)
	c.ControlKey(kmsg.ApiVersions.Int16(), func(request kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if c.CurrentNode() == 1 {
			return nil, errors.New("it hangs up"), true
		}
		return nil, nil, false
	})
	says(t, examineFake(t, c), "brokers", doctor.Fail, "not reached: 1 at 127.0.0.1:", "under the address that it advertises")
}

// Positions are committed anew each day, and would be lost before that.
func TestOffsetsAreKeptTooShort(t *testing.T) {
	r := examineFake(t, fake(t, kfake.BrokerConfigs(map[string]string{"offsets.retention.minutes": "60"})))
	says(t, r, "broker settings", doctor.Fail, "offsets.retention.minutes is 60", "10080")
}
