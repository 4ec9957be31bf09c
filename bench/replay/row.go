package replay

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// constant is a field and the text it is set from.
type constant struct {
	name, text string
	set        setter
}

// setters are those of fields or constants by name, the amount last: reading
// it needs the currency.
func (m *Mapping) setters(of map[string]string) []constant {
	var list []constant
	for name, text := range of {
		set, ok := fieldSetters[name]
		if !ok {
			set = m.attributeSetter(strings.TrimPrefix(name, attributePrefix))
		}
		list = append(list, constant{name, text, set})
	}
	slices.SortFunc(list, func(a, b constant) int {
		return cmp.Or(cmp.Compare(amountLast(a.name), amountLast(b.name)), cmp.Compare(a.name, b.name))
	})
	return list
}

func amountLast(name string) int {
	if name == "amount" || name == "amount_minor" {
		return 1
	}
	return 0
}

// start sets what all rows share.
func (r *Reader) start(e *tidegate.Event) error {
	if e.Tenant = tidegate.DefaultTenant; e.Type == "" {
		e.Type = tidegate.TypeTransaction
	}
	for _, c := range r.constants {
		if amountLast(c.name) == 0 {
			if err := c.set(e, c.text); err != nil {
				return r.fieldError(c.name, err)
			}
		}
	}
	return nil
}

// constantAmount sets an amount that is the same in all rows, of the row's
// currency.
func (r *Reader) constantAmount(e *tidegate.Event) error {
	if n := len(r.constants); n > 0 && amountLast(r.constants[n-1].name) == 1 {
		if err := r.constants[n-1].set(e, r.constants[n-1].text); err != nil {
			return r.fieldError(r.constants[n-1].name, err)
		}
	}
	return nil
}

func (r *Reader) finish(row *Row) error {
	e := &row.Event
	if err := r.constantAmount(e); err != nil {
		return err
	}
	if err := r.check(row); err != nil {
		return r.fieldError("", err)
	}
	if e.Type != tidegate.TypeTransaction {
		return r.finishOther(row)
	}
	t := &e.Text
	if t[tidegate.TransactionID] == "" {
		return r.fieldError("transaction_id", fmt.Errorf("is empty"))
	}
	e.ID = t[tidegate.TransactionID]
	if t[tidegate.CustomerID] == "" && t[tidegate.CardID] == "" && t[tidegate.AccountID] == "" {
		return r.fieldError("customer_id", fmt.Errorf("a row needs a customer, a card or an account"))
	}
	return nil
}

// check holds a row to what is said of texts. The row's id and the type are
// kept too, though they need not be among the fields.
func (r *Reader) check(row *Row) error {
	e, key := &row.Event, r.mapping.PANKey
	same := row.ID == e.Text[tidegate.TransactionID]
	if err := wire.CheckTexts(e, key); err != nil {
		return err
	}
	if same {
		row.ID = e.Text[tidegate.TransactionID]
	} else if err := wire.CheckText("id", &row.ID, key); err != nil {
		return err
	}
	if e.Type == tidegate.TypeTransaction {
		return nil
	}
	return wire.CheckText("type", &e.Type, key)
}

// finishOther names an event that is no transaction by a column that is for
// ids alone, and else by its place in the file: a transaction's id is shared by
// all that happened to it, and a login has none.
func (r *Reader) finishOther(row *Row) error {
	e := &row.Event
	if !wire.HasKey(e) {
		return r.fieldError("customer_id", fmt.Errorf("an event needs at least one key, as customer_id, card_id or transaction_id"))
	}
	if e.ID = row.ID; e.ID == "" || r.mapping.idColumn() == r.mapping.Fields["transaction_id"] {
		e.ID = fmt.Sprintf("%s:%d:%d", e.Type, e.Time, row.Line)
	}
	if row.ID == "" {
		row.ID = e.ID
	}
	return nil
}

// lineError is an error about one line, or about all that would come: a file
// that ends too early says the same however often it is asked.
func (r *Reader) lineError(err error) error {
	var faulty *csv.ParseError
	switch {
	case err == io.EOF:
		return err
	case !errors.As(err, &faulty):
		return fmt.Errorf("the input can't be read behind line %d: %w", r.line, err)
	}
	if r.line = faulty.StartLine; faulty.Err == csv.ErrFieldCount {
		err = fmt.Errorf("it has more or fewer columns than the header")
	}
	return &tidegate.Error{Code: tidegate.CodeMalformed, Line: r.line, Message: fmt.Sprintf("line %d", r.line), Cause: err}
}

func (r *Reader) fieldError(field string, err error) error {
	return &tidegate.Error{Code: tidegate.CodeInvalid, Line: r.line, Field: field, Message: fmt.Sprintf("line %d", r.line), Cause: err}
}
