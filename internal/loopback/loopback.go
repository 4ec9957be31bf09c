// Package loopback tells which hosts are this machine.
package loopback

import "net"

// Is tells whether a host, a name or an address without a port, can be reached
// from this machine only.
func Is(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
