package main

import (
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"text/tabwriter"

	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/models"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/wire"
)

// configured is a configuration to look at.
type configured struct {
	Config string `help:"The tidegate.yaml beside the files to check. Default: the built-in example." type:"path" placeholder:"FILE"`
}

// compile checks everything that decides, as the service would.
func (c *configured) compile() (*scoring.Scorer, error) {
	cfg, err := (&serveCommand{Config: c.Config}).load()
	if err != nil {
		return nil, err
	}
	_, s, err := compiled(&cfg)
	return s, err
}

// events is what compile gives, and what files of events are held to: what the
// service holds them to.
func (c *configured) events() (*scoring.Scorer, wire.Options, error) {
	cfg, err := (&serveCommand{Config: c.Config}).load()
	if err != nil {
		return nil, wire.Options{}, err
	}
	_, s, err := compiled(&cfg)
	if err != nil {
		return nil, wire.Options{}, err
	}
	key, err := cfg.PANKey()
	return s, wire.Options{PANKey: key, Attributes: s.Attributes(), Computed: s.Computes}, err
}

// compiled is what decides in a configuration, and the files it is made of.
func compiled(cfg *config.Config) (map[string][]byte, *scoring.Scorer, error) {
	files, err := config.Deciding(cfg.Files)
	if err != nil {
		return nil, nil, err
	}
	s, err := scoring.Compile(files)
	return files, s, err
}

type rulesCommands struct {
	Check rulesCheckCommand `cmd:"" help:"Check rules, their tests, and everything that they refer to."`
}

type rulesCheckCommand struct {
	configured
}

func (c *rulesCheckCommand) Run() error {
	s, err := c.compile()
	if err != nil {
		return err
	}
	tests := 0
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "RULE\tMODE\tOUTCOME\tSCORE\tTESTS\tWHERE")
	for _, r := range s.Rules() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%g\t%d\t%s:%d\n", r.ID, r.Mode, r.Outcome, r.Score, r.Tests, r.File, r.Line)
		tests += r.Tests
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Printf("%d rules are sound, %d tests pass\n", len(s.Rules()), tests)
	return nil
}

type modelsCommands struct {
	Check modelsCheckCommand `cmd:"" help:"Check models and their manifests."`
}

type modelsCheckCommand struct {
	configured
}

func (c *modelsCheckCommand) Run() error {
	cfg, err := (&serveCommand{Config: c.Config}).load()
	if err != nil {
		return err
	}
	files, s, err := compiled(&cfg)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		named := func(m *models.Model) bool { return m.GraphFile() == name }
		if path.Ext(name) == ".onnx" && !slices.ContainsFunc(s.Models(), named) {
			fmt.Fprintf(os.Stderr, "tidegate: %s is not used: no manifest (models/NAME.yaml) names it\n", name)
		}
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "MODEL\tVERSION\tROLE\tPROBABILITY\tSHA256\tOPERATIONS A ROW")
	for _, m := range s.Models() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s…\t%d\n", m.Name, m.Version, m.Role, m.Probability(), m.Hash(), m.Cost())
	}
	return w.Flush()
}

type featureCommands struct {
	List featuresListCommand `cmd:"" help:"List the catalog: every name that rules and models can use."`
}

type featuresListCommand struct {
	configured
	All bool `help:"The event's own fields too."`
}

func (c *featuresListCommand) Run() error {
	s, err := c.compile()
	if err != nil {
		return err
	}
	vars := s.Features()
	if c.All {
		vars = s.Schema().Variables()
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tTYPE\tUNIT\tKEY\tDESCRIPTION")
	for _, v := range vars {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", v.Name, v.Kind, v.Unit, v.Key, v.Description)
	}
	return w.Flush()
}
