package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/tidegate/tidegate/stream/file"
)

func digestCommand(_ context.Context, args []string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("name the directory of the alerts")
	}
	d, err := digestOf(args[0])
	if err != nil {
		return err
	}
	fmt.Fprintln(out, d)
	return nil
}

// digest is what alerts are compared by, whoever found them: how many there
// are of each type, and the SHA-256 of their sorted lines "time|customer|type".
type digest struct {
	all, velocity, travel, anomaly int
	sum                            [sha256.Size]byte
}

func (d digest) String() string {
	return fmt.Sprintf("%d alerts (velocity %d, travel %d, anomaly %d), sha256 %x", d.all, d.velocity, d.travel, d.anomaly, d.sum)
}

func digestOf(dir string) (d digest, err error) {
	names, err := file.Files(dir)
	if err != nil {
		return d, err
	}
	var lines []string
	for _, name := range names {
		if lines, err = d.read(name, lines); err != nil {
			return d, fmt.Errorf("%s: %w", name, err)
		}
	}
	slices.Sort(lines)
	h := sha256.New()
	for _, line := range lines {
		io.WriteString(h, line)
	}
	d.sum = [sha256.Size]byte(h.Sum(nil))
	return d, nil
}

func (d *digest) read(name string, lines []string) ([]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return lines, err
	}
	defer f.Close()
	for s := json.NewDecoder(bufio.NewReader(f)); ; {
		var a struct {
			Time     int64  `json:"ts"`
			Customer string `json:"customer_id"`
			Type     Type   `json:"type"`
		}
		if err := s.Decode(&a); errors.Is(err, io.EOF) {
			return lines, nil
		} else if err != nil {
			return lines, err
		}
		d.all++
		switch a.Type {
		case Velocity:
			d.velocity++
		case Travel:
			d.travel++
		case Anomaly:
			d.anomaly++
		}
		lines = append(lines, fmt.Sprintf("%d|%s|%s\n", a.Time, a.Customer, a.Type))
	}
}
