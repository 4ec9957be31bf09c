package yamlfile

import (
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/tidegate/tidegate"
)

// Document is a file that was decoded, for errors that are found afterwards.
type Document struct {
	File string
	Data []byte
}

// Errorf is an error about a member, named by its path as "$.limits.body" or
// "$.features[3]". Its place is the member's; where that is not in the file,
// the place of the closest thing that it would stand in.
func (d Document) Errorf(path, format string, args ...any) *tidegate.Error {
	e := tidegate.FileErrorf(d.File, 1, 0, format, args...)
	tree, err := Parse(d.Data)
	if err != nil {
		return e // it was decoded before, so this can't be
	}
	for path != "" {
		if node := find(tree, path); node != nil {
			at := Begin(node)
			e.Line, e.Column = max(at.Line, 1), at.Column
			return e
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return e
}

// Missing are those of a mapping's members that are not in the file.
func (d Document) Missing(path string, members ...string) (missing []string) {
	tree, err := Parse(d.Data)
	for _, name := range members {
		if err != nil || find(tree, path+"."+name) == nil {
			missing = append(missing, name)
		}
	}
	return missing
}

func find(tree *ast.File, path string) ast.Node {
	p, err := yaml.PathString(path)
	if err != nil {
		return nil
	}
	node, err := p.FilterFile(tree)
	if err != nil || node == nil || node.Type() == ast.NullType && path == "$" {
		return nil
	}
	return node
}

// first is where a node begins to be seen: a mapping's own token is the colon
// behind its first key.
func first(node ast.Node) ast.Node {
	switch n := node.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return n.Values[0].Key
		}
	case *ast.MappingValueNode:
		return n.Key
	}
	return node
}
