// Package rest shows running pipelines over HTTP: their graphs, what their
// operators have done, their checkpoints, and what they keep of a key.
//
//	server := &http.Server{Addr: "127.0.0.1:8090", Handler: rest.NewHandler(pipeline)}
//
//	GET  /v1/pipelines                              the pipelines
//	GET  /v1/pipelines/{p}                          operators, their counts and watermarks, checkpoints
//	GET  /v1/pipelines/{p}/topology                 the graph; ?format=json (as without), mermaid or text
//	GET  /v1/pipelines/{p}/state/{operator}/{key}   what an operator keeps of a key
//	POST /v1/pipelines/{p}/savepoint                a savepoint, as the answer's body
//
// Names and keys are escaped as in any URL: a space is %20. What is refused is
// a problem of RFC 9457.
//
// The handler asks nobody who they are, and state may hold what not everybody
// may see: listen to this machine only, or put it behind something that asks.
package rest
