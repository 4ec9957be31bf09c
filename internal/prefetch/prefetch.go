// Package prefetch has the processor bring memory near before it is read, so
// that the wait for it goes on beside other work.
package prefetch
