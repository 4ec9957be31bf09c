package schema

import (
	"encoding/json"
	"strconv"
)

// connectSchema is the schema of Kafka Connect's JSON converter.
type connectSchema struct {
	Field      string            `json:"field"`
	Name       string            `json:"name"`
	Parameters map[string]string `json:"parameters"`
	Fields     []*connectSchema  `json:"fields"` // of a struct
	Items      *connectSchema    `json:"items"`  // of an array
}

const connectDecimal = "org.apache.kafka.connect.data.Decimal"

func (s *connectSchema) field(name string) *connectSchema {
	for _, f := range s.Fields {
		if f != nil && f.Field == name {
			return f
		}
	}
	return &connectSchema{}
}

// convertAll writes decimals and times of a row as people do.
func (s *connectSchema) convertAll(row map[string]json.RawMessage) {
	for _, f := range s.Fields {
		if f == nil {
			continue
		}
		if value, there := row[f.Field]; there {
			row[f.Field] = f.convert(value)
		}
	}
}

func (s *connectSchema) convert(value json.RawMessage) json.RawMessage {
	switch {
	case string(value) == "null":
		return value
	case s.Name == connectDecimal:
		var unscaled []byte
		scale, err := strconv.Atoi(s.Parameters["scale"])
		if err == nil && json.Unmarshal(value, &unscaled) == nil {
			if text := decimal(unscaled, scale); text != "" {
				return appendText(nil, text)
			}
		}
		return value
	case s.Name == variableDecimal:
		return variable(value)
	case connectTime[s.Name] != none:
		if n, err := strconv.ParseInt(string(value), 10, 64); err == nil {
			return appendTime(nil, n, connectTime[s.Name])
		}
		return value
	case s.Fields != nil:
		if members, _, err := object(value); err == nil {
			s.convertAll(members)
			return written(members, value)
		}
	case s.Items != nil:
		var items []json.RawMessage
		if json.Unmarshal(value, &items) == nil {
			for i := range items {
				items[i] = s.Items.convert(items[i])
			}
			return written(items, value)
		}
	}
	return value
}

// written is a value that was taken apart, as JSON.
func written(v any, before json.RawMessage) json.RawMessage {
	if b, err := json.Marshal(v); err == nil {
		return b
	}
	return before
}
