package tidegate

// Field names a typed member of an event's payload.
type Field uint8

// The text fields of a payload come first, so that a Field below NumText
// indexes [Event.Text].
const (
	TransactionID Field = iota
	CustomerID
	CardID
	AccountID
	CardLastFour
	CardBIN
	CardNetwork
	CardFunding
	CardCountry
	MerchantID
	MerchantCategory
	MCC
	MerchantCountry
	TerminalID
	AcquirerID
	DeviceFingerprint
	IPAddress
	Channel
	EntryMode
	Initiator
	TransactionType
	ThreeDSVersion
	ThreeDSECI
	ThreeDSStatus
	AVSResult
	CVVResult
	BillingCountry
	ShippingCountry
	EmailHash
	PhoneHash
	Follows
	Portfolio
	Final        // transaction.outcome: approved, declined, abandoned
	By           // transaction.outcome: tidegate, stand_in, issuer
	ResponseCode // transaction.outcome
	NumText

	Amount         Field = iota - 1 // major units of the transaction's currency
	Currency                        // ISO 4217 alphabetic code
	BaseAmount                      // major units of the base currency
	Latitude                        // degrees
	Longitude                       // degrees
	CardPresent                     // bool
	Recurring                       // bool
	FieldEventType                  // the envelope's event_type
	FieldHour                       // 0..23, UTC, of the event time
	FieldWeekday                    // 0 Sunday .. 6 Saturday, UTC
	NumFields
)

// Kind is the type of a field, a feature or any other named value.
type Kind uint8

const (
	KindNumber Kind = iota
	KindText
	KindBool
)

func (k Kind) String() string { return [...]string{"number", "text", "bool"}[k] }

var fieldNames = [NumFields]string{
	TransactionID: "transaction_id", CustomerID: "customer_id", CardID: "card_id", AccountID: "account_id",
	CardLastFour: "card_last_four", CardBIN: "card_bin", CardNetwork: "card_network", CardFunding: "card_funding",
	CardCountry: "card_country", MerchantID: "merchant_id", MerchantCategory: "merchant_category", MCC: "mcc",
	MerchantCountry: "merchant_country", TerminalID: "terminal_id", AcquirerID: "acquirer_id",
	DeviceFingerprint: "device_fingerprint", IPAddress: "ip_address", Channel: "channel", EntryMode: "entry_mode",
	Initiator: "initiator", TransactionType: "transaction_type", ThreeDSVersion: "three_ds_version",
	ThreeDSECI: "three_ds_eci", ThreeDSStatus: "three_ds_status", AVSResult: "avs_result", CVVResult: "cvv_result",
	BillingCountry: "billing_country", ShippingCountry: "shipping_country", EmailHash: "email_hash",
	PhoneHash: "phone_hash", Follows: "follows", Portfolio: "portfolio", Final: "final", By: "by",
	ResponseCode: "response_code",
	Amount:       "amount", Currency: "currency", BaseAmount: "base_amount", Latitude: "latitude",
	Longitude: "longitude", CardPresent: "card_present", Recurring: "recurring",
	FieldEventType: "event_type", FieldHour: "hour", FieldWeekday: "weekday",
}

var fieldByName = func() map[string]Field {
	m := make(map[string]Field, NumFields)
	for f, name := range fieldNames {
		m[name] = Field(f)
	}
	return m
}()

// FieldByName finds a field by the name it has in JSON, rules and feature
// definitions. Members of geo_location and three_ds are flat here
// (latitude, three_ds_eci).
func FieldByName(name string) (Field, bool) {
	f, ok := fieldByName[name]
	return f, ok
}

func (f Field) String() string { return fieldNames[f] }

// Kind is the type of the field's values.
func (f Field) Kind() Kind {
	switch f {
	case CardPresent, Recurring:
		return KindBool
	case Amount, BaseAmount, Latitude, Longitude, FieldHour, FieldWeekday:
		return KindNumber
	}
	return KindText
}
