// Package api is the HTTP face: it checks who asks, decodes and checks what
// they send, and turns answers and errors into JSON. Errors are problem
// details (RFC 9457). It decides nothing and keeps nothing.
//
//	server, err := api.New(node, api.Options{Log: logger})
//	http.ListenAndServe("127.0.0.1:8080", server)
package api
