package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/tidegate/tidegate"
)

type alertsCommands struct {
	Tail alertsTailCommand `cmd:"" help:"Print alerts as they come."`
}

type alertsTailCommand struct {
	URL    string `help:"The service." default:"http://127.0.0.1:8080" env:"TIDEGATE_URL"`
	APIKey string `name:"api-key" help:"API key with the scope read." env:"TIDEGATE_API_KEY"`
	After  string `help:"Start after this alert: an id of the stream, as 1042-0; 0-0 is the beginning." placeholder:"ID"`
	Count  int    `help:"Stop after so many." placeholder:"N"`
	JSON   bool   `help:"Print each alert as it came, as a line of JSON."`
}

// Run follows the stream and, when it breaks, goes on where it was.
func (c *alertsTailCommand) Run(ctx context.Context) error {
	if target, err := url.Parse(c.URL); err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return tidegate.Errorf(tidegate.CodeInvalid, "--url is no URL, as http://127.0.0.1:8080")
	}
	after, printed := c.After, 0
	for wait := time.Second; ; {
		n, err := c.follow(ctx, &after, &printed)
		if ctx.Err() != nil || c.Count > 0 && printed >= c.Count {
			return nil
		}
		if code := tidegate.CodeOf(err); code == tidegate.CodeUnauthorized || code == tidegate.CodeInvalid {
			return err
		}
		if n > 0 {
			wait = time.Second
		}
		fmt.Fprintf(os.Stderr, "tidegate: %v; trying again in %v\n", err, wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
		wait = min(2*wait, 30*time.Second)
	}
}

func (c *alertsTailCommand) follow(ctx context.Context, after *string, printed *int) (n int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.URL, "/")+"/v1/alerts", nil)
	if err != nil {
		return 0, tidegate.Errorf(tidegate.CodeInvalid, "--url: %v", err)
	}
	request.Header.Set("Accept", "text/event-stream")
	if *after != "" {
		request.Header.Set("Last-Event-ID", *after)
	}
	if c.APIKey != "" {
		request.Header.Set("Authorization", "Bearer "+c.APIKey)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return 0, tidegate.Errorf(tidegate.CodeUnauthorized, "the service wants an --api-key with the scope read")
	case http.StatusUnprocessableEntity:
		return 0, tidegate.Errorf(tidegate.CodeInvalid, "--after %s is no id of this stream", *after)
	default:
		return 0, tidegate.Errorf(tidegate.CodeUnavailable, "the service answers %s", answer.Status)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	id := ""
	for lines.Scan() {
		line := lines.Text()
		if v, ok := strings.CutPrefix(line, "id: "); ok {
			id = v
		}
		body, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		if err := c.print(os.Stdout, body); err != nil {
			return n, err
		}
		*after = id
		n++
		if *printed++; c.Count > 0 && *printed >= c.Count {
			return n, nil
		}
	}
	if err := lines.Err(); err != nil {
		return n, err
	}
	return n, tidegate.Errorf(tidegate.CodeUnavailable, "the stream ended")
}

func (c *alertsTailCommand) print(w io.Writer, body string) error {
	if c.JSON {
		_, err := fmt.Fprintln(w, body)
		return err
	}
	var a struct {
		EventTime     string      `json:"event_time"`
		Severity      string      `json:"severity"`
		Outcome       string      `json:"outcome"`
		CustomerID    string      `json:"customer_id"`
		TransactionID string      `json:"transaction_id"`
		Amount        json.Number `json:"amount"` // as it is written: not 1.2e+06
		Currency      string      `json:"currency"`
		Rule          struct {
			ID string `json:"id"`
		} `json:"rule"`
		Reason struct {
			Text string `json:"text"`
		} `json:"reason"`
		Suppressed struct {
			Count int `json:"count"`
		} `json:"suppressed_since_last"`
	}
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		return err
	}
	more := ""
	if a.Suppressed.Count > 0 {
		more = fmt.Sprintf(" (and %d since the last)", a.Suppressed.Count)
	}
	about := "customer " + a.CustomerID
	if a.TransactionID != "" {
		about += ", payment " + a.TransactionID
	}
	if a.Amount != "" {
		about += fmt.Sprintf(" of %s %s", a.Amount, a.Currency)
	}
	_, err := fmt.Fprintf(w, "%s  %-8s %-9s %-24s %s: %s%s\n", a.EventTime, a.Severity, a.Outcome, a.Rule.ID, about, a.Reason.Text, more)
	return err
}
