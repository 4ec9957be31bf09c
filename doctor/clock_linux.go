package doctor

import "golang.org/x/sys/unix"

// systemClock asks the kernel whether somebody keeps the clock right.
func (e *examination) systemClock() {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	switch {
	case err != nil:
		e.note("clock", Skip, "", "the kernel does not tell: %v", err)
	case state == unix.TIME_ERROR || t.Status&unix.STA_UNSYNC != 0:
		e.note("clock", Warn, "run chrony or another NTP client, here or on the host: events are refused by this clock", "nobody keeps it in step, as far as the kernel knows")
	default:
		e.note("clock", OK, "", "in step, to %d ms", t.Maxerror/1000)
	}
}
