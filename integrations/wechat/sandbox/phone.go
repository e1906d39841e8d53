package sandbox

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

//go:embed assets
var assets embed.FS

// maxSay is the longest message and name that the phone takes, in characters.
const (
	maxSay  = 2000
	maxName = 20
)

// phone is the sandbox as a web page.
type phone struct {
	box   *Sandbox
	pages *template.Template
}

func (s *Sandbox) phoneRoutes(r *gin.RouterGroup) {
	p := &phone{box: s, pages: template.Must(template.New("").Funcs(template.FuncMap{
		"t": s.cfg.Wording.Text, "clock": func(at time.Time) string { return at.In(routing.Beijing()).Format("15:04") },
	}).ParseFS(assets, "assets/*.html"))}
	static, _ := fs.Sub(assets, "assets") // a constant path: can't fail
	r.Use(sameOrigin)
	r.GET("", p.page)
	r.StaticFileFS("/sandbox.css", "sandbox.css", http.FS(static))
	r.StaticFileFS("/sandbox.js", "sandbox.js", http.FS(static))
	r.GET("/events", p.events)
	r.GET("/media/:id", p.media)
	r.GET("/screen", p.screen)
	r.POST("/fans", p.addFan)
	r.POST("/faults", p.setFaults)
	r.POST("/fans/:fan/:act", p.act)
}

// sameOrigin keeps other pages of the browser from acting as a fan.
func sameOrigin(g *gin.Context) {
	if err := http.NewCrossOriginProtection().Check(g.Request); err != nil {
		g.AbortWithStatus(http.StatusForbidden)
	}
}

// view is what the page shows, taken under the lock at one moment.
type view struct {
	Fans   []fanView
	Fan    *fanView
	Chat   []Entry
	Menu   []menuButton
	Faults Faults
	SlowMS int64
	Scan   string // ticket of the code that brought us here
}

type fanView struct {
	Name, OpenID, Last string
	Follows, Blocks    bool
	Current            bool
}

// view shows the fan with this openid, the first one when there is none such.
func (p *phone) view(openID string) view {
	s := p.box
	s.mu.Lock()
	defer s.mu.Unlock()
	current := s.fans[openID]
	if current == nil && len(s.order) > 0 {
		current = s.order[0]
	}
	v := view{Menu: s.menu, Faults: s.faults, SlowMS: s.faults.Slow.Milliseconds()}
	for _, f := range s.order {
		fv := fanView{Name: f.name, OpenID: f.openID, Follows: f.follows, Blocks: f.blocks, Current: f == current}
		if len(f.chat) > 0 {
			fv.Last = p.preview(f.chat[len(f.chat)-1])
		}
		v.Fans = append(v.Fans, fv)
		if f == current {
			v.Fan, v.Chat = &fv, append([]Entry(nil), f.chat...)
		}
	}
	return v
}

// preview is the line under a fan's name.
func (p *phone) preview(e Entry) string {
	switch e.Kind {
	case KindImage, KindVoice, KindVideo:
		return p.box.cfg.Wording.Text("sandbox.preview." + string(e.Kind))
	case KindCard:
		return e.Card.Title
	}
	return e.Text
}

func (p *phone) page(g *gin.Context) {
	v := p.view(g.Query("fan"))
	if _, ok := p.box.scene(g.Query("scan")); ok {
		v.Scan = g.Query("scan")
	}
	p.render(g, "page", v)
}

// screen is the part of the page that changes.
func (p *phone) screen(g *gin.Context) { p.render(g, "screen", p.view(g.Query("fan"))) }

func (p *phone) render(g *gin.Context, name string, v view) {
	var b bytes.Buffer
	if err := p.pages.ExecuteTemplate(&b, name, v); err != nil {
		p.box.cfg.Logger.Error("sandbox: render page", "page", name, "error", err)
		g.AbortWithStatus(http.StatusInternalServerError)
		return
	}
	g.Header("Cache-Control", "no-store")
	g.Header("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; frame-ancestors 'self'")
	g.Data(http.StatusOK, "text/html; charset=utf-8", b.Bytes())
}

// events tells the page to look again whenever something changes.
func (p *phone) events(g *gin.Context) {
	g.Header("Content-Type", "text/event-stream")
	g.Header("Cache-Control", "no-store")
	g.Header("X-Accel-Buffering", "no")
	for {
		p.box.mu.Lock()
		changed := p.box.changed
		p.box.mu.Unlock()
		if _, err := fmt.Fprint(g.Writer, "event: changed\ndata: 1\n\n"); err != nil {
			return
		}
		g.Writer.Flush()
		select {
		case <-changed:
		case <-g.Request.Context().Done():
			return
		case <-p.box.ctx.Done():
			return
		}
	}
}

func (p *phone) media(g *gin.Context) {
	content, ok := p.box.file(g.Param("id"))
	if !ok {
		g.AbortWithStatus(http.StatusNotFound)
		return
	}
	t := contentType(content)
	if !strings.HasPrefix(t, "image/") && !strings.HasPrefix(t, "video/") && !strings.HasPrefix(t, "audio/") {
		t = "application/octet-stream" // never a page of ours
	}
	g.Header("X-Content-Type-Options", "nosniff")
	g.Data(http.StatusOK, t, content)
}

func (p *phone) addFan(g *gin.Context) {
	name := strings.TrimSpace(g.PostForm("name"))
	if name == "" || utf8.RuneCountInString(name) > maxName {
		g.AbortWithStatus(http.StatusUnprocessableEntity)
		return
	}
	f := p.box.fan(name, false)
	if !f.following() {
		p.do(func(ctx context.Context) error { _, err := f.Follow(ctx); return err })
	}
	g.String(http.StatusCreated, f.OpenID())
}

func (p *phone) setFaults(g *gin.Context) {
	slow, errSlow := strconv.Atoi(g.DefaultPostForm("slow", "0"))
	code, errCode := strconv.Atoi(g.DefaultPostForm("code", "0"))
	drop, errDrop := strconv.Atoi(g.DefaultPostForm("drop", "0"))
	if err := errors.Join(errSlow, errCode, errDrop); err != nil || slow < 0 || slow > 60_000 || drop < 0 || drop > 100 {
		g.AbortWithStatus(http.StatusUnprocessableEntity)
		return
	}
	p.box.SetFaults(Faults{
		Slow: time.Duration(slow) * time.Millisecond, Code: code, DropAnswers: drop,
		Duplicate: g.PostForm("duplicate") != "", Outage: g.PostForm("outage") != "", Report: g.PostForm("report"),
	})
	g.Status(http.StatusNoContent)
}

// act does what the person at the phone does. The answer doesn't wait for the account's server, which may take 40 seconds; the page hears
// of it by its events.
func (p *phone) act(g *gin.Context) {
	p.box.mu.Lock()
	f, ok := p.box.fans[g.Param("fan")]
	p.box.mu.Unlock()
	if !ok {
		g.AbortWithStatus(http.StatusNotFound)
		return
	}
	if !f.following() && g.Param("act") != "follow" && g.Param("act") != "scan" {
		g.AbortWithStatus(http.StatusConflict)
		return
	}
	action, ok := p.action(g, f)
	if !ok {
		g.AbortWithStatus(http.StatusUnprocessableEntity)
		return
	}
	p.do(action)
	g.Status(http.StatusAccepted)
}

// action reads the form; false when something is missing in it.
func (p *phone) action(g *gin.Context, f *Fan) (func(context.Context) error, bool) {
	quiet := func(send func(context.Context) (string, error)) func(context.Context) error {
		return func(ctx context.Context) error { _, err := send(ctx); return err }
	}
	switch g.Param("act") {
	case "say":
		text := strings.TrimSpace(g.PostForm("text"))
		ok := text != "" && utf8.RuneCountInString(text) <= maxSay
		return quiet(func(ctx context.Context) (string, error) { return f.Say(ctx, text) }), ok
	case "file":
		return p.sendFile(g, f)
	case "voice":
		return quiet(func(ctx context.Context) (string, error) { return f.SendVoice(ctx, SampleVoice(3*time.Second)) }), true
	case "click":
		key := g.PostForm("key")
		return quiet(func(ctx context.Context) (string, error) { return f.Click(ctx, key) }), key != ""
	case "scan":
		scene, ok := p.box.scene(g.PostForm("ticket"))
		return quiet(func(ctx context.Context) (string, error) { return f.Scan(ctx, scene) }), ok
	case "follow":
		return quiet(f.Follow), true
	case "unfollow":
		return f.Unfollow, true
	case "block":
		on := g.PostForm("on") != ""
		return func(context.Context) error { f.Block(on); return nil }, true
	}
	return nil, false
}

// sendFile sends a picture, voice or video, by what it is.
func (p *phone) sendFile(g *gin.Context, f *Fan) (func(context.Context) error, bool) {
	content, err := upload(g, "file")
	if err != nil {
		return nil, false
	}
	send := f.SendVoice
	switch t := contentType(content); {
	case strings.HasPrefix(t, "image/"):
		send = f.SendImage
	case strings.HasPrefix(t, "video/"):
		send = f.SendVideo
	case !strings.HasPrefix(t, "audio/"):
		return nil, false
	}
	return func(ctx context.Context) error { _, err := send(ctx, content); return err }, true
}

func (p *phone) do(action func(context.Context) error) {
	p.box.inBackground(func(ctx context.Context) {
		if err := action(ctx); err != nil {
			p.box.cfg.Logger.Warn("sandbox: action on the phone failed", "error", err)
		}
	})
}

// SampleVoice is a silent voice message in AMR of this length: 50 frames of 13 bytes a second at 4.75 kbit/s.
func SampleVoice(length time.Duration) []byte {
	frame := append([]byte{0x04}, make([]byte, 12)...)
	return append([]byte("#!AMR\n"), bytes.Repeat(frame, int(length/(20*time.Millisecond)))...)
}
