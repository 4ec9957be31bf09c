package schema

import (
	"context"
	"strconv"

	"github.com/bufbuild/protocompile"
	"github.com/twmb/franz-go/pkg/sr"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/tidegate/tidegate"
)

// protobufLanguage is Protobuf, with the .proto files that the registry keeps.
type protobufLanguage struct{}

// maxIndex bounds how deep a message may stand in others.
const maxIndex = 16

func (protobufLanguage) compile(s Schema) (reader, error) {
	const name = "//schema.proto" // as nothing is called that it may refer to
	compiler := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(sources(name, s))})}
	compiled, err := compiler.Compile(context.Background(), name)
	if err != nil {
		return nil, &tidegate.Error{Code: tidegate.CodeInvalid, Message: "schema " + strconv.Itoa(s.ID) + " is no Protobuf schema", Cause: err}
	}
	if compiled[0].Messages().Len() == 0 {
		return nil, tidegate.Errorf(tidegate.CodeInvalid, "schema %d has no message", s.ID)
	}
	return protobufReader{compiled[0]}, nil
}

// protobufReferences are imported by the names that the registry has for them.
func protobufReferences(s Schema, files map[string]string, depth int) {
	for name, r := range s.References {
		if depth < maxDepth {
			files[name] = r.Text
			protobufReferences(r, files, depth+1)
		}
	}
}

type protobufReader struct{ file protoreflect.FileDescriptor }

// append reads the place of the message in the file, and the message.
func (p protobufReader) append(dst, value []byte) ([]byte, error) {
	var header sr.ConfluentHeader
	index, body, err := header.DecodeIndex(value, maxIndex)
	if err != nil {
		return nil, malformed("the value does not say which message of its schema it is")
	}
	message, err := p.message(index)
	if err != nil {
		return nil, err
	}
	m := dynamicpb.NewMessage(message)
	if err := (proto.UnmarshalOptions{RecursionLimit: maxDepth}).Unmarshal(body, m); err != nil {
		return nil, malformed("the value is not the message %s", message.Name())
	}
	j := protobufJSON{}
	if dst = j.message(dst, m, 0); j.large {
		return nil, tidegate.Errorf(tidegate.CodeTooLarge, "the message %s is larger than %d bytes as JSON", message.Name(), maxJSON)
	}
	return dst, nil
}

// message is the one at a place: the number of a message of the file, then that
// of one in it, and so on; without numbers it is the first.
func (p protobufReader) message(index []int) (protoreflect.MessageDescriptor, error) {
	if len(index) == 0 {
		index = []int{0}
	}
	var m protoreflect.MessageDescriptor
	messages := p.file.Messages()
	for _, i := range index {
		if i < 0 || i >= messages.Len() {
			return nil, malformed("its schema has no such message")
		}
		m = messages.Get(i)
		messages = m.Messages()
	}
	return m, nil
}
