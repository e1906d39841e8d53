package open311

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/integrations/openapi"
	"jiesu/routing"
)

// Prefix is the path under which everything of this package lives.
const Prefix = "/open311/v2"

// maxForm is the largest form, in bytes: ten thousand characters, escaped, and attributes.
const maxForm = 256 << 10

// Store is what is read beside the desk.
type Store interface {
	APIKeyByHash(ctx context.Context, hash string) (routing.APIKey, error)
	CaseByToken(ctx context.Context, token string) (routing.Case, error)
}

// Config is what the server works with. Jurisdiction and PublicURL may be left out.
type Config struct {
	Store        Store
	Desk         *routing.Desk
	Judge        routing.Judge
	Wording      routing.Wording
	Live         routing.Volatile // counts requests
	Now          func() time.Time
	Logger       *slog.Logger
	Jurisdiction string    // answers only to this jurisdiction_id; "": to any
	PublicURL    string    // scheme://host without a slash at the end
	Contact      string    // in the discovery: whom to ask for a key
	Changed      time.Time // when services changed last
	Test         bool      // the endpoint is one to try out
	PerMinute    int       // requests allowed per address, or per key, and minute; 0: 120
}

// Server answers the requests. It is safe for concurrent use.
type Server struct{ Config }

// New returns a server. Error: something that is needed is missing.
func New(c Config) (*Server, error) {
	if c.Store == nil || c.Desk == nil || c.Judge == nil || c.Wording == nil || c.Live == nil || c.Now == nil || c.Logger == nil {
		return nil, errors.New("open311: store, desk, judge, wording, live, now and logger are needed")
	}
	if c.PerMinute == 0 {
		c.PerMinute = 120
	}
	return &Server{c}, nil
}

var beijing = routing.Beijing()

// problem is a failure as the standard says it: an HTTP status, and an inner code that may be finer.
type problem struct {
	status int
	code   string
	text   string
}

func (p *problem) Error() string { return p.text }

func bad(code, text string) error  { return &problem{http.StatusBadRequest, code, text} }
func gone(code, text string) error { return &problem{http.StatusNotFound, code, text} }

var errKey = &problem{http.StatusForbidden, "403", "api_key is missing or not valid for this service"}

// Routes adds every address to r, which must be at the root. Suffixes choose the format.
func (s *Server) Routes(r gin.IRouter) {
	g := r.Group(Prefix)
	g.GET("/:name", s.answer(s.read))
	g.GET("/services/:id", s.answer(s.definition))
	g.GET("/tokens/:id", s.answer(s.token))
	g.GET("/requests/:id", s.answer(s.one))
	g.POST("/:name", s.answer(s.write))
}

// handler answers in a tree; name is the last part of the address without its suffix.
type handler func(g *gin.Context, name string) (element, error)

// answer runs the handler and writes what it returns in the format that the address ends in.
func (s *Server) answer(h handler) gin.HandlerFunc {
	return func(g *gin.Context) {
		last := g.Param("id")
		if last == "" {
			last = g.Param("name")
		}
		name, format, _ := cutLast(last, ".")
		var e element
		err := s.allowed(g, format)
		if err == nil {
			e, err = h(g, name)
		}
		status := http.StatusOK
		if err != nil {
			status, e = s.failed(g, err)
		} else if g.Request.Method == http.MethodPost {
			status = http.StatusCreated
		}
		g.Header("X-Content-Type-Options", "nosniff")
		g.Header("Cache-Control", "no-cache")
		content, kind := e.xml(), "text/xml"
		if format == "json" {
			content, kind = e.json(), "application/json"
		}
		if name != "discovery" { // whose readers want the bare type
			kind += "; charset=utf-8"
		}
		g.Data(status, kind, content)
	}
}

// cutLast cuts around the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// allowed checks what is the same for all requests.
func (s *Server) allowed(g *gin.Context, format string) error {
	if format != "xml" && format != "json" {
		return gone("404", "the address must end in .xml or .json")
	}
	if g.Request.Method == http.MethodPost {
		g.Request.Body = http.MaxBytesReader(g.Writer, g.Request.Body, maxForm)
		if err := g.Request.ParseForm(); err != nil {
			var large *http.MaxBytesError
			if errors.As(err, &large) {
				return bad("413", "the form is too large")
			}
			return bad("400", "the body must be a form (application/x-www-form-urlencoded)")
		}
	} else if err := g.Request.ParseForm(); err != nil {
		return bad("400", "the query can't be read")
	}
	for name, values := range g.Request.Form {
		for _, v := range values {
			if !isText(name) || !isText(v) {
				return bad("400", "a parameter isn't UTF-8 text")
			}
		}
	}
	if j := g.Request.Form.Get("jurisdiction_id"); s.Jurisdiction != "" && j != "" && j != s.Jurisdiction {
		return gone("404", "jurisdiction_id was not found")
	}
	return s.limited(g)
}

func isText(s string) bool { return strings.ToValidUTF8(s, "\x00") == s && !strings.ContainsRune(s, 0) }

// limited counts requests per address. When the counter fails, requests pass.
func (s *Server) limited(g *gin.Context) error {
	minute := s.Now().Truncate(time.Minute)
	ok, err := s.Live.Allow(g.Request.Context(), "open311:"+g.ClientIP()+":"+minute.Format("150405"), s.PerMinute, time.Minute)
	if err != nil {
		s.Logger.WarnContext(g.Request.Context(), "request limit not checked", "err", err)
		return nil
	}
	if !ok {
		g.Header("Retry-After", "60")
		return &problem{http.StatusTooManyRequests, "429", "too many requests; wait a minute"}
	}
	return nil
}

// failed is how a failure is answered.
func (s *Server) failed(g *gin.Context, err error) (int, element) {
	var p *problem
	var invalid *routing.InvalidError
	switch {
	case errors.As(err, &p):
	case errors.As(err, &invalid):
		p = &problem{http.StatusBadRequest, "400", invalid.Field + ": " + invalid.Say(s.Wording)}
	case errors.Is(err, routing.ErrNotFound):
		p = &problem{http.StatusNotFound, "404", "service_request_id was not found"}
	case errors.Is(err, routing.ErrForbidden):
		p = errKey
	default:
		id := routing.NewID()
		s.Logger.ErrorContext(g.Request.Context(), "Open311 request failed", "instance", id, "request", g.Request.Method+" "+g.FullPath(), "err", err)
		p = &problem{http.StatusInternalServerError, "500", "internal error " + id}
	}
	return p.status, listOf("errors", group("error", text("code", p.code), text("description", p.text)))
}

// keyed is who asks, by the key in api_key or in the Authorization header. Error: errKey.
func (s *Server) keyed(g *gin.Context) (routing.Actor, error) {
	plain := g.Request.Form.Get("api_key")
	if plain == "" {
		plain = strings.TrimPrefix(g.GetHeader("Authorization"), "Bearer ")
	}
	if plain == "" {
		return routing.Actor{}, errKey
	}
	key, err := s.Store.APIKeyByHash(g.Request.Context(), openapi.HashKey(plain))
	if errors.Is(err, routing.ErrNotFound) {
		return routing.Actor{}, errKey
	}
	if err != nil {
		return routing.Actor{}, err
	}
	need := routing.ScopeRead
	if g.Request.Method == http.MethodPost {
		need = routing.ScopeFile
	}
	if !key.Good(s.Now()) || !key.Covers(need) {
		return routing.Actor{}, errKey
	}
	return key.Actor(), nil
}

// read is what stands directly under the prefix.
func (s *Server) read(g *gin.Context, name string) (element, error) {
	switch name {
	case "discovery":
		return s.discovery(), nil
	case "services":
		return s.services(), nil
	case "requests":
		return s.requests(g)
	case "servicerequestupdates":
		return s.updates(g)
	}
	return element{}, gone("404", "there is nothing at this address")
}

// write is what may be posted.
func (s *Server) write(g *gin.Context, name string) (element, error) {
	switch name {
	case "requests":
		return s.file(g)
	case "servicerequestupdates":
		return s.update(g)
	}
	return element{}, gone("404", "there is nothing at this address")
}

// discovery says where everything is.
func (s *Server) discovery() element {
	changed := s.Changed
	if changed.IsZero() {
		changed = time.Date(2026, 11, 1, 0, 0, 0, 0, beijing)
	}
	kind := "production"
	if s.Test {
		kind = "test"
	}
	return group("discovery",
		moment("changeset", changed),
		text("contact", s.Contact),
		text("key_service", s.Contact),
		listOf("endpoints", group("endpoint",
			text("specification", "http://wiki.open311.org/GeoReport_v2"),
			text("url", s.PublicURL+Prefix),
			moment("changeset", changed),
			text("type", kind),
			listOf("formats", text("format", "text/xml"), text("format", "application/json")))))
}
