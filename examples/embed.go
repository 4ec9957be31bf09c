// Package examples holds the configurations that come with Tidegate.
package examples

import (
	"embed"
	"io/fs"
)

//go:embed issuer
var files embed.FS

// Issuer is the configuration that a card issuer would start with; the
// service runs on it when it is given no other.
func Issuer() fs.FS {
	sub, err := fs.Sub(files, "issuer")
	if err != nil {
		panic(err) // the directory is part of the binary
	}
	return sub
}
