package wire

import "github.com/tidegate/tidegate"

// member is a known member of the envelope or the payload. Those below
// tidegate.NumText are that text field.
type member uint8

const (
	memberAmount = member(tidegate.NumText) + iota
	memberAmountMinor
	memberCurrency
	memberGeoLocation
	memberCardPresent
	memberRecurring
	memberThreeDS
	memberIncumbent
	memberAttributes
	memberEventID // from here on: the envelope
	memberEventType
	memberTimestamp
	memberSource
	memberPartitionKey
	memberPayload
	memberMetadata
	numMembers

	unknownMember member = 255
)

func (m member) ofPayload() bool { return m < memberEventID }

// memberSet is a set of known members.
type memberSet uint64

var _ [64 - numMembers]struct{} // they fit into a memberSet

func (s memberSet) has(m member) bool { return s&(1<<m) != 0 }

// add is false if m was in it already.
func (s *memberSet) add(m member) bool {
	if s.has(m) {
		return false
	}
	*s |= 1 << m
	return true
}

func (m member) String() string {
	switch m {
	case memberAmount:
		return "amount"
	case memberAmountMinor:
		return "amount_minor"
	case memberCurrency:
		return "currency"
	case memberGeoLocation:
		return "geo_location"
	case memberCardPresent:
		return "card_present"
	case memberRecurring:
		return "recurring"
	case memberThreeDS:
		return "three_ds"
	case memberIncumbent:
		return "incumbent"
	case memberAttributes:
		return "attributes"
	}
	return tidegate.Field(m).String()
}

// memberByName is a switch because the compiler makes it a binary search over
// length and text, several times as fast as a map.
func memberByName(name string) member {
	switch name {
	case "amount":
		return memberAmount
	case "amount_minor":
		return memberAmountMinor
	case "currency":
		return memberCurrency
	case "geo_location":
		return memberGeoLocation
	case "card_present":
		return memberCardPresent
	case "recurring":
		return memberRecurring
	case "three_ds":
		return memberThreeDS
	case "incumbent":
		return memberIncumbent
	case "attributes":
		return memberAttributes
	case "event_id":
		return memberEventID
	case "event_type":
		return memberEventType
	case "timestamp":
		return memberTimestamp
	case "source":
		return memberSource
	case "partition_key":
		return memberPartitionKey
	case "payload":
		return memberPayload
	case "metadata":
		return memberMetadata
	case "transaction_id":
		return member(tidegate.TransactionID)
	case "customer_id":
		return member(tidegate.CustomerID)
	case "card_id":
		return member(tidegate.CardID)
	case "account_id":
		return member(tidegate.AccountID)
	case "card_last_four":
		return member(tidegate.CardLastFour)
	case "card_bin":
		return member(tidegate.CardBIN)
	case "card_network":
		return member(tidegate.CardNetwork)
	case "card_funding":
		return member(tidegate.CardFunding)
	case "card_country":
		return member(tidegate.CardCountry)
	case "merchant_id":
		return member(tidegate.MerchantID)
	case "merchant_category":
		return member(tidegate.MerchantCategory)
	case "mcc":
		return member(tidegate.MCC)
	case "merchant_country":
		return member(tidegate.MerchantCountry)
	case "terminal_id":
		return member(tidegate.TerminalID)
	case "acquirer_id":
		return member(tidegate.AcquirerID)
	case "device_fingerprint":
		return member(tidegate.DeviceFingerprint)
	case "ip_address":
		return member(tidegate.IPAddress)
	case "channel":
		return member(tidegate.Channel)
	case "entry_mode":
		return member(tidegate.EntryMode)
	case "initiator":
		return member(tidegate.Initiator)
	case "transaction_type":
		return member(tidegate.TransactionType)
	case "avs_result":
		return member(tidegate.AVSResult)
	case "cvv_result":
		return member(tidegate.CVVResult)
	case "billing_country":
		return member(tidegate.BillingCountry)
	case "shipping_country":
		return member(tidegate.ShippingCountry)
	case "email_hash":
		return member(tidegate.EmailHash)
	case "phone_hash":
		return member(tidegate.PhoneHash)
	case "follows":
		return member(tidegate.Follows)
	case "portfolio":
		return member(tidegate.Portfolio)
	case "final":
		return member(tidegate.Final)
	case "by":
		return member(tidegate.By)
	case "response_code":
		return member(tidegate.ResponseCode)
	}
	return unknownMember
}
