// Package patterns looks for event patterns in live decisions: it makes the
// conditions of pattern files, keeps the partial matches of every entity, and
// tells what an event completes. The matching itself is package cep's.
package patterns
