package configs

import (
	"embed"
	"fmt"
	"io/fs"
	"path"

	"github.com/goccy/go-yaml"
)

//go:embed plan/*.yaml plan/*.tsv wording/zh-CN/*.yaml
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
