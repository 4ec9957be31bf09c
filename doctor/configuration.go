package doctor

import (
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/scoring"
)

// configuration compiles what decides, as a start would.
func (e *examination) configuration() {
	files, err := config.Deciding(e.Config.Files)
	if err == nil {
		var s *scoring.Scorer
		if s, err = scoring.Compile(files); err == nil {
			e.note("configuration", OK, "", "%d rules, %d features, %d models", len(s.Rules()), len(s.Features()), len(s.Models()))
			return
		}
	}
	e.note("configuration", Fail, "mend the file at the place that is named", "%v", err)
}
