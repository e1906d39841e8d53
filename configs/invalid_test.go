package configs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A sentence that says what to mend is found by its key at the edge, far from where the error is made. Every key that the program gives to
// an InvalidError must be in the catalogue, or people read the key.
func TestEveryInvalidErrorHasItsSentence(t *testing.T) {
	t.Parallel()
	words, err := Wording()
	if err != nil {
		t.Fatal(err)
	}
	keys := invalidKeys(t, "..")
	for _, want := range []string{"error.note_empty", "error.cursor", "error.limit", "error.media_type", "openapi.phone_implausible"} {
		if keys[want] == "" {
			t.Errorf("the search finds no %s: it looks in the wrong place", want)
		}
	}
	for key, where := range keys {
		if words[key] == "" {
			t.Errorf("%s: no text for %s", where, key)
		}
	}
}

func TestTheSearchForInvalidErrorsMissesNone(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	const program = `package p

func invalid(field, key string) error { return &InvalidError{Field: field, Key: key} }

var one, two, three, none = invalid("a", "error.one"), &routing.InvalidError{Field: "b", Key: "error.two"}, InvalidError{Key: "error.three"}, other("c", "error.none")
`
	for name, text := range map[string]string{"p.go": program, "p_test.go": strings.ReplaceAll(program, "error.", "error.test_")} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := slices.Sorted(maps.Keys(invalidKeys(t, folder)))
	if want := []string{"error.one", "error.three", "error.two"}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}

// invalidKeys finds the keys of InvalidErrors in the program's Go files, and where they stand: in a literal, or as the second argument of
// routing's invalid(field, key).
func invalidKeys(t *testing.T, root string) map[string]string {
	t.Helper()
	keys, set := map[string]string{}, token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if f, ok := n.(*ast.FuncDecl); ok && f.Name.Name == "invalid" {
				return false // its callers give the key
			}
			value := invalidKey(n)
			if value == nil {
				return true
			}
			where := set.Position(value.Pos()).String()
			text, ok := value.(*ast.BasicLit)
			if !ok {
				t.Errorf("%s: the key is no literal, so nothing can check it", where)
				return true
			}
			key, err := strconv.Unquote(text.Value)
			if err != nil {
				t.Errorf("%s: %v", where, err)
			}
			keys[key] = where
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// invalidKey is the expression of the key when the node makes an InvalidError, nil otherwise.
func invalidKey(n ast.Node) ast.Expr {
	switch n := n.(type) {
	case *ast.CallExpr:
		if name, ok := n.Fun.(*ast.Ident); ok && name.Name == "invalid" && len(n.Args) == 2 {
			return n.Args[1]
		}
	case *ast.CompositeLit:
		if named(n.Type) != "InvalidError" {
			return nil
		}
		for _, e := range n.Elts {
			if pair, ok := e.(*ast.KeyValueExpr); ok && named(pair.Key) == "Key" {
				return pair.Value
			}
		}
		return n // a key that isn't named is no literal
	}
	return nil
}

// named is the name of an identifier, with or without its package.
func named(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}
