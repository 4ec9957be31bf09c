//go:build !linux

package doctor

// systemClock can't ask.
func (e *examination) systemClock() {
	e.note("clock", Skip, "", "whether somebody keeps it in step is told on Linux only")
}
