package replay

import (
	"fmt"
	"io"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// constant is a field and the text it is set from.
type constant struct {
	name, text string
	set        setter
}

func constants(fields map[string]string) []constant {
	var list []constant
	for _, name := range orderedFields(fields) {
		list = append(list, constant{name, fields[name], fieldSetters[name]})
	}
	return list
}

// orderedFields puts the amount last: reading it needs the currency.
func orderedFields(fields map[string]string) []string {
	var names, amounts []string
	for _, name := range fieldNames() {
		switch _, ok := fields[name]; {
		case !ok:
		case name == "amount" || name == "amount_minor":
			amounts = append(amounts, name)
		default:
			names = append(names, name)
		}
	}
	return append(names, amounts...)
}

// start sets what all rows share.
func (r *Reader) start(e *tidegate.Event) error {
	if e.Tenant = tidegate.DefaultTenant; e.Type == "" {
		e.Type = tidegate.TypeTransaction
	}
	for _, c := range r.constants {
		if err := c.set(e, c.text); err != nil {
			return r.fieldError(c.name, err)
		}
	}
	return nil
}

func (r *Reader) finish(row *Row) error {
	e := &row.Event
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

func (r *Reader) lineError(err error) error {
	if err == io.EOF {
		return err
	}
	return &tidegate.Error{Code: tidegate.CodeMalformed, Line: r.line, Message: fmt.Sprintf("line %d", r.line), Cause: err}
}

func (r *Reader) fieldError(field string, err error) error {
	return &tidegate.Error{Code: tidegate.CodeInvalid, Line: r.line, Field: field, Message: fmt.Sprintf("line %d", r.line), Cause: err}
}
