package classifier

import (
	_ "embed"
	"fmt"
)

// Made by `make model` from corpus/.
//
//go:embed model/jiesu.model
var embedded []byte

// Embedded returns the model that comes with the program.
func Embedded(tax Taxonomy) (*Model, error) {
	m, err := open(embedded, tax)
	if err != nil {
		return nil, fmt.Errorf("load embedded model: %w", err)
	}
	return m, nil
}
