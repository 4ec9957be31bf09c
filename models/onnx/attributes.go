package onnx

// attributes reads the attributes of a node by name and type. The first
// attribute of a wrong type is remembered in fault, and an attribute that no
// one has read is one this package does not know: see unread.
type attributes struct {
	list   []Attribute
	byName map[string]*Attribute
	read   map[string]bool
	fault  *Error
}

func (a *attributes) load(list []Attribute) *Error {
	a.list, a.byName, a.read = list, make(map[string]*Attribute, len(list)), make(map[string]bool, len(list))
	for i := range list {
		if _, dup := a.byName[list[i].Name]; dup {
			return refuse(InvalidAttribute, "attribute %q occurs twice", list[i].Name)
		}
		a.byName[list[i].Name] = &list[i]
	}
	return nil
}

func (a *attributes) find(name string, kind AttributeKind) *Attribute {
	a.read[name] = true
	at, ok := a.byName[name]
	if !ok {
		return nil
	}
	if at.Kind != kind {
		if a.fault == nil {
			a.fault = refuse(WrongAttributeType, "attribute %q is %s, not %s", name, at.Kind, kind)
		}
		return nil
	}
	return at
}

func (a *attributes) has(name string) bool { return a.byName[name] != nil }

func (a *attributes) int(name string, otherwise int64) int64 {
	if at := a.find(name, KindInt); at != nil {
		return at.Int
	}
	return otherwise
}

func (a *attributes) float(name string, otherwise float32) float32 {
	if at := a.find(name, KindFloat); at != nil {
		return at.Float
	}
	return otherwise
}

func (a *attributes) text(name, otherwise string) string {
	if at := a.find(name, KindString); at != nil {
		return at.Text
	}
	return otherwise
}

func (a *attributes) ints(name string) []int64 {
	if at := a.find(name, KindInts); at != nil {
		return at.Ints
	}
	return nil
}

func (a *attributes) floats(name string) []float32 {
	if at := a.find(name, KindFloats); at != nil {
		return at.Floats
	}
	return nil
}

func (a *attributes) strings(name string) []string {
	if at := a.find(name, KindStrings); at != nil {
		return at.Strings
	}
	return nil
}

func (a *attributes) tensor(name string) *Tensor {
	if at := a.find(name, KindTensor); at != nil {
		return at.Tensor
	}
	return nil
}

// ignore names attributes that do not change what is computed here.
func (a *attributes) ignore(names ...string) {
	for _, name := range names {
		a.read[name] = true
	}
}

// unread finds an attribute that the operator does not know.
func (a *attributes) unread() *Error {
	for i := range a.list {
		if name := a.list[i].Name; !a.read[name] {
			return refuse(InvalidAttribute, "attribute %q is not known", name)
		}
	}
	return nil
}
