// Package cep finds sequences of events.
package cep
