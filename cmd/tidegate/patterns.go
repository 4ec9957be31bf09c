package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/scoring/patterns"
)

type patternsCommands struct {
	Check   patternsCheckCommand   `cmd:"" help:"Check patterns, their tests, and everything that they refer to."`
	Test    patternsTestCommand    `cmd:"" help:"Run the tests in the pattern files."`
	Graph   patternsGraphCommand   `cmd:"" help:"Draw a pattern's automaton as Mermaid."`
	Explain patternsExplainCommand `cmd:"" help:"Show after each event of a file which stage every partial match is in."`
	Find    patternsFindCommand    `cmd:"" help:"Look for the patterns in a file of events, as in a stream: sorted by time, late events and time-outs told."`
}

type patternsCheckCommand struct {
	configured
}

func (c *patternsCheckCommand) Run() error {
	s, err := c.compile()
	if err != nil {
		return err
	}
	tests := 0
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "PATTERN\tKEY\tSTAGES\tOUTCOME\tTESTS\tWHERE")
	for _, p := range s.Patterns().Patterns() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s:%d\n", p.ID, p.Key, strings.Join(p.Automaton.Stages(), " "), tidegate.Outcome(p.Then.Outcome), p.Tests(), p.File, p.Place.Line)
		tests += p.Tests()
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Printf("%d patterns are sound, %d tests pass\n", len(s.Patterns().Patterns()), tests)
	return nil
}

type patternsTestCommand struct {
	configured
}

func (c *patternsTestCommand) Run() error {
	cfg, err := (&serveCommand{Config: c.Config}).load()
	if err != nil {
		return err
	}
	files, err := config.Deciding(cfg.Files)
	if err != nil {
		return err
	}
	set, err := scoring.CompilePatterns(files)
	if err != nil {
		return err
	}
	var failures []error
	for _, p := range set.Patterns() {
		failed := set.Test(p)
		for _, test := range p.Cases {
			verdict := "ok  "
			for _, f := range failed {
				if f.Case == test.Name {
					verdict = "FAIL"
				}
			}
			fmt.Printf("%s %s: %s\n", verdict, p.ID, test.Name)
		}
		for _, f := range failed {
			failures = append(failures, f.Err)
		}
	}
	return errors.Join(failures...)
}

type patternsGraphCommand struct {
	configured
	Name string `arg:"" help:"The pattern."`
}

func (c *patternsGraphCommand) Run() error {
	s, err := c.compile()
	if err != nil {
		return err
	}
	p, err := pattern(s, c.Name)
	if err != nil {
		return err
	}
	fmt.Print(p.Automaton.Mermaid())
	return nil
}

func pattern(s *scoring.Scorer, id string) (*patterns.Pattern, error) {
	if p, ok := s.Patterns().Pattern(id); ok {
		return p, nil
	}
	var ids []string
	for _, p := range s.Patterns().Patterns() {
		ids = append(ids, p.ID)
	}
	return nil, tidegate.Errorf(tidegate.CodeNotFound, "there is no pattern %q: there are %s", id, strings.Join(ids, ", "))
}
