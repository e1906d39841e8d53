package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"
)

// menuButton is an entry of the account's menu.
type menuButton struct {
	Type string       `json:"type,omitempty"`
	Name string       `json:"name"`
	Key  string       `json:"key,omitempty"`
	URL  string       `json:"url,omitempty"`
	Sub  []menuButton `json:"sub_button,omitempty"`
}

// createMenu replaces the menu (api/custommenu/api_createcustommenu).
func (s *Sandbox) createMenu(g *gin.Context) {
	body, err := io.ReadAll(http.MaxBytesReader(g.Writer, g.Request.Body, 64<<10))
	var in struct {
		Buttons []menuButton `json:"button"`
	}
	if err != nil || json.Unmarshal(body, &in) != nil {
		s.fail(g, 47001, "data format error")
		return
	}
	if bytes.Contains(body, []byte(`\u`)) {
		s.fail(g, 40033, "invalid charset: must be UTF-8 without \\u escapes")
		return
	}
	if code := checkMenu(in.Buttons); code != 0 {
		s.fail(g, code, "invalid menu")
		return
	}
	s.setMenu(in.Buttons)
	g.JSON(http.StatusOK, gin.H{"errcode": 0, "errmsg": "ok"})
}

func checkMenu(menu []menuButton) (code int) {
	if len(menu) < 1 || len(menu) > 3 {
		return 40016
	}
	for _, b := range menu {
		switch {
		case len(b.Name) < 1 || len(b.Name) > 16:
			return 40018
		case len(b.Sub) > 5:
			return 40023
		}
		if len(b.Sub) == 0 {
			if code := checkAction(b); code != 0 {
				return code
			}
		}
		for _, sub := range b.Sub {
			if len(sub.Name) < 1 || len(sub.Name) > 60 {
				return 40025
			}
			if code := checkAction(sub); code != 0 {
				return code
			}
		}
	}
	return 0
}

func checkAction(b menuButton) (code int) {
	switch {
	case b.Type != "click" && b.Type != "view":
		return 40017
	case b.Type == "click" && (len(b.Key) < 1 || len(b.Key) > 128):
		return 40019
	case b.Type == "view" && (len(b.URL) < 1 || len(b.URL) > 1024):
		return 40020
	}
	return 0
}

func (s *Sandbox) getMenu(g *gin.Context) {
	s.mu.Lock()
	menu := s.menu
	s.mu.Unlock()
	if len(menu) == 0 {
		s.fail(g, 46003, "menu no exist")
		return
	}
	g.JSON(http.StatusOK, gin.H{"menu": gin.H{"button": menu}})
}

func (s *Sandbox) deleteMenu(g *gin.Context) {
	s.setMenu(nil)
	g.JSON(http.StatusOK, gin.H{"errcode": 0, "errmsg": "ok"})
}

func (s *Sandbox) setMenu(menu []menuButton) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.menu = menu
	s.announce()
}

// buttonName finds what the button with this key or address is called in the menu, the key itself when there is none.
func (s *Sandbox) buttonName(key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.menu {
		for _, leaf := range append([]menuButton{b}, b.Sub...) {
			if key != "" && (leaf.Key == key || leaf.URL == key) {
				return leaf.Name
			}
		}
	}
	return key
}
