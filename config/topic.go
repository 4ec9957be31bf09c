package config

import (
	"strings"

	"github.com/tidegate/tidegate/internal/yamlfile"
)

// longestTopic is Kafka's limit, 249, less what goes behind the longest name
// that is made of a topic's, <topic>.dlq.log.
const longestTopic = 249 - len(".dlq.log")

// checkTopic refuses a name that brokers would not take, or not with what goes
// behind it: they say so only when the topic is used.
func checkTopic(document yamlfile.Document, at, name string) error {
	ok := name != "" && name != "." && name != ".." && len(name) <= longestTopic
	if ok && !strings.ContainsFunc(name, foreign) {
		return nil
	}
	return document.Errorf(at, "%q can't be the name of a topic: it has letters, digits, '.', '_' and '-', from 1 to %d of them (Kafka's 249 with .dlq.log behind it)", name, longestTopic)
}

// foreign tells the characters that no topic's name has, and no tenant's.
func foreign(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
}
