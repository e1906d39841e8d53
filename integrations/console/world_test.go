package console

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/configs"
	"jiesu/integrations/jobs"
	"jiesu/integrations/store"
	"jiesu/integrations/store/storetest"
	"jiesu/routing"
	"jiesu/routing/report"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	code := m.Run()
	endChromium()
	os.Exit(code)
}

// The people and places of the tests. All of them are invented.
const (
	password  = "correct horse 电池"
	item      = "1.1"
	lead      = "finance"
	other     = "commerce" // also a lead unit of the item
	publicURL = "https://jiesu.example"
)

// clock is set by the test.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// judge is sure of arrears, torn about invoices and at a loss about everything else. All talk of closing orders is of one matter.
type judge struct{}

func (judge) Judge(text string) routing.Judgement {
	at := func(word string, weight float64) []routing.Evidence {
		i := strings.Index(text, word)
		if i < 0 {
			return nil
		}
		start := len([]rune(text[:i]))
		return []routing.Evidence{{Text: word, Start: start, End: start + len([]rune(word)), Weight: weight}}
	}
	j := routing.Judgement{Item: routing.Other, Confidence: 0.22, Decision: routing.DecisionTriage, Model: "test"}
	switch {
	case strings.Contains(text, "拖欠"):
		j = routing.Judgement{Item: item, Unit: lead, Confidence: 0.93, Decision: routing.DecisionDispatch, Model: "test"}
		j.Evidence = append(at("拖欠", 2.4), at("工程款", 1.9)...)
	case strings.Contains(text, "发票"):
		j = routing.Judgement{Item: "2.3", Unit: "tax", Confidence: 0.48, Decision: routing.DecisionAsk, Model: "test"}
		j.Evidence = append(at("发票", 1.2), at("跑了三趟", 0.8)...)
		j.Alternatives = []routing.Alternative{{Item: "2.3", Unit: "tax", Confidence: 0.48}, {Item: "2.4", Unit: "business-environment", Confidence: 0.27},
			{Item: "1.2", Unit: "commerce", Confidence: 0.11}, {Item: routing.Other, Confidence: 0.05}}
	}
	if len(j.Alternatives) == 0 && j.Item != routing.Other {
		j.Alternatives = []routing.Alternative{{Item: item, Unit: lead, Confidence: 0.93}, {Item: "1.2", Unit: other, Confidence: 0.04}}
	}
	for _, d := range []string{"浑南区", "铁西区"} {
		if strings.Contains(text, d) {
			j.District = d
		}
	}
	if strings.Contains(text, "停业") {
		j.Matter = routing.Matter{{Hash: 1, Weight: 0.6}, {Hash: 2, Weight: 0.6}}
	}
	if j.District == "" && strings.Contains(text, "中街") {
		j.Entities = &routing.Entities{PlaceHint: "中街", PlaceDistrict: "沈河区"}
	}
	j.Thin = len([]rune(text)) < 12
	return j
}

// sheets takes a file of one line for each order; reading real ones is the importer's.
type sheets struct{ desk *routing.Desk }

func (s *sheets) Upload(ctx context.Context, actor routing.Actor, name string, content []byte) (routing.Import, error) {
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	if !strings.Contains(lines[0], "内容") {
		return routing.Import{}, &routing.InvalidError{Field: "file", Key: "error.order_file_kind"}
	}
	i := routing.Import{Name: name, Headings: strings.Split(lines[0], ","), Rows: len(lines) - 1, Mapping: routing.OrderMapping{routing.OrderText: 1}, Sample: [][]string{strings.Split(lines[1], ",")}}
	return s.desk.AddImport(ctx, actor, i, content)
}

func (s *sheets) Rejected(ctx context.Context, actor routing.Actor, id string, w io.Writer) error {
	_, lines, err := s.desk.ImportOf(ctx, actor, id, []routing.OrderOutcome{routing.OrderWrong}, 0, 10)
	for _, l := range lines {
		_, _ = io.WriteString(w, strings.Join(l.Cells, ",")+","+l.Reason+"\n")
	}
	return err
}

// heard is what operators wrote down of voice messages; what becomes of it is the bot's.
type heard struct {
	desk  *routing.Desk
	store routing.Store
	text  []string
}

func (h *heard) WriteDown(ctx context.Context, actor routing.Actor, taskID, text string) error {
	if strings.TrimSpace(text) == "" {
		return &routing.InvalidError{Field: "text", Key: "error.voice_empty"}
	}
	return h.store.Update(ctx, func(tx routing.Tx) error {
		_, err := h.desk.TakeVoiceIn(ctx, tx, actor, taskID)
		if err == nil {
			h.text = append(h.text, text)
		}
		return err
	})
}

// world is the console on a fresh database, with an account for every role.
type world struct {
	t       *testing.T
	console *Console
	engine  *gin.Engine
	db      *store.DB
	store   routing.Store
	desk    *routing.Desk
	plan    *routing.Plan
	words   routing.Wording
	live    *routing.Memory
	clock   *clock
	log     *bytes.Buffer
	jobs    queued
	voices  heard
	orders  sheets
	users   map[string]routing.User // by name: a role, or "other" for the second unit
	cookies map[string]string
	stop    func() // what cmd does when the server begins to stop
}

// passwordHash is made once: argon2id is slow on purpose.
var passwordHash = sync.OnceValues(func() (string, error) { return HashPassword(password) })

// start makes a world; change may alter the console's configuration.
func start(t *testing.T, change ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, engine: gin.New(), clock: &clock{at: time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)}, log: &bytes.Buffer{},
		users: map[string]routing.User{}, cookies: map[string]string{}}
	w.db, w.store = openStore(t, w.clock.now, &w.jobs)
	w.plan = &routing.Plan{}
	must(t, configs.Decode("plan/taxonomy.yaml", w.plan))
	var rules routing.ClockRules
	years, err := configs.DecodeCalendar[routing.CalendarYear]("")
	must(t, errors.Join(err, configs.DecodeOwn("clocks.yaml", "", &rules)))
	w.plan.Timetable, err = routing.NewTimetable(w.plan, rules, years)
	must(t, err)
	words, err := configs.Wording()
	must(t, err)
	w.words, w.live = words, routing.NewMemory(w.clock.now)
	w.plan.Routes = []routing.Route{{ID: "court", Name: "法院诉讼服务", Phone: "12368", When: "已经起诉或判决的案件"}}
	w.plan.Asks, err = routing.NewAsks(words)
	must(t, err)
	w.desk = routing.NewDesk(w.store, w.plan, w.live, w.clock.now).WithBurst(routing.Burst{Complainants: 3, Within: time.Hour}).WithReturns(90 * 24 * time.Hour)
	stopping := make(chan struct{})
	w.stop = sync.OnceFunc(func() { close(stopping) })
	t.Cleanup(w.stop)
	w.orders = sheets{desk: w.desk}
	w.voices = heard{desk: w.desk, store: w.store}
	c := Config{Store: w.store, SampleSize: 50, Desk: w.desk, Judge: judge{}, Voices: &w.voices, Orders: &w.orders, Press: report.NewPress(w.store, w.plan, w.words, w.clock.now), Wording: w.words, Plan: w.plan, Live: w.live, Now: w.clock.now,
		Logger: slog.New(slog.NewTextHandler(&locked{w: w.log}, nil)), SessionIdle: time.Hour, SessionAbsolute: 12 * time.Hour, MaxFailures: 3,
		LockFor: 15 * time.Minute, PublicURL: publicURL, Stopping: stopping}
	for _, f := range change {
		f(&c)
	}
	w.console, err = New(c)
	must(t, err)
	w.console.Routes(w.engine)
	for _, r := range routing.StaffRoles() {
		w.addUser(string(r), r, map[bool]string{true: lead}[r == routing.RoleUnit])
	}
	w.addUser("other", routing.RoleUnit, other)
	return w
}

// fresh makes the databases of all tests, with the queue's tables.
var fresh = storetest.Fresh{Key: "a key for tests, long enough to be one", More: func(ctx context.Context, db *store.DB) error {
	return jobs.Migrate(ctx, db.Write(), jobs.SQLite)
}}

// queued is the jobs that were enqueued.
type queued struct {
	mu   sync.Mutex
	list []routing.Job
}

func (q *queued) add(j routing.Job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, j)
}

func (q *queued) last() routing.Job {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.list[len(q.list)-1]
}

// openStore opens a fresh database.
func openStore(t *testing.T, now func() time.Time, enqueued *queued) (*store.DB, routing.Store) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{URL: fresh.SQLite(t), Key: fresh.Key, Now: now, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	queue, err := jobs.NewQueue(db.Write(), jobs.SQLite)
	must(t, err)
	s := store.New(db, func(ctx context.Context, tx *sql.Tx, j routing.Job) error {
		enqueued.add(j)
		return queue.Enqueue(ctx, tx, j)
	})
	t.Cleanup(func() { must(t, s.Close()) })
	return db, s
}

// locked lets concurrent requests log.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (w *world) addUser(name string, r routing.Role, unit string) {
	w.t.Helper()
	hash, err := passwordHash()
	must(w.t, err)
	u := routing.User{ID: routing.NewID(), Name: name, Role: r, Unit: unit, Hash: hash, CreatedAt: w.clock.now()}
	w.update(func(ctx context.Context, tx routing.Tx) error { return tx.InsertUser(ctx, u) })
	w.users[name] = u
}

func (w *world) update(fn func(ctx context.Context, tx routing.Tx) error) {
	w.t.Helper()
	must(w.t, w.store.Update(w.t.Context(), func(tx routing.Tx) error { return fn(w.t.Context(), tx) }))
}

// cookie signs the user in without the form, whose work is tested by itself.
func (w *world) cookie(name string) string {
	w.t.Helper()
	if token, ok := w.cookies[name]; ok {
		return token
	}
	token, now := routing.NewToken(), w.clock.now()
	session := routing.Session{Hash: digest(token), UserID: w.users[name].ID, CreatedAt: now, SeenAt: now}
	w.update(func(ctx context.Context, tx routing.Tx) error { return tx.InsertSession(ctx, session) })
	w.cookies[name] = token
	return token
}

// answer is a response.
type answer struct {
	*httptest.ResponseRecorder
	t    *testing.T
	body string
}

// do sends a request as the user, "" for nobody; header is name, value, …
func (w *world) do(user, method, path string, form url.Values, header ...string) answer {
	w.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequestWithContext(w.t.Context(), method, path, body)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if user != "" {
		r.AddCookie(&http.Cookie{Name: cookieName, Value: w.cookie(user)})
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	w.engine.ServeHTTP(rec, r)
	return answer{rec, w.t, rec.Body.String()}
}

func (w *world) get(user, path string) answer {
	w.t.Helper()
	return w.do(user, http.MethodGet, path, nil)
}

// post sends a form of name, value, …; a name may come twice.
func (w *world) post(user, path string, fields ...string) answer {
	w.t.Helper()
	return w.do(user, http.MethodPost, path, formOf(fields...))
}

// upload posts a body of another kind than the usual forms.
func (w *world) upload(user, path, contentType, body string) answer {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	if user != "" {
		r.AddCookie(&http.Cookie{Name: cookieName, Value: w.cookie(user)})
	}
	rec := httptest.NewRecorder()
	w.engine.ServeHTTP(rec, r)
	return answer{rec, w.t, rec.Body.String()}
}

// postFiles posts a form of name, value, … with files.
func (w *world) postFiles(user, path string, files []string, fields ...string) answer {
	w.t.Helper()
	var b strings.Builder
	form := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		must(w.t, form.WriteField(fields[i], fields[i+1]))
	}
	for _, content := range files {
		part, err := form.CreateFormFile("files", "张三的材料.png") // a name says who sends it: it is not kept
		must(w.t, err)
		_, err = io.WriteString(part, content)
		must(w.t, err)
	}
	must(w.t, form.Close())
	return w.upload(user, path, form.FormDataContentType(), b.String())
}

func formOf(fields ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		v.Add(fields[i], fields[i+1])
	}
	return v
}

// want checks the status and that the page shows every text.
func (a answer) want(status int, texts ...string) answer {
	a.t.Helper()
	if a.Code != status {
		a.t.Fatalf("status %d, want %d:\n%s", a.Code, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			a.t.Errorf("the page doesn't show %q:\n%s", text, a.body)
		}
	}
	return a
}

// lacks checks that none of the texts is anywhere in the page.
func (a answer) lacks(texts ...string) answer {
	a.t.Helper()
	for _, text := range texts {
		if strings.Contains(a.body, text) {
			a.t.Errorf("the page shows %q:\n%s", text, a.body)
		}
	}
	return a
}

// to checks that the answer leads to the address.
func (a answer) to(address string) answer {
	a.t.Helper()
	if got := a.Header().Get("Location"); a.Code != http.StatusSeeOther || got != address {
		a.t.Fatalf("%d to %q, want 303 to %q:\n%s", a.Code, got, address, a.body)
	}
	return a
}

// complaint is what most cases are about.
const complaint = "我公司在铁西区做外墙保温，工程款三十八万被拖欠两年，去过三次都说等等。"

// caller is who most cases are from. No test may find any of it where it must not be.
var caller = routing.Contact{Enterprise: "辽河春晓保温工程有限公司", Name: "欧阳试之", Phone: "13800138000"}

// file files a complaint by telephone; change may alter it.
func (w *world) file(change ...func(*routing.Complaint)) routing.Case {
	w.t.Helper()
	c := routing.Complaint{Text: complaint, Channel: routing.ChannelHotline, Contact: caller}
	for _, f := range change {
		f(&c)
	}
	if c.Judgement.Item == "" {
		c.Judgement = judge{}.Judge(c.Text)
	}
	filed, _, err := w.desk.File(w.t.Context(), w.actor("operator"), c)
	must(w.t, err)
	return filed
}

func confidential(c *routing.Complaint) { c.Confidential = true }

func unsure(c *routing.Complaint) {
	c.Text = "开发票跑了三趟，窗口每次说法都不一样，浑南区。"
}

func (w *world) actor(user string) routing.Actor {
	if user == "complainant" {
		return routing.Actor{Role: routing.RoleComplainant}
	}
	return w.users[user].Actor()
}

// act takes steps on the case as the user ("complainant" for the one whose case it is).
func (w *world) act(user, number string, steps ...routing.Step) {
	w.t.Helper()
	for _, step := range steps {
		actor := w.actor(user)
		if user == "complainant" {
			actor.ID = w.load(number).ComplainantID
		}
		if _, err := w.desk.Act(w.t.Context(), actor, number, step); err != nil {
			w.t.Fatalf("%s by %s: %v", step.Action, user, err)
		}
		w.clock.add(time.Minute)
	}
}

func step(a routing.Action, note string) routing.Step { return routing.Step{Action: a, Note: note} }

// load is the case as it is stored.
func (w *world) load(number string) routing.Case {
	w.t.Helper()
	c, err := w.store.Case(w.t.Context(), number)
	must(w.t, err)
	return c
}

// at brings a fresh case to the state.
func (w *world) at(state routing.State, change ...func(*routing.Complaint)) routing.Case {
	w.t.Helper()
	if state == routing.StateTriage || state == routing.StateNotAccepted {
		change = append(change, unsure)
	}
	c := w.file(change...)
	sign, reply := step(routing.ActionSign, ""), step(routing.ActionReply, "款项已列入本月拨付计划。")
	switch state {
	case routing.StateSigned:
		w.act("unit", c.Number, sign)
	case routing.StateRefused:
		w.act("unit", c.Number, step(routing.ActionRefuse, "不属于本单位职责。"))
	case routing.StateReplied:
		w.act("unit", c.Number, sign, reply)
	case routing.StateClosed:
		w.act("unit", c.Number, sign, reply, step(routing.ActionClose, ""))
	case routing.StateStruckOff:
		w.act("unit", c.Number, sign, reply, step(routing.ActionClose, ""))
		w.act("office", c.Number, step(routing.ActionStrikeOff, ""))
	case routing.StateWithdrawn:
		w.act("complainant", c.Number, step(routing.ActionWithdraw, ""))
	case routing.StateTransferred:
		w.act("office", c.Number, step(routing.ActionTransfer, "转省里办理。"))
	case routing.StateNotAccepted:
		w.act("office", c.Number, step(routing.ActionNotAccept, "请向法院起诉。"))
	}
	return w.load(c.Number)
}

// lastEvent is the newest entry of the timeline.
func (w *world) lastEvent(number string) routing.Event {
	w.t.Helper()
	all, err := w.store.Events(w.t.Context(), number)
	must(w.t, err)
	return all[len(all)-1]
}

// attach stores evidence of the case.
func (w *world) attach(c routing.Case, kind, contentType string, content []byte) string {
	w.t.Helper()
	a := routing.Attachment{ID: routing.NewID(), ComplainantID: c.ComplainantID, CaseNumber: c.Number, Kind: kind, ContentType: contentType,
		Size: int64(len(content)), State: routing.AttachmentStored, At: w.clock.now()}
	w.update(func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.InsertAttachment(ctx, a), tx.PutAttachmentContent(ctx, a.ID, content))
	})
	return a.ID
}

func (w *world) addTask(kind routing.TaskKind, c routing.Case, note string) routing.Task {
	w.t.Helper()
	w.clock.add(time.Minute)
	w.update(func(ctx context.Context, tx routing.Tx) error {
		t := routing.Task{Kind: kind, CaseNumber: c.Number, ComplainantID: c.ComplainantID, Note: note}
		if kind == routing.TaskChat {
			return w.desk.HandOverIn(ctx, tx, t, "")
		}
		return w.desk.AddTaskIn(ctx, tx, t)
	})
	open, err := w.store.OpenTasks(w.t.Context(), 100)
	must(w.t, err)
	return open[len(open)-1]
}

func casePath(c routing.Case, more ...string) string {
	return strings.Join(append([]string{"/console/cases/" + c.Number}, more...), "/")
}

var numberPattern = regexp.MustCompile(`JS\d{8}-\d{6}`)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// serve puts the world on a real server.
func (w *world) serve() *httptest.Server {
	w.t.Helper()
	server := httptest.NewServer(w.engine)
	w.t.Cleanup(func() {
		w.stop()
		server.Close()
	})
	return server
}
