package node

import "maps"

// Configurations of the tests, small enough to be checked by hand.

// files makes a configuration of the base one and others over it.
func files(over ...map[string]string) map[string][]byte {
	all := map[string]string{}
	for _, o := range append([]map[string]string{base}, over...) {
		maps.Copy(all, o)
	}
	contents := map[string][]byte{}
	for name, text := range all {
		contents[name] = []byte(text)
	}
	return contents
}

var base = map[string]string{
	"features.yaml": `
features:
  - {name: count_1h, key: customer_id, aggregate: count, window: 1h}
  - {name: sum_24h, key: customer_id, aggregate: sum(amount), window: 24h}
  - {name: avg_7d, key: customer_id, aggregate: avg(amount), window: 7d, exclude_current: true}
  - {name: devices_24h, key: customer_id, aggregate: count_distinct(device_fingerprint), window: 24h}
  - {name: declines_1h, key: customer_id, aggregate: count, window: 1h, where: 'outcome == "decline"'}
  - {name: frauds_30d, key: customer_id, aggregate: sum(fraud), window: 30d}
  - {name: new_device, key: [customer_id, device_fingerprint], aggregate: first_seen, window: 7d}
  - {name: logins_1h, key: customer_id, aggregate: count, window: 1h, events: [login_failed]}
  - {name: captures_7d, key: merchant_id, aggregate: count, window: 7d, events: [transaction.captured]}
  - {name: merchant_count_1h, key: merchant_id, aggregate: count, window: 1h}
  - {name: merchant_fraud_share, key: merchant_id, aggregate: avg(fraud), window: 7d}
`,
	"rules/rules.yaml": `
rules:
  - id: velocity
    when: count_1h > 3
    then: {outcome: decline, score: 400, reason: VELOCITY, severity: high, alert: true}
  - id: large
    when: tx.base_amount > 500
    then: {outcome: review, score: 100, reason: LARGE, severity: low, alert: true}
  - id: declined-before
    when: declines_1h > 0
    then: {outcome: challenge, score: 50, reason: DECLINED, severity: low}
`,
	"rates.yaml":  "base: EUR\nrates: {USD: 0.9}\n",
	"policy.yaml": "version: \"1\"\n",
}

// otherRules decides with the same features in another way.
var otherRules = map[string]string{
	"rules/rules.yaml": `
rules:
  - id: velocity
    when: count_1h > 2
    then: {outcome: challenge, score: 300, reason: VELOCITY, severity: high, alert: true}
`,
}

// otherFeatures changes what the customer's histories keep, leaves the
// merchant's as they are, and adds those of devices.
var otherFeatures = map[string]string{
	"features.yaml": `
features:
  - {name: count_1h, key: customer_id, aggregate: count, window: 1h}
  - {name: declines_1h, key: customer_id, aggregate: count, window: 1h, where: 'outcome == "decline"'}
  - {name: max_30d, key: customer_id, aggregate: max(amount), window: 30d}
  - {name: frauds_30d, key: customer_id, aggregate: sum(fraud), window: 30d}
  - {name: captures_7d, key: merchant_id, aggregate: count, window: 7d, events: [transaction.captured]}
  - {name: merchant_count_1h, key: merchant_id, aggregate: count, window: 1h}
  - {name: merchant_fraud_share, key: merchant_id, aggregate: avg(fraud), window: 7d}
  - {name: device_count_24h, key: device_fingerprint, aggregate: count, window: 24h}
  - {name: device_customers_24h, key: device_fingerprint, aggregate: count_distinct(customer_id), window: 24h}
`,
	"rules/rules.yaml": `
rules:
  - id: velocity
    when: count_1h > 3
    then: {outcome: decline, score: 400, reason: VELOCITY, severity: high, alert: true}
  - id: shared-device
    when: device_customers_24h > 2
    then: {outcome: review, score: 200, reason: SHARED, severity: medium, alert: true}
`,
}
