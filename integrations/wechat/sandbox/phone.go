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
	"unicode"
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
	p := &phone{box: s}
	p.pages = template.Must(template.New("").Funcs(template.FuncMap{
		"t": s.cfg.Wording.Text, "time": p.time, "initial": initial, "tint": tint,
	}).ParseFS(assets, "assets/*.html"))
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
	Chat   []line
	Menu   []menuButton
	Faults Faults
	SlowMS int64
	Active []string // the faults in words
	Scan   string   // ticket of the code that brought us here
}

type fanView struct {
	Name, OpenID, Last string
	LastAt             time.Time // zero: nothing was said yet
	Follows, Blocks    bool
	Waiting            bool // for the account's answer
	Current            bool
}

// line is an entry of the chat; Timed: the time stands above it.
type line struct {
	Entry
	Timed bool
}

// quiet is how long nothing is said before the time is shown again.
const quiet = 5 * time.Minute

// view shows the fan with this openid, the first one when there is none such.
func (p *phone) view(openID string) view {
	s := p.box
	s.mu.Lock()
	defer s.mu.Unlock()
	current := s.fans[openID]
	if current == nil && len(s.order) > 0 {
		current = s.order[0]
	}
	v := view{Menu: s.menu, Faults: s.faults, SlowMS: s.faults.Slow.Milliseconds(), Active: p.active(s.faults)}
	for _, f := range s.order {
		fv := fanView{Name: f.name, OpenID: f.openID, Follows: f.follows, Blocks: f.blocks, Waiting: f.waiting > 0, Current: f == current}
		if n := len(f.chat); n > 0 {
			fv.Last, fv.LastAt = p.preview(f.chat[n-1]), f.chat[n-1].At
		}
		v.Fans = append(v.Fans, fv)
		if f == current {
			v.Fan, v.Chat = &fv, lines(f.chat)
		}
	}
	return v
}

func lines(chat []Entry) []line {
	out := make([]line, len(chat))
	for i, e := range chat {
		out[i] = line{e, i == 0 || e.At.Sub(chat[i-1].At) >= quiet}
	}
	return out
}

// active names the faults that are on.
func (p *phone) active(f Faults) (names []string) {
	name := func(on bool, key string, args ...string) {
		if on {
			names = append(names, p.box.cfg.Wording.Text("sandbox.active."+key, args...))
		}
	}
	name(f.Slow > 0, "slow", "n", strconv.FormatInt(f.Slow.Milliseconds(), 10))
	name(f.Code != 0, "code", "n", strconv.Itoa(f.Code))
	name(f.DropAnswers > 0, "drop", "n", strconv.Itoa(f.DropAnswers))
	name(f.Report != "", "report", "status", f.Report)
	name(f.Duplicate, "duplicate")
	name(f.Outage, "outage")
	return names
}

// time is when something was said: the hour today, the day before it otherwise.
func (p *phone) time(at time.Time) string {
	at, now := at.In(routing.Beijing()), p.box.cfg.Now().In(routing.Beijing())
	layout := "sandbox.layout.earlier"
	if at.Year() == now.Year() && at.YearDay() == now.YearDay() {
		layout = "sandbox.layout.today"
	}
	return at.Format(p.box.cfg.Wording.Text(layout))
}

// initial stands for a picture of the fan.
func initial(name string) string {
	r, _ := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(r))
}

// tint is one of six colours for the fan.
func tint(name string) string {
	sum := 0
	for _, b := range []byte(name) {
		sum += int(b)
	}
	return "tint" + strconv.Itoa(sum%6)
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
		case <-p.box.cfg.Stopping:
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
	if mediaKind(content) == "" {
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
		p.do(silent(f.follow("", ""))) // a fan before the answer: whoever has it can write at once
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
	switch g.Param("act") {
	case "say":
		text := strings.TrimSpace(g.PostForm("text"))
		ok := text != "" && utf8.RuneCountInString(text) <= maxSay
		return silent(func(ctx context.Context) (string, error) { return f.Say(ctx, text) }), ok
	case "file":
		return p.sendFile(g, f)
	case "voice":
		return silent(func(ctx context.Context) (string, error) { return f.SendVoice(ctx, SampleVoice(3*time.Second)) }), true
	case "click":
		key := g.PostForm("key")
		return silent(func(ctx context.Context) (string, error) { return f.Click(ctx, key) }), key != ""
	case "tap":
		id, text := g.PostForm("id"), g.PostForm("text")
		return silent(func(ctx context.Context) (string, error) { return f.Tap(ctx, id, text) }), id != "" && text != ""
	case "view":
		address := g.PostForm("url")
		return silent(func(ctx context.Context) (string, error) { return f.View(ctx, address) }), address != ""
	case "scan":
		scene, ok := p.box.scene(g.PostForm("ticket"))
		if !ok {
			return nil, false
		}
		return silent(f.scan(scene)), true
	case "follow":
		return silent(f.follow("", "")), true
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
	switch mediaKind(content) {
	case "image":
		send = f.SendImage
	case "video":
		send = f.SendVideo
	case "":
		return nil, false
	}
	return func(ctx context.Context) error { _, err := send(ctx, content); return err }, true
}

// silent leaves out the reply, which the phone reads from the chat.
func silent(send func(context.Context) (reply string, err error)) func(context.Context) error {
	return func(ctx context.Context) error { _, err := send(ctx); return err }
}

func (p *phone) do(action func(context.Context) error) {
	p.box.inBackground(func(ctx context.Context) {
		if err := action(ctx); err != nil {
			p.box.cfg.Logger.Warn("sandbox: action on the phone failed", "error", err)
		}
	})
}
