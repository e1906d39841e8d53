package wechat

import (
	"context"
	"fmt"

	"jiesu/routing"
)

// Keys of the default menu's buttons, as they come back in a click.
const (
	ButtonReport   = "report"
	ButtonProgress = "progress"
	ButtonHelp     = "help"
	ButtonHuman    = "human"
)

// Button is an entry of the account's menu: with Sub it opens a list, else it is a click with Key or a view of URL.
type Button struct {
	Type string   `json:"type,omitempty"` // click or view
	Name string   `json:"name"`
	Key  string   `json:"key,omitempty"`
	URL  string   `json:"url,omitempty"`
	Sub  []Button `json:"sub_button,omitempty"`
}

// Menu is the default menu: report a complaint, look at the progress, help and a human.
func Menu(w routing.Wording) []Button {
	click := func(key string) Button {
		return Button{Type: "click", Name: w.Text("wechat.menu." + key), Key: key}
	}
	more := Button{Name: w.Text("wechat.menu.more"), Sub: []Button{click(ButtonHelp), click(ButtonHuman)}}
	return []Button{click(ButtonReport), click(ButtonProgress), more}
}

// MenuCreate publishes the menu; phones show it within five minutes (api/custommenu/api_createcustommenu).
func (c *Client) MenuCreate(ctx context.Context, menu []Button) error {
	if err := checkMenu(menu); err != nil {
		return fmt.Errorf("wechat menu: %w", err)
	}
	return c.post(ctx, "menu/create", "/cgi-bin/menu/create", map[string]any{"button": menu}, nil)
}

// Limits of the menu, sizes in bytes.
const (
	maxButtons  = 3
	maxSubs     = 5
	maxName     = 16
	maxSubName  = 60
	maxKeySize  = 128
	maxViewSize = 1024
)

func checkMenu(menu []Button) error {
	if len(menu) < 1 || len(menu) > maxButtons {
		return fmt.Errorf("%d buttons, must be 1 to %d", len(menu), maxButtons)
	}
	for _, b := range menu {
		if err := checkButton(b, maxName); err != nil {
			return err
		}
		if len(b.Sub) > maxSubs {
			return fmt.Errorf("button %q has %d entries, at most %d", b.Name, len(b.Sub), maxSubs)
		}
		for _, s := range b.Sub {
			if len(s.Sub) > 0 {
				return fmt.Errorf("button %q is a third level", s.Name)
			}
			if err := checkButton(s, maxSubName); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkButton(b Button, nameLimit int) error {
	switch {
	case b.Name == "" || len(b.Name) > nameLimit:
		return fmt.Errorf("button %q: name must have 1 to %d bytes", b.Name, nameLimit)
	case len(b.Sub) > 0:
		return nil
	case b.Type == "click" && (b.Key == "" || len(b.Key) > maxKeySize):
		return fmt.Errorf("button %q: key must have 1 to %d bytes", b.Name, maxKeySize)
	case b.Type == "view" && (b.URL == "" || len(b.URL) > maxViewSize):
		return fmt.Errorf("button %q: address must have 1 to %d bytes", b.Name, maxViewSize)
	case b.Type != "click" && b.Type != "view":
		return fmt.Errorf("button %q: type must be click or view", b.Name)
	}
	return nil
}
