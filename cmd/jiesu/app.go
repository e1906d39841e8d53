package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"jiesu/bot"
	"jiesu/configs"
	"jiesu/integrations/console"
	"jiesu/integrations/hotline"
	"jiesu/integrations/hotline/sms"
	"jiesu/integrations/jobs"
	"jiesu/integrations/openapi"
	"jiesu/integrations/openapi/open311"
	"jiesu/integrations/openapi/webhooks"
	"jiesu/integrations/redis"
	"jiesu/integrations/wechat"
	"jiesu/routing"
	"jiesu/routing/report"
)

// drain is how long a stopping server waits for requests, callbacks and jobs that have begun.
const drain = 15 * time.Second

// paperBeat is how often is looked whether papers are due, which is after midnight on Mondays and on the first of a month and a quarter.
const paperBeat = 10 * time.Minute

// app is the running product: built from top to bottom by newApp, stopped in the opposite order by Run.
type app struct {
	cfg   configs.Config
	does  role
	w     world
	now   func() time.Time
	log   *slog.Logger
	plan  *routing.Plan
	words routing.Wording

	db       *database
	live     routing.Volatile
	closing  []func() error // after everything has stopped, last one first
	doors    []bot.Door
	desk     *routing.Desk
	judge    *judge
	intake   *bot.Intake
	press    *report.Press
	client   *wechat.Client // nil without an official account
	uploads  *hotline.Uploads
	carrier  sms.Sender // of text messages; nil without one
	callback *wechat.Callback
	runner   *jobs.Runner
	metrics  *prometheus.Registry
	tracer   trace.Tracer
	engine   *gin.Engine
	stopping chan struct{}
	sandbox  bool
}

// newApp builds the product on the configuration. Nothing runs yet; on an error nothing is left open.
func newApp(ctx context.Context, cfg configs.Config, w world, does role, sandbox bool) (_ *app, err error) {
	a := &app{cfg: cfg, does: does, w: w, now: w.now, log: newLogger(w.stderr, cfg.Log), metrics: newMetrics(), stopping: make(chan struct{}), sandbox: sandbox}
	if a.now == nil {
		a.now = clock
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	for _, step := range []func(context.Context) error{a.loadData, a.buildTracing, a.openState, a.buildSMS, a.buildDomain, a.buildWeChat, a.buildJobs, a.buildHTTP} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *app) loadData(context.Context) (err error) {
	if a.plan, err = loadPlan(); err != nil {
		return err
	}
	if a.plan.Timetable, err = loadTimetable(a.plan, a.cfg.Clocks); err != nil {
		return err
	}
	if a.words, err = loadWording(); err != nil {
		return err
	}
	if a.doors, err = loadDoors(); err != nil {
		return err
	}
	return addLife(a.plan, a.doors, a.words)
}

// openState opens the database and what may vanish.
func (a *app) openState(ctx context.Context) (err error) {
	if a.db, err = openDatabase(ctx, a.cfg, a.now, a.log); err != nil {
		return err
	}
	a.closing = append(a.closing, a.db.Close)
	a.live = routing.NewMemory(a.now)
	if url := a.cfg.RedisURL.Reveal(); url != "" {
		shared, err := redis.New(url, a.log)
		if err != nil {
			return err
		}
		a.closing = append(a.closing, shared.Close)
		a.live = shared
		if err := shared.Ping(ctx); err != nil {
			a.log.WarnContext(ctx, "Redis does not answer: screens are not live, and limits are not shared, until it does", "error", err)
		}
	}
	return nil
}

func (a *app) buildDomain(context.Context) (err error) {
	if a.judge, err = newJudge(a.cfg.Classifier, a.log); err != nil {
		return err
	}
	a.desk = newDesk(a.cfg, a.db.store, a.plan, a.live, a.now)
	a.press = report.NewPress(a.db.store, a.plan, a.words, a.now)
	a.intake, err = bot.NewIntake(bot.Config{Store: a.db.store, Desk: a.desk, Judge: a.judge, Wording: a.words, Doors: a.doors,
		Pace:  bot.Pace{Remind: a.cfg.Dialogue.RemindAfter, Close: a.cfg.Dialogue.CloseAfter},
		Codes: a.sendsCodes(), PageURL: a.publicURL() + "/p/", PrivacyURL: a.publicURL() + console.PrivacyPath, Now: a.now, Logger: a.log,
		Live: a.live, PerMinute: a.cfg.Dialogue.PerMinute, Span: span})
	return err
}

// newDesk returns the desk as the configuration, which is valid, wants it.
func newDesk(cfg configs.Config, store routing.Store, plan *routing.Plan, live routing.Volatile, now func() time.Time) *routing.Desk {
	return routing.NewDesk(store, plan, live, now).WithBurst(routing.Burst{Complainants: cfg.Repeats.Burst, Within: cfg.Repeats.Within}).
		WithSurvey(surveyRules(cfg.Evaluation)).WithReturns(time.Duration(cfg.Ledger.ReturnedDays) * 24 * time.Hour).
		WithHandover(handoverRules(cfg.Handover)).WithRetention(routing.Retention(cfg.Retention)).WithOutside(cfg.Outside.Statuses)
}

// awake is how long ago an operator's screen may have said that it is open: its stream does every 25 seconds.
const awake = 90 * time.Second

func handoverRules(h configs.Handover) routing.HandoverRules {
	r := routing.HandoverRules{Wait: h.Wait, Answer: h.Answer, Idle: h.Idle, Chats: h.Chats, Awake: awake}
	for _, text := range h.Spans() {
		var s routing.WorkSpan
		if s.UnmarshalText([]byte(text)) == nil { // checked with the configuration
			r.Hours = append(r.Hours, s)
		}
	}
	return r
}

// buildWeChat builds both directions of the official account, if one is configured.
func (a *app) buildWeChat(context.Context) (err error) {
	wc := a.cfg.WeChat
	if !wc.Configured() {
		a.log.Warn("no official account is configured: the WeChat channel is off")
		return nil
	}
	a.client = newWeChatClient(wc, a.live, a.now, a.log)
	a.callback, err = wechat.NewCallback(wechat.CallbackConfig{
		AppID: wc.AppID, Token: wc.Token.Reveal(), AESKey: wc.AESKey.Reveal(), AESKeyPrevious: wc.AESKeyPrevious.Reveal(),
		Deadline: a.cfg.Dialogue.CallbackDeadline, MaxWorking: a.cfg.Dialogue.MaxWorking, Now: a.now, Logger: a.log, Registerer: a.metrics,
	}, a.intake)
	return err
}

// ladder lists the channels of notices in the order they are tried; jobs adds the call-back task at its end.
func (a *app) ladder() []routing.Messenger {
	return append(a.wechatLadder(), a.smsLadder()...)
}

func (a *app) wechatLadder() []routing.Messenger {
	if a.client == nil {
		return nil
	}
	templates := map[string]wechat.Template{}
	for kind, t := range a.cfg.WeChat.Templates {
		templates[kind] = wechat.Template(t)
	}
	return []routing.Messenger{
		wechat.NewTemplateMessenger(a.client, templates, a.plan, a.words, a.now),
		wechat.NewCustomerMessenger(a.client, a.db.store, a.now, a.log),
	}
}

// Run serves on the listener until ctx ends, then drains: intake first, then requests, then jobs, then the database.
func (a *app) Run(ctx context.Context, l net.Listener) error {
	a.warnOfCalendar()
	server := &http.Server{Handler: a.engine, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	if a.does != roleWeb {
		g.Go(func() error { return a.runner.Run(work) })
	}
	g.Go(func() error {
		a.judge.watch(gctx)
		return nil
	})
	g.Go(func() error {
		a.db.watchKeys(gctx, a.log)
		return nil
	})
	g.Go(func() error {
		if a.does != roleWorker {
			a.publishMenu(gctx)
		}
		return nil
	})
	g.Go(func() error {
		<-gctx.Done()
		defer stopWork()
		return a.stop(server)
	})
	return errors.Join(g.Wait(), a.close())
}

func (a *app) stop(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	close(a.stopping)
	err := server.Shutdown(ctx)
	if err != nil { // somebody holds a connection open without end
		err = errors.Join(err, server.Close())
	}
	if a.callback != nil {
		err = errors.Join(err, a.callback.Wait(ctx))
	}
	if err != nil {
		return fmt.Errorf("drain: %w", err)
	}
	return nil
}

func (a *app) close() error {
	var errs []error
	for i := len(a.closing) - 1; i >= 0; i-- {
		errs = append(errs, a.closing[i]())
	}
	a.closing = nil
	return errors.Join(errs...)
}

// publicURL is how browsers reach us, without a slash at the end.
func (a *app) publicURL() string { return strings.TrimRight(a.cfg.PublicURL, "/") }

// secure reports whether browsers reach us by https.
func (a *app) secure() bool { return strings.HasPrefix(a.cfg.PublicURL, "https://") }

func (a *app) buildJobs(context.Context) (err error) {
	clocks, err := jobs.NewClocks(a.desk, a.log, a.metrics)
	if err != nil {
		return err
	}
	surveys, err := jobs.NewSurveys(a.desk, a.words, a.log, a.metrics)
	if err != nil {
		return err
	}
	rules, err := loadOrderRules()
	if err != nil {
		return err
	}
	a.uploads = &hotline.Uploads{Importer: hotline.Importer{Desk: a.desk, Judge: a.judge, Rules: rules, Wording: a.words, Now: a.now}, Store: a.db.store,
		Logger: a.log, Stretch: a.cfg.Jobs.Timeout / 2}
	chats, err := jobs.NewChats(a.desk, a.words, a.log, a.metrics)
	if err != nil {
		return err
	}
	allowed, err := a.networks()
	if err != nil {
		return err
	}
	hooks, err := webhooks.New(webhooks.Config{Store: a.db.store, Desk: a.desk, Allowed: allowed, Now: a.now, Logger: a.log,
		Version: version, Registerer: a.metrics, Plan: a.plan, Wording: a.words, PublicURL: a.cfg.PublicURL})
	if err != nil {
		return err
	}
	a.runner, err = jobs.NewRunner(jobs.Config{
		DB: a.db.Write(), Dialect: jobs.Dialect(a.db.Dialect()), PostgresURL: a.cfg.DatabaseURL.Reveal(), Store: a.db.store, Desk: a.desk,
		Wording: a.words, Ladder: a.ladder(), Media: a.media(), Hooks: hooks, Imports: a.uploads,
		Periodic: []jobs.Periodic{{Name: "sweep_dialogues", Every: time.Minute, Run: a.intake.Sweep},
			{Name: "resume_messages", Every: 10 * time.Second, Run: a.intake.Resume},
			{Name: "gather_incidents", Every: 10 * time.Second, Run: a.desk.Gather},
			{Name: "tick_clocks", Every: time.Minute, Run: clocks.Tick},
			{Name: "watch_conversations", Every: 30 * time.Second, Run: chats.Watch},
			{Name: "forget_imports", Every: time.Hour, Run: a.desk.ForgetImports},
			{Name: "forget_sign_ins", Every: time.Hour, Run: a.forgetSignIns},
			{Name: "forget_people", Every: time.Hour, Run: a.desk.Forget},
			{Name: "forget_looks", Every: 12 * time.Hour, Run: a.desk.ForgetLooks},
			{Name: "forget_messages", Every: time.Hour, Run: a.desk.ForgetInbound},
			{Name: "forget_webhooks", Every: time.Hour, Run: a.desk.ForgetHooks},
			{Name: "follow_up_surveys", Every: 5 * time.Minute, Run: surveys.FollowUp},
			{Name: "seal_days", Every: time.Hour, Run: a.db.SealDays},
			{Name: "make_months", Every: 12 * time.Hour, Run: a.db.MakeMonths},
			{Name: "make_papers", Every: paperBeat, Run: a.press.MakeDue}},
		Workers: a.cfg.Jobs.Workers, FetchCooldown: a.cfg.Jobs.FetchCooldown, Timeout: a.cfg.Jobs.Timeout, RescueAfter: a.cfg.Jobs.RescueAfter,
		PublicURL: a.publicURL(), Now: a.now, Logger: a.log, Registerer: a.metrics, Tracer: a.tracer,
	})
	return err
}

// forgetSignIns drops sign-ins that have ended by their age, browsers that are no longer known, and wrong passwords that count no more.
func (a *app) forgetSignIns(ctx context.Context) error {
	now := a.now()
	return a.db.store.Update(ctx, func(tx routing.Tx) error {
		return errors.Join(tx.ForgetSessions(ctx, now.Add(-a.cfg.Session.Absolute)), tx.ForgetBrowsers(ctx, now.Add(-console.KnownFor)),
			tx.ForgetGuesses(ctx, now.Add(-max(24*time.Hour, a.cfg.Login.LockFor))))
	})
}

// networks are those that webhooks may go to though they aren't public; in the demonstration also this machine.
func (a *app) networks() ([]netip.Prefix, error) {
	list, err := a.cfg.Webhooks.Networks()
	if a.sandbox {
		list = append(list, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
	}
	return list, err
}

func (a *app) buildHTTP(context.Context) error {
	a.engine = gin.New()
	// Only a proxy on this machine is believed when it says who asks; limits by address would otherwise be for the asking.
	if err := a.engine.SetTrustedProxies([]string{"127.0.0.1", "::1"}); err != nil {
		return fmt.Errorf("set trusted proxies: %w", err)
	}
	a.engine.Use(a.recovered, hurry)
	a.healthRoutes(a.engine)
	a.engine.Use(a.traced) // probes, which come every few seconds, are no requests of anybody
	if a.does == roleWorker {
		return nil
	}
	a.engine.GET("/", func(c *gin.Context) { c.Redirect(http.StatusFound, a.home()) })
	if a.callback != nil {
		a.callback.Routes(a.engine)
	}
	api, err := openapi.New(openapi.Config{Store: a.db.store, Desk: a.desk, Judge: a.judge, Wording: a.words, Live: a.live, Now: a.now,
		Logger: a.log, Version: version, PublicURL: a.cfg.PublicURL, OutsideSecret: a.cfg.Outside.Secret.Reveal()})
	if err != nil {
		return err
	}
	api.Routes(a.engine)
	a.smsRoutes()
	reports, err := open311.New(open311.Config{Store: a.db.store, Desk: a.desk, Judge: a.judge, Wording: a.words, Live: a.live, Now: a.now, Logger: a.log,
		Jurisdiction: a.cfg.Open311.Jurisdiction, Contact: a.cfg.Open311.Contact, PublicURL: a.publicURL(), Test: a.sandbox})
	if err != nil {
		return err
	}
	reports.Routes(a.engine)
	cards, err := configs.KnowledgeCards(a.cfg.Knowledge.Folder)
	if err != nil {
		return err
	}
	desks, err := console.New(console.Config{Knowledge: cards, Store: a.db.store, Desk: a.desk, Judge: a.judge, Press: a.press, Voices: a.intake, Orders: a.uploads, Codes: a.sendsCodes(), SampleSize: a.cfg.Evaluation.Sample, Retention: routing.Retention(a.cfg.Retention), Wording: a.words, Plan: a.plan, Live: a.live,
		Now: a.now, Logger: a.log, SessionIdle: a.cfg.Session.Idle, SessionAbsolute: a.cfg.Session.Absolute,
		MaxFailures: a.cfg.Login.MaxFailures, LockFor: a.cfg.Login.LockFor, SecondFactor: a.secondFactor(), Provider: a.provider(), Secure: a.secure(), PublicURL: a.cfg.PublicURL,
		Sandbox: a.sandbox, QR: a.qr(), Stopping: a.stopping})
	if err != nil {
		return err
	}
	desks.Routes(a.engine)
	return nil
}

// secondFactor are the roles that need one. The demonstration's passwords are known to everybody, so there it would protect nothing.
func (a *app) secondFactor() (roles []routing.Role) {
	if a.sandbox {
		return nil
	}
	for _, r := range a.cfg.Login.Roles() {
		roles = append(roles, routing.Role(r))
	}
	return roles
}

// provider is where staff have accounts already, nil for nowhere.
func (a *app) provider() *console.Provider {
	o := a.cfg.OIDC
	if o.Issuer == "" {
		return nil
	}
	return console.NewProvider(o.Name, o.Issuer, o.ClientID, o.Secret.Reveal(), a.publicURL())
}

func (a *app) home() string {
	if a.sandbox {
		return "/sandbox"
	}
	return "/console"
}
