package console

import (
	"bytes"
	"fmt"
	"html/template"

	"github.com/yuin/goldmark"
)

// renderCards renders the knowledge cards, Markdown by item. HTML in them is left out: people of the office edit them.
func renderCards(cards map[string][]byte) (map[string]template.HTML, error) {
	rendered := map[string]template.HTML{}
	for item, text := range cards {
		var b bytes.Buffer
		if err := goldmark.Convert(text, &b); err != nil {
			return nil, fmt.Errorf("render knowledge card %s: %w", item, err)
		}
		rendered[item] = template.HTML(b.String()) // #nosec G203 -- made by goldmark, which leaves HTML out
	}
	return rendered, nil
}

// card is the knowledge card of an item, "" when there is none.
func (s *Console) card(item string) template.HTML { return s.cards[item] }
