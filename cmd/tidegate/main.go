// Command tidegate is the fraud decisioning service and its tools, in one
// binary. tidegate --help lists the commands; each has a file here.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/tidegate/tidegate"
)

type commands struct {
	Serve    serveCommand     `cmd:"" help:"Run the service."`
	Init     initCommand      `cmd:"" help:"Write the built-in example to a directory, to make your own configuration."`
	Demo     demoCommand      `cmd:"" help:"Run the service on a generated stream of payments, some of them fraud."`
	Replay   replayCommand    `cmd:"" help:"Run history from a file or a journal through the pipeline."`
	Bench    benchCommands    `cmd:"" help:"Measure."`
	Generate generateCommand  `cmd:"" help:"Make a synthetic stream of payments with known fraud."`
	Alerts   alertsCommands   `cmd:"" help:"Read alerts."`
	DLQ      dlqCommands      `cmd:"" name:"dlq" help:"Look at dead letters, mend them, send them again."`
	Rules    rulesCommands    `cmd:"" help:"Work on rules."`
	Patterns patternsCommands `cmd:"" help:"Work on event patterns."`
	Models   modelsCommands   `cmd:"" help:"Work on models."`
	Features featureCommands  `cmd:"" help:"Work on features."`
	Doctor   doctorCommand    `cmd:"" help:"Examine the data directory, the disk, the clock, Kafka's brokers, topics and rights, and say what to do."`
	Version  versionCommand   `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	parser := kong.Must(&c,
		kong.Name("tidegate"),
		kong.Description("Fraud decisions in about a millisecond, from one binary.\n\nWithout a command, see: tidegate serve --help"),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	selected, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	if err := selected.Run(); err != nil {
		printError(err)
		os.Exit(exitCode(err))
	}
}

// printError prints every error of a joined one on a line of its own.
func printError(err error) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			printError(e)
		}
		return
	}
	fmt.Fprintln(os.Stderr, "tidegate:", err)
}

// exitCode is the one table from errors to exit codes (sysexits.h).
func exitCode(err error) int {
	switch tidegate.CodeOf(err) {
	case tidegate.CodeConfig:
		return 78 // EX_CONFIG
	case tidegate.CodeNotFound:
		return 66 // EX_NOINPUT
	case tidegate.CodeMalformed, tidegate.CodeInvalid:
		return 65 // EX_DATAERR
	case tidegate.CodeUnavailable, tidegate.CodeConflict:
		return 75 // EX_TEMPFAIL: start it again
	case tidegate.CodeCorrupt:
		return 74 // EX_IOERR
	}
	switch {
	case errors.Is(err, context.Canceled):
		return 130
	case errors.Is(err, errUnsound):
		return 69 // EX_UNAVAILABLE
	}
	return 1
}

type versionCommand struct{}

func (versionCommand) Run() error {
	fmt.Println("tidegate", version())
	return nil
}

// version is what the Go toolchain knows of the build.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v, revision := info.Main.Version, ""
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = " " + s.Value
		}
	}
	return v + revision + " " + info.GoVersion
}
