package sandbox

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// tokenLife of an access token.
const tokenLife = 7200 * time.Second

// issued is the access token that counts, and the one before it.
type issued struct {
	value   string
	expires time.Time
	old     map[string]bool // was valid once and has expired
}

func (s *Sandbox) apiRoutes(r *gin.RouterGroup) {
	r.POST("/cgi-bin/stable_token", s.faulty(false), s.stableToken)
	r.GET("/cgi-bin/showqrcode", s.showQRCode)
	api := r.Group("/cgi-bin", s.faulty(true), s.authorize)
	api.POST("/message/template/send", s.sendTemplate)
	api.POST("/message/custom/send", s.sendCustom)
	api.POST("/media/upload", s.uploadMedia)
	api.GET("/media/get", s.getMedia)
	api.POST("/qrcode/create", s.createQRCode)
	api.POST("/menu/create", s.createMenu)
	api.GET("/menu/get", s.getMenu)
	api.GET("/menu/delete", s.deleteMenu)
}

// fail answers as the platform does: HTTP 200, an errcode and the id of the request.
func (s *Sandbox) fail(g *gin.Context, code int, message string) {
	id := make([]byte, 12)
	_, _ = rand.Read(id) // never fails since Go 1.24
	rid := fmt.Sprintf("%s-%s-%s", hex.EncodeToString(id[:4]), hex.EncodeToString(id[4:8]), hex.EncodeToString(id[8:]))
	g.AbortWithStatusJSON(http.StatusOK, gin.H{"errcode": code, "errmsg": message + " rid: " + rid})
}

// faulty applies the faults; coded: the errcode among them too.
func (s *Sandbox) faulty(coded bool) gin.HandlerFunc {
	return func(g *gin.Context) {
		f := s.Faults()
		if f.Slow > 0 {
			select {
			case <-s.cfg.After(f.Slow):
			case <-g.Request.Context().Done():
				g.Abort()
				return
			}
		}
		switch {
		case f.Outage:
			g.AbortWithStatus(http.StatusBadGateway)
		case coded && f.Code != 0:
			s.fail(g, f.Code, "fault on purpose")
		}
	}
}

// stableToken gives the same token while it is valid and a new one from five minutes before its end.
func (s *Sandbox) stableToken(g *gin.Context) {
	var in struct {
		GrantType string `json:"grant_type"`
		AppID     string `json:"appid"`
		Secret    string `json:"secret"`
		Force     bool   `json:"force_refresh"`
	}
	switch err := g.ShouldBindJSON(&in); {
	case err != nil:
		s.fail(g, 47001, "data format error")
	case in.GrantType != "client_credential":
		s.fail(g, 40002, "invalid grant_type")
	case in.AppID != s.cfg.AppID:
		s.fail(g, 40013, "invalid appid")
	case in.Secret != s.cfg.AppSecret:
		s.fail(g, 40125, "invalid appsecret")
	default:
		value, left := s.issue(in.Force)
		g.JSON(http.StatusOK, gin.H{"access_token": value, "expires_in": int64(left / time.Second)})
	}
}

func (s *Sandbox) issue(force bool) (string, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	if force || s.token.value == "" || s.token.expires.Sub(now) < 5*time.Minute {
		s.retire()
		s.token.value, s.token.expires = rand.Text()+rand.Text()+rand.Text(), now.Add(tokenLife)
	}
	return s.token.value, s.token.expires.Sub(now)
}

// retire ends the current token. Called with the lock held.
func (s *Sandbox) retire() {
	if s.token.old == nil || len(s.token.old) > 100 {
		s.token.old = map[string]bool{}
	}
	s.token.old[s.token.value] = true
	s.token.value = ""
}

// ExpireToken ends the current access token before its time: calls with it fail with 42001.
func (s *Sandbox) ExpireToken() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retire()
}

// authorize checks the access token.
func (s *Sandbox) authorize(g *gin.Context) {
	token := g.Query("access_token")
	s.mu.Lock()
	current := token == s.token.value && s.cfg.Now().Before(s.token.expires)
	expired := s.token.old[token] || token == s.token.value
	s.mu.Unlock()
	switch {
	case token == "":
		s.fail(g, 41001, "access_token missing")
	case current:
	case expired:
		s.fail(g, 42001, "access_token expired")
	default:
		s.fail(g, 40001, "invalid credential, access_token is invalid or not latest")
	}
}

// sendCustom delivers a customer message (api/customer/message/api_sendcustommessage).
func (s *Sandbox) sendCustom(g *gin.Context) {
	var in struct {
		To   string `json:"touser"`
		Type string `json:"msgtype"`
		Text struct {
			Content string `json:"content"`
		} `json:"text"`
		Menu struct {
			Head string `json:"head_content"`
			List []Tap  `json:"list"`
			Tail string `json:"tail_content"`
		} `json:"msgmenu"`
	}
	if err := g.ShouldBindJSON(&in); err != nil {
		s.fail(g, 47001, "data format error")
		return
	}
	text := in.Text.Content
	if in.Type == "msgmenu" {
		text = strings.Trim(in.Menu.Head+"\n"+in.Menu.Tail, "\n")
	}
	if code := s.custom(in.To, in.Type, text, in.Menu.List); code != 0 {
		s.fail(g, code, fmt.Sprintf("custom message refused (%d)", code))
		return
	}
	g.JSON(http.StatusOK, gin.H{"errcode": 0, "errmsg": "ok"})
}

func (s *Sandbox) custom(openID, kind, text string, taps []Tap) (code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, known := s.fans[openID]
	switch {
	case !known:
		return 40003
	case kind != "text" && kind != "msgmenu":
		return 40008
	case kind == "msgmenu" && len(taps) == 0:
		return 47001
	case text == "":
		return 44004
	case len(text) > 2048:
		return 45002
	}
	if code := f.spend(); code != 0 {
		return code
	}
	f.add(Entry{Side: SideAccount, Kind: KindText, Text: text, Taps: taps})
	return 0
}
