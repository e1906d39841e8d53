package configs

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/goccy/go-yaml"
)

//go:embed clocks.yaml orders.yaml calendar/*.yaml plan/*.yaml plan/*.tsv knowledge/*.md wording/zh-CN/*.yaml
var files embed.FS

// Decode decodes an embedded YAML file, e.g. "plan/taxonomy.yaml", into the caller's struct, whose fields carry `yaml:` tags. Keys
// that the struct doesn't have are left out, so that each package takes only its part of a file. A name that isn't embedded is
// fs.ErrNotExist.
func Decode(name string, into any) error {
	text, err := files.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read embedded file: %w", err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		return fmt.Errorf("decode embedded file %s: %w", name, err)
	}
	return nil
}

// Read returns an embedded file that isn't YAML, e.g. "plan/places.tsv". A name that isn't embedded is fs.ErrNotExist.
func Read(name string) ([]byte, error) {
	text, err := files.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read embedded file: %w", err)
	}
	return text, nil
}

// DecodeOwn decodes the file that the administrator has named, or the embedded one of the name when there is none. It is strict, since a
// misspelt key in a file that somebody wrote would otherwise do nothing in silence. Errors name the file, and the line of a mistake.
func DecodeOwn(name, own string, into any) error {
	text, err := files.ReadFile(name)
	if own != "" {
		name = own
		text, err = os.ReadFile(own)
	}
	if err != nil {
		return fmt.Errorf("read file: %w", err)
	}
	return decodeStrictly(name, text, into)
}

// KnowledgeCards are the cards that operators read while they file, Markdown by item id. A file of the administrator's folder, "" for none, takes the place of the built-in one
// of its name.
func KnowledgeCards(folder string) (map[string][]byte, error) {
	inside, err := fs.Sub(files, "knowledge")
	if err != nil {
		return nil, fmt.Errorf("read knowledge cards: %w", err)
	}
	sources := []fs.FS{inside}
	if folder != "" {
		sources = append(sources, os.DirFS(folder))
	}
	cards := map[string][]byte{}
	for _, source := range sources {
		names, err := fs.Glob(source, "*.md")
		if err != nil {
			return nil, fmt.Errorf("list knowledge cards: %w", err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(source, name)
			if err != nil {
				return nil, fmt.Errorf("read knowledge card: %w", err)
			}
			cards[strings.TrimSuffix(name, ".md")] = text
		}
	}
	return cards, nil
}

// DecodeCalendar decodes every year of the embedded calendar, then every YAML file of the administrator's folder, "" for none: who takes them
// in order has the administrator's word for a year that is in both.
func DecodeCalendar[Year any](folder string) ([]Year, error) {
	sources := []fs.FS{files}
	if folder != "" {
		sources = append(sources, os.DirFS(folder))
	}
	var years []Year
	for i, from := range sources {
		pattern := []string{"calendar/*.yaml", "*.yaml"}[i]
		names, err := fs.Glob(from, pattern)
		if err != nil {
			return nil, fmt.Errorf("list calendar: %w", err)
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("calendar folder %s: no file like 2027.yaml in it", folder)
		}
		for _, name := range names {
			var y Year
			text, err := fs.ReadFile(from, name)
			if err != nil {
				return nil, fmt.Errorf("read calendar: %w", err)
			}
			if err := decodeStrictly(name, text, &y); err != nil {
				return nil, err
			}
			years = append(years, y)
		}
	}
	return years, nil
}

func decodeStrictly(name string, text []byte, into any) error {
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(into); err != nil {
		// One line: what follows is an excerpt of the file for a terminal.
		line, _, _ := strings.Cut(err.Error(), "\n")
		return fmt.Errorf("decode %s: %s", name, line)
	}
	return nil
}

// Wording returns the catalogue of every text that a person reads: all files of wording/zh-CN merged. A key in two files is an
// error, since one of the texts would be lost.
func Wording() (map[string]string, error) { return merge(files, "wording/zh-CN") }

func merge(from fs.FS, dir string) (map[string]string, error) {
	entries, err := fs.ReadDir(from, dir)
	if err != nil {
		return nil, fmt.Errorf("list wording: %w", err)
	}
	all, origin := map[string]string{}, map[string]string{}
	for _, entry := range entries {
		name := path.Join(dir, entry.Name())
		text, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, fmt.Errorf("read wording: %w", err)
		}
		var part map[string]string
		if err := yaml.Unmarshal(text, &part); err != nil {
			return nil, fmt.Errorf("decode wording %s: %w", name, err)
		}
		for key, value := range part {
			if other, taken := origin[key]; taken {
				return nil, fmt.Errorf("wording key %q is in %s and in %s", key, other, name)
			}
			all[key], origin[key] = value, name
		}
	}
	return all, nil
}
