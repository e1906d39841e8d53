package configs

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// applyFile sets what the YAML text says and reports every problem with its line. It walks the syntax tree instead of decoding into
// the struct: a scalar then is the text as written, parsed as an environment variable is (a secret of digits stays what it is,
// 1.5 is no whole number), and an error can name the key.
func applyFile(c *Config, text []byte) error {
	file, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return syntaxError(err)
	}
	if len(file.Docs) > 1 {
		return errors.New("more than one YAML document")
	}
	r := &fileReader{known: map[string]key{}, seen: map[string]bool{}}
	r.maps = map[string]structured{"wechat.templates": {&c.WeChat.Templates, "KIND: {id: …, fields: {…}}"}, "sms.templates": {&c.SMS.Templates, "KIND: {id: …, params: […]}"},
		"outside.statuses": {&c.Outside.Statuses, "WORDS: meaning"}}
	for _, k := range keys(c) {
		r.known[k.path] = k
	}
	if len(file.Docs) == 1 && !blank(file.Docs[0].Body) {
		r.mapping(file.Docs[0].Body, "")
	}
	return errors.Join(r.problems...)
}

// structured is a setting that is a map, and how its entries must look.
type structured struct {
	to    any
	shape string
}

type fileReader struct {
	maps     map[string]structured // settings of many entries, which no scalar can hold
	known    map[string]key
	seen     map[string]bool
	problems []error
}

func (r *fileReader) mapping(node ast.Node, prefix string) {
	m, ok := node.(ast.MapNode)
	if !ok {
		r.fail(node, "%s: must be a mapping of keys to values", name(prefix))
		return
	}
	for entries := m.MapRange(); entries.Next(); {
		path := prefix + entries.Key().GetToken().Value
		if r.seen[path] {
			r.fail(entries.Key(), "%s: set twice", path)
			continue
		}
		r.seen[path] = true
		r.entry(entries.Key(), entries.Value(), path)
	}
}

func (r *fileReader) entry(at, value ast.Node, path string) {
	k, scalar := r.known[path]
	m, isMap := r.maps[path]
	switch {
	case !scalar && !isMap && !r.section(path):
		r.fail(at, "unknown key %s", path)
	case blank(value): // `key:` alone keeps the default
	case scalar:
		text, ok := scalarText(value)
		if !ok {
			r.fail(value, "%s: must be a single value", path)
		} else if err := k.set(text); err != nil {
			r.fail(value, "%w", err)
		}
	case isMap:
		if err := yaml.NodeToValue(value, m.to, yaml.Strict()); err != nil {
			r.fail(value, "%s: must be %s", path, m.shape)
		}
	default:
		r.mapping(value, path+".")
	}
}

// section reports whether path has settings below it.
func (r *fileReader) section(path string) bool {
	for known := range r.known {
		if len(known) > len(path) && known[:len(path)+1] == path+"." {
			return true
		}
	}
	return false
}

func (r *fileReader) fail(at ast.Node, format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf("line %d: "+format, append([]any{at.GetToken().Position.Line}, args...)...))
}

func name(prefix string) string {
	if prefix == "" {
		return "the file"
	}
	return prefix[:len(prefix)-1]
}

// scalarText returns a scalar as it was written, without its quotes.
func scalarText(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func blank(node ast.Node) bool {
	switch n := node.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
		return true
	default:
		return reflect.ValueOf(n).IsNil()
	}
}

// syntaxError keeps the line and drops message and excerpt, which quote the text and so may show a secret.
func syntaxError(err error) error {
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		return fmt.Errorf("line %d: not valid YAML", at.GetToken().Position.Line)
	}
	return errors.New("not valid YAML")
}
