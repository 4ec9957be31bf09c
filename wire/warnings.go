package wire

import "strconv"

// leftOut collects the names of unknown members.
type leftOut struct {
	warnings []string
	more     int
}

func (l *leftOut) add(sc *scanner) {
	if len(l.warnings) == MaxWarnings { // spare the text
		l.more++
		return
	}
	l.warn("left out, unknown: " + sc.pointer(sc.depth))
}

func (l *leftOut) warn(text string) {
	if len(l.warnings) == MaxWarnings {
		l.more++
		return
	}
	l.warnings = append(l.warnings, text)
}

// all returns the warnings, the last of which counts those beyond the limit.
func (l *leftOut) all() []string {
	if l.more > 0 {
		return append(l.warnings, "and "+strconv.Itoa(l.more)+" more")
	}
	return l.warnings
}
