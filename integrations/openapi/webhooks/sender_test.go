package webhooks

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"jiesu/configs"
	"jiesu/integrations/store"
	"jiesu/integrations/store/storetest"
	"jiesu/routing"
)

// world is a desk with an endpoint, whose jobs the test works by a clock of its own.
type world struct {
	t        *testing.T
	now      time.Time
	desk     *routing.Desk
	sender   *Sender
	endpoint routing.Endpoint
	secret   string
	due      map[string]time.Time // jobs by webhook id
	order    []string             // in which they were enqueued
	receiver *receiver
}

// receiver is somebody else's server. It checks what it gets by the reference library.
type receiver struct {
	mu      sync.Mutex
	t       *testing.T
	secrets []string
	answer  func(w http.ResponseWriter, r *http.Request)
	got     []got
}

type got struct {
	id, kind string
	seq      int64
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		r.t.Error(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, secret := range r.secrets {
		wh, err := standard.NewWebhook(secret)
		if err != nil {
			r.t.Error(err)
			continue
		}
		if err := wh.VerifyIgnoringTimestamp(body, q.Header); err != nil {
			r.t.Errorf("signature: %v", err)
		}
	}
	var said struct {
		Type string
		Data struct{ Seq int64 }
	}
	if err := json.Unmarshal(body, &said); err != nil {
		r.t.Errorf("%v: %s", err, body)
	}
	if r.answer != nil {
		r.answer(w, q)
		return
	}
	r.got = append(r.got, got{q.Header.Get("webhook-id"), said.Type, said.Data.Seq})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var admin = routing.Actor{Role: routing.RoleAdmin, ID: "a", Name: "管理员"}

var fresh = storetest.Fresh{Key: "a key for tests, long enough to be one"}

func start(t *testing.T, format routing.HookFormat) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC), due: map[string]time.Time{}, receiver: &receiver{t: t}}
	now := func() time.Time { return w.now }
	db, err := store.Open(t.Context(), store.Options{URL: fresh.SQLite(t), Key: fresh.Key, Now: now,
		Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	st := store.New(db, func(_ context.Context, _ *sql.Tx, j routing.Job) error {
		if j.Kind == routing.JobHook {
			w.due[j.ID] = w.now
			w.order = append(w.order, j.ID)
		}
		return nil
	})
	t.Cleanup(func() { must(t, st.Close()) })
	plan := &routing.Plan{}
	must(t, configs.Decode("plan/taxonomy.yaml", plan))
	words, err := configs.Wording()
	must(t, err)
	w.desk = routing.NewDesk(st, plan, routing.NewMemory(now), now)
	w.sender, err = New(Config{Store: st, Desk: w.desk, Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Now: now, Logger: slog.New(slog.DiscardHandler),
		Plan: plan, Wording: words, PublicURL: "https://jiesu.example"})
	must(t, err)
	server := httptest.NewServer(w.receiver)
	t.Cleanup(server.Close)
	w.endpoint, err = w.desk.AddEndpoint(t.Context(), admin, routing.Endpoint{Name: "市数据局", URL: server.URL, Format: format})
	must(t, err)
	w.secret = w.endpoint.Secrets[0]
	w.receiver.secrets = w.endpoint.Secrets
	return w
}

// file files a case and takes it three steps on.
func (w *world) file() string {
	w.t.Helper()
	c, _, err := w.desk.File(w.t.Context(), routing.Actor{Role: routing.RoleOperator, ID: "o"}, routing.Complaint{Text: "拖欠工程款", Channel: routing.ChannelHotline,
		Contact:   routing.Contact{Enterprise: "虚构建筑有限公司", Phone: "13800001234"},
		Judgement: routing.Judgement{Item: "1.1", Unit: "finance", Decision: routing.DecisionDispatch}})
	must(w.t, err)
	unit := routing.Actor{Role: routing.RoleUnit, Unit: "finance", ID: "u"}
	for _, s := range []routing.Step{{Action: routing.ActionSign}, {Action: routing.ActionProgress, Note: "在办"}, {Action: routing.ActionReply, Note: "已付"}} {
		_, err := w.desk.Act(w.t.Context(), unit, c.Number, s)
		must(w.t, err)
	}
	return c.Number
}

// run works jobs as they come due, for so long by the test's clock.
func (w *world) run(long time.Duration) {
	w.t.Helper()
	end := w.now.Add(long)
	for {
		next, id := end, ""
		for _, candidate := range w.order {
			if at, open := w.due[candidate]; open && (at.Before(next) || at.Equal(next) && id == "") {
				next, id = at, candidate
			}
		}
		if id == "" {
			w.now = end
			return
		}
		if next.After(w.now) {
			w.now = next
		}
		delete(w.due, id)
		wait, err := w.sender.Send(w.t.Context(), id)
		must(w.t, err)
		if wait > 0 {
			w.due[id] = w.now.Add(wait)
		}
	}
}

// check wants every event of the cases once by its id, in order for each case.
func (w *world) check(cases int) {
	w.t.Helper()
	last, ids := int64(0), map[string]bool{}
	seqs := map[int64]int{}
	for _, g := range w.receiver.got {
		if ids[g.id] {
			w.t.Errorf("%s came twice", g.id)
		}
		ids[g.id] = true
		seqs[g.seq]++
		if cases == 1 && g.seq <= last {
			w.t.Errorf("%d comes after %d", g.seq, last)
		}
		last = g.seq
	}
	for seq := range int64(4) {
		if seqs[seq+1] != cases {
			w.t.Errorf("event %d came %d times from %d cases: %v", seq+1, seqs[seq+1], cases, w.receiver.got)
		}
	}
}

func TestEveryEventIsToldOnceAndInOrder(t *testing.T) {
	t.Parallel()
	for _, format := range []routing.HookFormat{routing.HookStandard, routing.HookCloudEvents} {
		w := start(t, format)
		w.file()
		slices.Reverse(w.order) // workers take jobs in any order
		w.run(time.Minute)
		w.check(1)
		if kind := w.receiver.got[3].kind; kind != "case.reply" && kind != "jiesu.case.reply" {
			t.Errorf("type %s", kind)
		}
	}
}

func TestAReceiverInTroubleLosesNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request)
		status int
	}{
		{"fails", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, 500},
		{"redirects", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }, 302},
		{"asks for time", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7200")
			w.WriteHeader(429)
		}, 429},
		{"cuts the line", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := start(t, routing.HookStandard)
			w.receiver.answer = tt.answer
			w.file()
			w.file()
			w.run(time.Hour)
			log, err := w.desk.Hooks(t.Context(), admin, routing.HookQuery{Endpoint: w.endpoint.ID, States: []routing.HookState{routing.HookPending}})
			must(t, err)
			if len(log) != 8 || len(w.receiver.got) != 0 {
				t.Fatalf("%d wait, %d were taken", len(log), len(w.receiver.got))
			}
			tried := log[slices.IndexFunc(log, func(h routing.Hook) bool { return h.Attempts > 0 })]
			if tried.Status != tt.status || tried.Error == "" {
				t.Errorf("%+v", tried)
			}
			if tt.status == 429 && tried.Attempts != 1 {
				t.Errorf("it was asked for two hours, and tried %d times in one", tried.Attempts)
			}
			w.receiver.mu.Lock()
			w.receiver.answer = nil
			w.receiver.mu.Unlock()
			w.run(24 * time.Hour)
			w.check(2)
		})
	}
}

func TestTwoDaysOfDeathLoseNothing(t *testing.T) {
	t.Parallel()
	w := start(t, routing.HookStandard)
	w.receiver.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }
	w.file()
	w.run(48 * time.Hour)
	w.receiver.answer = nil
	w.run(48 * time.Hour)
	w.check(1)
}

func TestAnEndpointThatIsGoneOrNeverAnswersIsTurnedOffAndGetsEverythingWhenOnAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		within time.Duration
		why    routing.HookOff
		missed int // given up
	}{{http.StatusGone, time.Minute, routing.HookOffGone, 0}, {http.StatusInternalServerError, 5 * 24 * time.Hour, routing.HookOffFailed, 1}} {
		w := start(t, routing.HookStandard)
		w.receiver.answer = func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(tt.status) }
		w.file()
		w.run(tt.within)
		list, err := w.desk.Endpoints(t.Context(), admin)
		must(t, err)
		if list[0].OffWhy != tt.why || list[0].OffSince.IsZero() || len(w.due) > 0 {
			t.Fatalf("%d: %+v, %d jobs left", tt.status, list[0], len(w.due))
		}
		w.file() // waits: an endpoint that is off is told nothing new
		w.receiver.answer = nil
		on := true
		_, err = w.desk.ChangeEndpoint(t.Context(), admin, w.endpoint.ID, routing.EndpointChange{On: &on})
		must(t, err)
		w.run(time.Minute)
		if n := len(w.receiver.got); n != 4-tt.missed {
			t.Errorf("%d: %d came: %v", tt.status, n, w.receiver.got)
		}
		must(t, w.desk.Replay(t.Context(), admin, w.endpoint.ID, time.Time{}))
		w.run(time.Minute)
		if n := len(w.receiver.got); n != 8-tt.missed {
			t.Errorf("replayed: %d came", n)
		}
	}
}

func TestWhileASecretIsRotatedBothSign(t *testing.T) {
	t.Parallel()
	w := start(t, routing.HookStandard)
	changed, err := w.desk.ChangeEndpoint(t.Context(), admin, w.endpoint.ID, routing.EndpointChange{Rotate: true})
	must(t, err)
	w.receiver.secrets = []string{w.secret, changed.Secrets[0]} // the receiver may know either
	w.file()
	w.run(time.Minute)
	w.check(1)
	_, err = w.desk.ChangeEndpoint(t.Context(), admin, w.endpoint.ID, routing.EndpointChange{Drop: true})
	must(t, err)
	w.receiver.secrets, w.receiver.got = []string{changed.Secrets[0]}, nil
	w.file()
	w.run(time.Minute)
	w.check(1)
}

// The vector that every library of the standard has.
func TestTheStandardsVector(t *testing.T) {
	t.Parallel()
	got, err := Sign([]string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if err != nil || got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := Sign([]string{"whsec_%"}, "msg_1", time.Unix(0, 0), nil); err == nil {
		t.Error("a secret that is none signs")
	}
}

func TestNothingInsideIsCalled(t *testing.T) {
	t.Parallel()
	g := guard{closed(), []netip.Prefix{netip.MustParsePrefix("10.1.2.0/24")}}
	for address, open := range map[string]bool{
		"127.0.0.1:80": false, "127.8.9.1:443": false, "0.0.0.0:80": false, "10.0.0.1:80": false, "10.1.2.3:80": true, "172.16.0.1:80": false, "172.32.0.1:80": true,
		"192.168.1.1:80": false, "169.254.169.254:80": false, "100.64.0.1:80": false, "[::1]:80": false, "[::ffff:127.0.0.1]:80": false, "[::ffff:169.254.169.254]:80": false,
		"[fd00::1]:80": false, "[fe80::1]:80": false, "[64:ff9b::7f00:1]:80": false, "[2002:7f00:1::]:80": false, "[2606:4700::1111]:443": true, "8.8.8.8:443": true, "224.0.0.1:80": false, "x": false,
	} {
		if err := g.check("tcp", address, nil); (err == nil) != open {
			t.Errorf("%s: %v", address, err)
		}
	}
	// By names and by numbers written otherwise, through the client itself.
	client := newClient(nil)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was called") }))
	defer server.Close()
	port := server.URL[len("http://127.0.0.1:"):]
	for _, host := range []string{"localhost", "127.0.0.1", "[::ffff:7f00:1]", "0"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+host+":"+port, nil)
		must(t, err)
		if _, err := client.Do(r); err == nil { //nolint:bodyclose // there is none
			t.Errorf("%s was reached", host)
		}
	}
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)
	for v, want := range map[string]time.Duration{"": 0, "120": 2 * time.Minute, "-5": 0, "x": 0, strconv.Itoa(1 << 40): longestWait,
		now.Add(time.Hour).Format(http.TimeFormat): time.Hour, now.Add(-time.Hour).Format(http.TimeFormat): 0} {
		if got := retryAfter(v, now); got != want {
			t.Errorf("%q: %v, want %v", v, got, want)
		}
	}
}
