package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowed is who may import whom (README, map of the packages), of our own packages. Arrows point down; siblings under integrations
// never meet. A package that isn't here is a mistake: add it only when its job fits one sentence without "and".
var allowed = map[string][]string{
	"configs":                          {},
	"routing":                          {},
	"routing/report":                   {"routing"},
	"classifier":                       {"classifier/text"},
	"classifier/text":                  {},
	"classifier/train":                 {"classifier"},
	"bot":                              {"routing", "classifier"},
	"integrations/store":               {"routing"},
	"integrations/store/storetest":     {"routing", "integrations/store"},
	"integrations/jobs":                {"routing", "routing/report"},
	"integrations/wechat":              {"routing"},
	"integrations/wechat/sandbox":      {"routing"},
	"integrations/console":             {"routing", "routing/report"},
	"integrations/openapi":             {"routing", "routing/report"},
	"integrations/openapi/webhooks":    {"routing"},
	"integrations/openapi/open311":     {"routing", "integrations/openapi"},
	"integrations/redis":               {"routing"},
	"integrations/hotline":             {"routing"},
	"integrations/hotline/sms":         {"routing"},
	"integrations/hotline/sms/sandbox": {"integrations/hotline/sms"},
}

// standardOnly import nothing from outside either.
var standardOnly = []string{"routing", "bot"}

func TestPackagesImportDownwardsOnly(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	eachGoFile(t, func(folder, path string, imports []string) {
		mine, known := allowed[folder]
		if !known {
			t.Errorf("package %s is not on the map", folder)
			return
		}
		seen[folder] = true
		for _, path := range imports {
			ours, isOurs := strings.CutPrefix(path, "jiesu/")
			first, _, _ := strings.Cut(path, "/")
			switch {
			case isOurs && !slices.Contains(mine, ours):
				t.Errorf("%s imports %s", folder, ours)
			case !isOurs && strings.Contains(first, ".") && slices.Contains(standardOnly, folder):
				t.Errorf("%s imports %s, but may use the standard library only", folder, path)
			}
		}
	})
	for folder := range allowed {
		if !seen[folder] {
			t.Errorf("package %s is on the map and nowhere else", folder)
		}
	}
}

func eachGoFile(t *testing.T, visit func(folder, path string, imports []string)) {
	t.Helper()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil || strings.HasPrefix(folder, "cmd") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		var imports []string
		for _, i := range file.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			imports = append(imports, name)
		}
		visit(filepath.ToSlash(folder), path, imports)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The SDK's root package turns on debug logging of every decrypted message when it is imported.
func TestTheSDKsRootIsNeverImported(t *testing.T) {
	t.Parallel()
	eachGoFile(t, func(folder, path string, imports []string) {
		if slices.Contains(imports, "github.com/silenceper/wechat/v2") {
			t.Errorf("%s imports the root of the WeChat SDK", path)
		}
	})
}
