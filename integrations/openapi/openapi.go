// Package openapi is the door for outside systems: a REST API on cases under /api/v1, described by the OpenAPI 3.1 document that it
// serves at /api/v1/openapi.json. Every request carries an API key; a key has a role and sees and does what that role may, by the
// same rules of routing.Desk as a person at a screen. Failures are problem documents (RFC 9457).
package openapi

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// Prefix is the path under which everything of this package lives.
const Prefix = "/api/v1"

// defaultPerMinute is generous for a hotline's system and stops a program that runs wild.
const defaultPerMinute = 600

// Store is what the API reads beside the desk.
type Store interface {
	Update(ctx context.Context, fn func(tx routing.Tx) error) error
	APIKeyByHash(ctx context.Context, hash string) (routing.APIKey, error)
	NoticesOf(ctx context.Context, caseNumber string) ([]routing.Notice, error)
	DeliveriesOf(ctx context.Context, caseNumber string) ([]routing.Delivery, error)
}

// Config is everything the API needs. All fields but Version, PublicURL and PerMinute must be set.
type Config struct {
	Store         Store
	Desk          *routing.Desk
	Judge         routing.Judge
	Wording       routing.Wording
	Live          routing.Volatile // counts requests per key
	Now           func() time.Time
	Logger        *slog.Logger
	Version       string // of the program, shown in the document
	PublicURL     string // address of the server in the document, without a slash at the end; empty: relative
	OutsideSecret string // of the webhooks that a case system sends us; empty: none are taken
	PerMinute     int    // requests allowed per key and minute; 0: 600
}

// API answers the requests. It is safe for concurrent use.
type API struct {
	Config
	router *gin.Engine
	spec   []byte
}

// New returns the API. An error means that the document cannot be written as JSON.
func New(c Config) (*API, error) {
	if c.PerMinute <= 0 {
		c.PerMinute = defaultPerMinute
	}
	a := &API{Config: c, router: gin.New()}
	// Paths are exact: a redirected POST would lose its body.
	a.router.RedirectTrailingSlash = false
	a.router.HandleMethodNotAllowed = true
	a.router.Use(a.recovered, explained)
	a.router.NoRoute(func(g *gin.Context) { write(g, newProblem("not-found", "There is nothing at this address.")) })
	a.router.NoMethod(func(g *gin.Context) { write(g, newProblem("method-not-allowed", "See the Allow header.")) })
	a.router.GET(Prefix+"/openapi.json", func(g *gin.Context) { g.Data(http.StatusOK, "application/json", a.spec) })

	a.callRoutes(a.router.Group("", a.authenticated, a.limited))
	a.bridgeRoute()
	a.router.POST(hookPath, a.hook)
	api := humagin.NewWithGroup(a.router, a.router.Group("", a.authenticated, a.limited), a.document())
	a.register(api)
	tidy(api.OpenAPI())
	spec, err := json.Marshal(api.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("write OpenAPI document: %w", err)
	}
	a.spec = spec
	return a, a.pages(api.OpenAPI())
}

// Routes mounts the API on the engine. It has a router of its own below Prefix, so that a wrong address or method there is
// answered with a problem document whatever the rest of the engine does about them.
func (a *API) Routes(engine *gin.Engine) {
	engine.Any(Prefix+"/*path", func(g *gin.Context) {
		a.router.ServeHTTP(g.Writer, g.Request)
		g.Abort()
	})
}

// document describes the API as a whole. The library's pages, which load scripts from elsewhere, and its "$schema" links are off.
func (a *API) document() huma.Config {
	c := huma.DefaultConfig("Jiesu (接诉)", a.Version)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", "", nil
	c.RejectUnknownQueryParameters = true // a misspelt filter must not return everything
	c.Transformers = []huma.Transformer{a.finishProblem}
	c.Formats = maps.Clone(c.Formats) // the library's own is shared by the process
	for name, f := range c.Formats {
		c.Formats[name] = utf8Only(f)
	}
	c.Info.Description = "Complaints of enterprises about the business environment: file them, follow them, work on them. " +
		"Every failure is a problem document (RFC 9457, application/problem+json); tell them apart by `type`. " +
		"`title` and `detail` are English and for programmers; the `message` of each of `errors` is a Chinese sentence that you may show to your users."
	if a.PublicURL != "" {
		c.Servers = []*huma.Server{{URL: a.PublicURL}}
	}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key": {Type: "http", Scheme: "bearer", Description: "An API key, made by `jiesu key create`. Its role decides what it may see and do."},
	}
	c.Security = []map[string][]string{{"key": {}}}
	return c
}

// tidy makes the library's problem schema say what we send: types are paths on this server, and rejected values, which may be
// personal data, are not echoed.
func tidy(doc *huma.OpenAPI) {
	schemas := doc.Components.Schemas.Map()
	for _, name := range []string{"type", "instance"} {
		p := schemas["ErrorModel"].Properties[name]
		p.Format, p.Default, p.Examples = "uri-reference", nil, nil
	}
	delete(schemas["ErrorDetail"].Properties, "value")
	schemas["ErrorModel"].Properties["title"].Description = "What kind of problem it is, in English."
	schemas["ErrorModel"].Properties["detail"].Description = "What is wrong with this request, in English, for programmers."
	schemas["ErrorDetail"].Properties["message"].Description = "What to mend, a sentence in Chinese for people."
}
