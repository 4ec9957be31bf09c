package tidegate

import (
	"errors"
	"fmt"
	"strings"
)

// Code classifies an error for the tables that turn errors into HTTP
// statuses, exit codes and dead-letter reasons. It is stable and public.
type Code string

const (
	CodeMalformed       Code = "malformed"         // not JSON, not UTF-8, nested too deep
	CodeInvalid         Code = "invalid"           // well-formed, but a member has a wrong type or value
	CodeTooLarge        Code = "too_large"         // a body, id or text over its limit
	CodePAN             Code = "pan_not_accepted"  // a card number where none may be
	CodeSensitive       Code = "sensitive_data"    // a CVV, PIN or track member
	CodeTooOld          Code = "too_old"           // event time before max_age
	CodeInFuture        Code = "in_future"         // event time ahead of the arrival clock
	CodeConflict        Code = "conflict"          // the id is taken by other content
	CodeNotFound        Code = "not_found"         //
	CodeUnauthorized    Code = "unauthorized"      //
	CodeForbidden       Code = "forbidden"         //
	CodeOverloaded      Code = "overloaded"        // try again later
	CodeUnavailable     Code = "unavailable"       // the journal can't be written, or the node is stopping
	CodeDeadline        Code = "deadline_exceeded" // decided or not, not in time
	CodeConfig          Code = "config"            // a configuration, rule, feature or model file is wrong
	CodeCorrupt         Code = "corrupt"           // stored data fails its checksum
	CodeInternal        Code = "internal"          //
	CodeMethodForbidden Code = "method_not_allowed"
)

// Error is the one error type of Tidegate. It names fields, never values:
// values may be card data.
type Error struct {
	Code    Code
	Message string // what is wrong and, where it helps, how to mend it
	Field   string // RFC 6901 JSON pointer into the request, as "/payload/amount"
	File    string // configuration file
	Line    int    // from 1
	Column  int    // from 1
	Cause   error
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Line)
			if e.Column > 0 {
				fmt.Fprintf(&b, ":%d", e.Column)
			}
		}
		b.WriteString(": ")
	}
	if e.Field != "" {
		b.WriteString(e.Field)
		b.WriteString(": ")
	}
	b.WriteString(e.Message)
	if e.Cause != nil {
		b.WriteString(": ")
		b.WriteString(e.Cause.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an [Error] without a place.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// FieldErrorf makes an [Error] about a member of a request, named by its JSON pointer.
func FieldErrorf(code Code, field, format string, args ...any) *Error {
	return &Error{Code: code, Field: field, Message: fmt.Sprintf(format, args...)}
}

// FileErrorf makes a [CodeConfig] error at a place in a file.
func FileErrorf(file string, line, column int, format string, args ...any) *Error {
	return &Error{Code: CodeConfig, File: file, Line: line, Column: column, Message: fmt.Sprintf(format, args...)}
}

// CodeOf returns the code of the first [Error] in err's chain, or
// [CodeInternal] for a foreign error.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}
