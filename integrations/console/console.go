// Package console is what people see of Jiesu in a browser: the desks of operators, lead units and the office under /console, and
// the complainant's page under /p. Pages are rendered on the server and work without scripts; htmx and a small script add the live
// suggestion, live updates and keys. It decides nothing about cases: every step goes through routing.Desk.
package console

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
	"jiesu/routing/report"
)

// Config is what the console works with. QR, Stopping and PublicURL may be left out.
type Config struct {
	Store   routing.Store
	Desk    *routing.Desk
	Judge   routing.Judge // the live suggestion while an operator types
	Press   *report.Press // the papers
	Orders  Orders        // takes files of work orders
	Voices  Voices        // takes what operators write down of voice messages
	Wording routing.Wording
	Plan    *routing.Plan
	Live    routing.Volatile
	Now     func() time.Time
	Logger  *slog.Logger

	SessionIdle     time.Duration // a login ends after this without a request
	SessionAbsolute time.Duration // a login ends after this in any case
	MaxFailures     int           // wrong passwords in a row that lock out the browser or address they come from
	LockFor         time.Duration
	SecondFactor    []routing.Role    // who must show a code of their telephone; others may
	Provider        *Provider         // of accounts that staff have elsewhere; nil: none
	Retention       routing.Retention // as the page on personal data says it
	Secure          bool              // the console is served over https: the cookie is for https only
	PublicURL       string            // scheme://host[:port] that browsers use
	Knowledge       map[string][]byte // Markdown by item, read beside the filing form
	SampleSize      int               // cases drawn for a third party, unless another number is asked for
	Codes           bool              // codes can be sent by SMS
	Sandbox         bool              // the stand-in for WeChat is on: pages say that nothing here is real
	// QR makes a WeChat code that binds the case with this token to the fan who scans it, and returns its image's address.
	QR func(ctx context.Context, token string) (imageURL string, err error)
	// Stopping is closed when the server begins to stop, so that live streams end and don't hold it up.
	Stopping <-chan struct{}
}

// Voices takes what an operator heard in a voice message through the conversation. Errors: routing.ErrForbidden; routing.ErrConflict: somebody has written it
// down; *routing.InvalidError for the text.
type Voices interface {
	WriteDown(ctx context.Context, actor routing.Actor, taskID, text string) error
}

// Console serves the pages. Make one with New.
type Console struct {
	Config
	views   views
	cards   map[string]template.HTML // by item
	assets  assets
	guard   *http.CrossOriginProtection
	decoy   string        // hash checked for unknown names, so that they take as long as known ones
	hashing chan struct{} // argon2id takes 19 MiB a time: only a few at once
	csp     string
	beat    time.Duration // between heartbeats of a live stream
}

// New checks the configuration and reads the embedded templates.
func New(cfg Config) (*Console, error) {
	if cfg.Store == nil || cfg.Desk == nil || cfg.Judge == nil || cfg.Press == nil || cfg.Voices == nil || cfg.Orders == nil || cfg.Plan == nil || cfg.Live == nil || cfg.Now == nil || cfg.Logger == nil {
		return nil, errors.New("console: store, desk, judge, press, voices, orders, plan, live, now and logger are needed")
	}
	if cfg.SessionIdle <= 0 || cfg.SessionAbsolute <= 0 || cfg.MaxFailures < 1 || cfg.LockFor <= 0 {
		return nil, errors.New("console: session and lock-out limits must be above zero")
	}
	s := &Console{Config: cfg, guard: http.NewCrossOriginProtection(), decoy: decoyHash(), hashing: make(chan struct{}, 4), beat: 25 * time.Second}
	if err := s.trust(cfg.PublicURL); err != nil {
		return nil, err
	}
	s.csp = pagePolicy(cfg.QR != nil)
	var err error
	if s.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if s.cards, err = renderCards(cfg.Knowledge); err != nil {
		return nil, err
	}
	if s.views, err = s.loadViews(); err != nil {
		return nil, err
	}
	return s, nil
}

// trust lets posts come from the public address, which differs from the Host header behind some proxies.
func (s *Console) trust(public string) error {
	if public == "" {
		return nil
	}
	u, err := url.Parse(public)
	if err != nil || u.Host == "" {
		return fmt.Errorf("console: public url %q must be scheme://host", public)
	}
	if err := s.guard.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
		return fmt.Errorf("console: public url: %w", err)
	}
	return nil
}

// Routes adds every address of the console to r, which must be at the root.
func (s *Console) Routes(r gin.IRouter) {
	r.GET("/console/static/:name", s.static)
	g := r.Group("/", s.protect)
	g.GET("/console/login", s.loginPage)
	g.POST("/console/login", s.login)
	g.POST("/console/logout", s.logout)
	g.GET(secondPath, s.halfway(s.secondPage))
	g.POST(secondPath, s.halfway(s.second))
	g.GET(enrolPath, s.halfway(s.enrolPage))
	g.POST(enrolPath, s.halfway(s.enrol))
	g.POST(recoveryPath, s.halfway(s.recovery))
	g.GET(passwordPath, s.halfway(s.passwordPage))
	g.POST(passwordPath, s.halfway(s.changePassword))
	g.GET(accountPath, s.halfway(s.account))
	g.POST(othersPath, s.halfway(s.endOthers))
	if s.Provider != nil {
		g.GET(providerPath, s.toProvider)
		g.GET(providerBackPath, s.fromProvider)
	}

	g.GET("/console", s.staff(s.list))
	g.GET(eventsPath, s.staff(s.events))
	g.GET("/console/units", s.staff(s.unitOptions))
	g.GET("/console/cases/:number", s.staff(s.casePage))
	g.GET("/console/cases/:number/print", s.staff(s.printPage))
	g.GET(personPath, s.staff(s.personPage, routing.DeedPerson))
	g.POST(personPath+"/dossier.zip", s.staff(s.dossier, routing.DeedPerson))
	g.POST(personPath+"/erase", s.staff(s.erase, routing.DeedPerson))
	g.GET(caseActionPath, s.staff(s.backToCase))
	g.POST(caseActionPath, s.staff(s.act))
	g.GET("/console/cases/:number/attachments/:id", s.staff(s.attachment))

	g.GET("/console/problems", s.staff(s.ledger))
	g.GET("/console/problems.xlsx", s.staff(s.ledgerSheet))
	g.GET("/console/problems/:number", s.staff(s.entryPage))
	g.GET(entryActionPath, s.staff(s.backToEntry))
	g.POST(entryActionPath, s.staff(s.actOnEntry))
	g.GET("/console/problems/:number/evidence/:id", s.staff(s.entryEvidence))

	g.GET("/console/triage", s.staff(s.triage, routing.DeedOversee))
	g.GET("/console/file", s.staff(s.filePage, routing.DeedServe))
	g.POST("/console/file", s.staff(s.file, routing.DeedServe))
	g.POST("/console/file/draft", s.staff(s.keepDraft, routing.DeedServe))
	g.POST("/console/file/fresh", s.staff(s.dropDraft, routing.DeedServe))
	g.POST("/console/suggest", s.staff(s.suggest, routing.DeedServe))
	g.POST("/console/lookup", s.staff(s.lookup, routing.DeedServe))
	g.GET(importsPath, s.staff(s.imports, routing.DeedServe))
	g.POST(importsPath, s.staff(s.uploadOrders, routing.DeedServe))
	g.GET(importsPath+"/:id", s.staff(s.importPage, routing.DeedServe))
	g.POST(importsPath+"/:id", s.staff(s.startImport, routing.DeedServe))
	g.GET(importsPath+"/:id/rejected.csv", s.staff(s.rejectedOrders, routing.DeedServe))
	g.POST("/console/codes", s.staff(s.makeCode, routing.DeedServe))
	g.GET("/console/calls", s.staff(s.calls, routing.DeedServe))
	g.GET("/console/tasks", s.staff(s.tasks, routing.DeedServe))
	g.GET("/console/tasks/:id/:action", s.staff(s.backToTasks, routing.DeedServe))
	g.POST("/console/tasks/:id/done", s.staff(s.finishTask, routing.DeedServe))
	g.POST("/console/tasks/:id/call", s.staff(s.finishCall, routing.DeedServe))
	g.POST("/console/tasks/:id/written", s.staff(s.writeDown, routing.DeedServe))
	g.GET("/console/voices/:id", s.staff(s.voice, routing.DeedServe))
	g.GET("/console/chats/:id", s.staff(s.chat, routing.DeedServe))
	g.GET("/console/chats/:id/:action", s.staff(s.backToChat, routing.DeedServe))
	g.POST("/console/chats/:id/:action", s.staff(s.chatStep, routing.DeedServe))
	g.GET("/console/chats/:id/attachments/:file", s.staff(s.chatAttachment, routing.DeedServe))
	g.POST("/console/tasks/:id/reveal", s.staff(s.revealTask, routing.DeedServe))

	s.listRoutes(g)
	g.GET("/console/papers", s.staff(s.papers, routing.DeedPapers))
	g.POST("/console/papers", s.staff(s.makePaper, routing.DeedOversee))
	g.GET(samplePath, s.staff(s.sample, routing.DeedOversee))
	g.GET("/console/papers/:period/:scope", s.staff(s.paper, routing.DeedPapers))
	g.GET("/console/papers/:period/:scope/cases", s.staff(s.paperCases, routing.DeedPapers))
	g.GET("/console/papers/:period/:scope/workbook.xlsx", s.staff(s.paperWorkbook, routing.DeedPapers))
	g.GET("/console/papers/:period/:scope/print.html", s.staff(s.paperPage, routing.DeedPapers))

	// A wrong address below ours is answered with a page, and one that isn't signed in learns nothing of what there is.
	g.GET("/console/:any", s.staff(nowhere))

	g.GET(PrivacyPath, s.privacy)
	g.GET("/p/:token", s.own(s.ownPage))
	g.GET(ownActionPath, s.own(s.backToOwn))
	g.POST(ownActionPath, s.own(s.ownStep))
	g.GET("/p/:token/attachments/:id", s.own(s.ownAttachment))
}

// listRoutes adds what belongs to lists.
func (s *Console) listRoutes(g gin.IRouter) {
	g.GET("/console/export/:kind", s.staff(s.export, routing.DeedExport))
	g.POST("/console/filters", s.staff(s.saveFilter))
	g.GET("/console/filters/:id", s.staff(s.openFilter))
	g.POST("/console/filters/:id/delete", s.staff(s.deleteFilter))
	g.POST("/console/bulk", s.staff(s.confirmBulk, routing.DeedOversee))
	g.POST("/console/bulk/done", s.staff(s.doBulk, routing.DeedOversee))
	g.GET("/console/groups", s.staff(s.groups, routing.DeedOversee))
	g.GET("/console/groups/:id", s.staff(s.group, routing.DeedOversee))
	g.GET("/console/replies", s.staff(s.replies, routing.DeedTemplates))
	g.POST("/console/replies", s.staff(s.saveReply, routing.DeedTemplates))
	g.GET("/console/replies/:id", s.staff(s.backToReplies, routing.DeedTemplates))
	g.POST("/console/replies/:id", s.staff(s.saveReply, routing.DeedTemplates))
	g.POST("/console/replies/:id/delete", s.staff(s.deleteReply, routing.DeedTemplates))
}
