package detect_test

import (
	"context"
	"fmt"
	"time"

	"github.com/tidegate/tidegate/cep/detect"
	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/streamtest"
)

func ExampleIn() {
	payments := streamtest.NewSource[payment](1)
	for _, p := range []payment{{"anna", 1, 10_000, 50}, {"anna", 2, 12_000, 90_000}, {"anna", 3, 11_000, 60}} {
		payments.Send(0, p, stream.Millis(p.At)) // the third came late
	}
	payments.End(0)

	p := stream.New("probes", stream.Options{})
	in := stream.From(p, payments, stream.SourceTimestamps[payment]().BoundedOutOfOrderness(5*time.Second))
	customer := stream.SortByEventTime(stream.KeyBy(in, payment.customer))
	probes := detect.In(customer, probe(nil, time.Minute), nil)
	out := &streamtest.Sink[string]{}
	stream.To(stream.Map(probes.Stream, line), out)
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	for _, found := range out.Values() {
		fmt.Println(found)
	}
	// Output:
	// anna 1+2 12000
	// anna 3+2 12000
}
