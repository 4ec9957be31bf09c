package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/tidegate/tidegate/doctor"
)

type doctorCommand struct {
	Config  string        `help:"The tidegate.yaml to examine. Default: the built-in example." type:"path" placeholder:"FILE"`
	Data    string        `help:"Data directory, instead of the configuration's." type:"path" placeholder:"DIR"`
	Fix     bool          `help:"Create topics that are missing, and mend the settings of those of Tidegate."`
	JSON    bool          `name:"json" help:"Print the report as JSON."`
	Timeout time.Duration `help:"How long to wait for brokers." default:"30s"`
}

// errUnsound says that something must be done; what, the report has said.
var errUnsound = errors.New("something must be done before this works")

func (c *doctorCommand) Run(ctx context.Context) error {
	cfg, err := (&serveCommand{Config: c.Config, Data: c.Data}).load()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	report := doctor.Examine(ctx, doctor.Options{Config: cfg, Fix: c.Fix, Clock: time.Now})
	if c.JSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(report)
	} else {
		err = report.Render(os.Stdout)
	}
	if err == nil && !report.Sound {
		err = errUnsound
	}
	return err
}
