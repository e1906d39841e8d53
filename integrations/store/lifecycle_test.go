package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jiesu/integrations/store"
	"jiesu/routing"
)

// The life of a case, told a second time and apart from the code: what everybody may do to it, and what it then is. Random people do random
// things, sensible or not, to cases in the real store, and to this model; both must agree on everything, and what the model forbids must
// leave no trace.

// life is a case as the model has it. Times are minutes since it was filed.
type life struct {
	state, unit              string
	assisting                []string
	version, redos, urges    int
	refused                  []string
	supervised, hidden, away bool
	doubted                  bool
	asked, extended          int
	points                   []string
	reply, solved            string
	satisfied                int
	window                   int    // when the time to refuse began
	left, since              int    // of the time to answer: what was left when it began to run, and when that was
	notices                  int    // that the complainant was sent
	applicant                string // who asked for it to be struck off
}

// Limits of the test in minutes, day and night, so that the model counts them by heart.
const (
	mayRefuse = 24 * 60
	mayAnswer = 72 * 60
	mayRedo   = 30 * 60
	oneDay    = 24 * 60
)

// move is one thing that somebody tries.
type move struct {
	role, unit string // role stranger: another complainant
	routing.Step
	after int  // minutes later
	stale bool // decided on the version before
}

func (m move) String() string {
	return fmt.Sprintf("+%dm %s %s stale=%t: %+v", m.after, m.role, m.unit, m.stale, m.Step)
}

var lifeUnits = []string{"north", "south", "west"}

// permits says whether the model allows the move at the minute.
func (l *life) permits(m move, now int) bool {
	leads, helps := m.role == "unit" && m.unit == l.unit, m.role == "unit" && slices.Contains(l.assisting, m.unit)
	if m.role == "stranger" || m.role == "unit" && !leads && !helps || m.stale && l.version > 1 {
		return false
	}
	boss := m.role == "office" || m.role == "admin" || m.role == "system"
	voice := m.role == "complainant" || m.role == "operator"
	in := func(states string) bool { return slices.Contains(strings.Fields(states), l.state) }
	said := m.Note != ""
	switch m.Action {
	case "assign":
		return boss && in("triage") && l.goodPlace(m)
	case "not-accept":
		return boss && in("triage") && (said && m.Route == "" || m.Route == "court")
	case "transfer":
		return boss && in("triage dispatched signed refused") && said && m.Body != "moon"
	case "sign":
		return leads && in("dispatched")
	case "refuse":
		return leads && in("dispatched") && said && !slices.Contains(l.refused, m.unit) && now <= l.window+mayRefuse && m.Ground != "mood" &&
			(m.ProposedUnit == "" || m.ProposedUnit != l.unit)
	case "reassign":
		return boss && in("dispatched signed refused replied") && l.goodPlace(m)
	case "uphold":
		return boss && in("refused") && said
	case "contact":
		return (leads || boss) && in("dispatched signed") && m.How != ""
	case "points":
		return leads && in("dispatched signed") && len(m.Points) > 0
	case "progress":
		return (leads || helps || boss) && in("dispatched signed replied") && said
	case "extend":
		return (leads && l.asked == 0 || boss) && in("dispatched signed") && said && m.Days >= 1 && m.Days <= 30 && l.extended < 2 && now <= l.since+l.left
	case "decline":
		return boss && in("dispatched signed") && l.asked > 0 && said
	case "reply":
		return leads && in("signed") && l.answered(m)
	case "close":
		return (leads || boss) && in("replied")
	case "strike-off":
		return boss && in("closed") && m.role+m.unit != l.applicant
	case "send-back":
		return boss && in("closed") && m.role+m.unit != l.applicant && said
	case "redo":
		return said && ((voice || m.role == "office" || m.role == "admin" || m.role == "system") && in("replied closed") || boss && in("struck_off"))
	case "withdraw":
		return (voice || m.role == "system") && in("triage dispatched signed refused replied")
	case "rate":
		return (voice || m.role == "system") && in("replied closed struck_off") && m.Rating != nil
	case "call-back":
		return (m.role == "operator" || m.role == "office" || m.role == "admin") && in("replied closed struck_off") && (m.Unreached || m.Rating != nil)
	case "urge":
		return (voice || boss) && in("triage dispatched signed refused")
	case "supervise":
		return boss && in("triage dispatched signed refused replied closed") && said
	case "supplement":
		return (voice || m.role == "system") && in("triage dispatched signed refused replied closed") && (said || m.Confidential != nil)
	case "relink":
		return voice || boss
	case "doubt":
		return boss && said && !l.doubted
	case "trust":
		return boss && said && l.doubted
	case "reveal":
		return (leads || m.role == "operator" || m.role == "office" || m.role == "admin") && said && (!l.away || boss)
	}
	return false
}

func (l *life) goodPlace(m move) bool {
	return slices.Contains(lifeUnits, m.Unit) && !slices.Contains(m.Assisting, m.Unit)
}

// answered: every point by a word and a result, or, of a complaint that is one matter, the whole by a word.
func (l *life) answered(m move) bool {
	if len(l.points) < 2 {
		return m.Note != ""
	}
	left := map[int]bool{}
	for i := range l.points {
		left[i+1] = true
	}
	for _, a := range m.Answers {
		if a.Note != "" {
			delete(left, a.Point)
		}
	}
	return len(left) == 0
}

// do is what a permitted move makes of the case.
func (l *life) do(m move, now int) {
	l.version++
	before := l.state
	told := false // the complainant hears of it, unless they did it themselves
	switch m.Action {
	case "doubt", "trust":
		l.doubted = m.Action == "doubt"
	case "assign", "reassign":
		other := m.Unit != l.unit
		if before != "dispatched" || other {
			l.window = now
		}
		if other || before == "replied" || before == "triage" {
			l.left, l.since = mayAnswer, now
		} else if before == "refused" {
			l.since = now
		}
		if other {
			l.extended = 0
		}
		l.state, l.unit, l.asked, told = "dispatched", m.Unit, 0, true
		if m.Assisting != nil {
			l.assisting = m.Assisting
		}
	case "not-accept":
		l.state, told = "not_accepted", true
	case "transfer":
		l.state, l.away, told = "transferred", m.Body == "criminal" || m.Body == "discipline", true
	case "sign":
		l.state, told = "signed", true
	case "refuse":
		l.state, l.refused = "refused", append(slices.Clone(l.refused), m.unit)
		l.left -= now - l.since
		l.automatic(len(l.refused) > 1)
	case "uphold":
		l.state, l.window, l.since = "dispatched", now, now
	case "points":
		l.points = m.Points
	case "progress":
		told = !m.Internal
	case "extend":
		if m.role == "unit" {
			l.asked = m.Days
		} else {
			l.extended, l.asked, l.left, told = l.extended+1, 0, l.left+oneDay*m.Days, true
		}
	case "decline":
		l.asked = 0
	case "reply":
		l.state, l.reply, told = "replied", m.Note, true
		if len(l.points) > 1 {
			for i := range l.points {
				l.reply += "\n" + strconv.Itoa(i+1) + ". " + m.Answers[i].Note
			}
			l.reply = strings.TrimPrefix(l.reply, "\n")
		}
	case "close":
		l.state, l.applicant, told = "closed", m.role+m.unit, true
	case "send-back":
		l.state, told = "replied", true
	case "strike-off":
		l.state, told = "struck_off", true
	case "redo":
		l.state, l.redos, l.solved, l.satisfied, told = "dispatched", l.redos+1, "", 0, true
		l.window, l.left, l.since = now, mayRedo, now
	case "withdraw":
		l.state, told = "withdrawn", true
	case "rate", "call-back":
		if m.Action == "rate" || !m.Unreached {
			l.solved, l.satisfied = string(m.Rating.Solved), m.Rating.Satisfied
		}
	case "urge":
		l.urges++
	case "supervise":
		l.supervised, told = true, true
	case "supplement":
		if m.Confidential != nil {
			l.hidden = *m.Confidential
		}
	}
	if l.state != before {
		l.asked = 0
	}
	if told && m.role != "complainant" {
		l.notices++
	}
	if m.Action == "redo" {
		l.automatic(l.redos > 1)
	}
}

// automatic is what the system does by itself after a second refusal or redo. The complainant hears once that the case is supervised.
func (l *life) automatic(due bool) {
	if !due {
		return
	}
	l.version++
	if !l.supervised {
		l.notices++
	}
	l.supervised = true
}

// lifePlan has three units that may be given anything, and limits that run day and night.
func lifePlan(t *testing.T) *routing.Plan {
	t.Helper()
	p := &routing.Plan{UnitByID: map[string]routing.PlanUnit{"north": {}, "south": {}, "west": {}},
		Categories: []routing.Category{{ID: "1", Leads: lifeUnits, Items: []routing.Item{{ID: "1.1"}}}}, Routes: []routing.Route{{ID: "court", Name: "C"}}}
	minutes := func(n int) routing.Limit { return routing.Limit{N: n / 60, Unit: routing.CalendarHours} }
	var span routing.WorkSpan
	err := span.UnmarshalText([]byte("09:00-17:00"))
	redo := minutes(mayRedo)
	if err == nil {
		p.Timetable, err = routing.NewTimetable(p, routing.ClockRules{
			Hours:  routing.Hours{Weekday: []routing.WorkSpan{span}},
			Ladder: routing.Ladder{WarnPercent: 75, SuperviseAfter: minutes(60), BulletinAfter: minutes(60)},
			Rules: []routing.ClockRule{
				{ID: "refuse", Clock: routing.ClockRefuse, Owner: routing.RoleUnit, Window: true, Start: []routing.Moment{"dispatched"},
					Stop: []routing.Moment{"signed", "refused"}, Limit: minutes(mayRefuse), Source: "test"},
				{ID: "finish", Clock: routing.ClockFinish, Owner: routing.RoleUnit, Start: []routing.Moment{"dispatched"}, Stop: []routing.Moment{"replied", "closed"},
					Pause: []routing.State{"refused"}, Limit: minutes(mayAnswer), Redo: &redo, Extend: true, Source: "test"},
			},
		}, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sequences is how many lives are lived: JIESU_TEST_SEQUENCES, else a few hundred. JIESU_TEST_SEED begins elsewhere.
func sequences(t *testing.T) (n int, seed uint64) {
	t.Helper()
	n, seed = 300, 1
	for name, into := range map[string]func(string) error{
		"JIESU_TEST_SEQUENCES": func(v string) (err error) { n, err = strconv.Atoi(v); return err },
		"JIESU_TEST_SEED":      func(v string) (err error) { seed, err = strconv.ParseUint(v, 10, 64); return err },
	} {
		if v := os.Getenv(name); v != "" {
			if err := into(v); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	return n, seed
}

func TestARandomLifeOfACaseIsThatOfTheModel(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		s, plan := newStore(t, url), lifePlan(t)
		n, seed := sequences(t)
		var taken, refused atomic.Int64
		actions := make(map[routing.Action]int)
		var mu sync.Mutex
		next := make(chan int)
		var all sync.WaitGroup
		for range 8 { // side by side they share commits
			all.Go(func() {
				for i := range next {
					r := rand.New(rand.NewPCG(seed, uint64(i)))
					live(t, s, plan, r, func(m move, ok bool) {
						if !ok {
							refused.Add(1)
							return
						}
						taken.Add(1)
						mu.Lock()
						defer mu.Unlock()
						actions[m.Action]++
					})
				}
			})
		}
		for i := 0; i < n && !t.Failed(); i++ {
			next <- i
		}
		close(next)
		all.Wait()
		for _, a := range routing.Actions() {
			if n >= 300 && actions[a] == 0 {
				t.Errorf("no sequence ever did %s", a)
			}
		}
		t.Logf("%d lives: %d steps taken, %d refused", n, taken.Load(), refused.Load())
	})
}

// live lives one life and compares after each move.
func live(t *testing.T, s *store.Store, plan *routing.Plan, r *rand.Rand, count func(move, bool)) {
	ctx := t.Context()
	start := time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)
	minute := 0
	desk := routing.NewDesk(s, plan, routing.NewMemory(time.Now), func() time.Time { return start.Add(time.Duration(minute) * time.Minute) })
	who := routing.Complainant{ID: routing.NewID(), CreatedAt: start}
	if err := s.Update(ctx, func(tx routing.Tx) error { return tx.InsertComplainant(ctx, who) }); err != nil {
		t.Error(err)
		return
	}
	filing := routing.Complaint{Text: "工程款没有付", Channel: routing.ChannelWeb, ComplainantID: who.ID}
	l := &life{state: "triage", version: 1}
	if r.IntN(4) > 0 {
		filing.Placement = &routing.Placement{Item: "1.1", Unit: "north"}
		l.state, l.unit, l.left = "dispatched", "north", mayAnswer
	}
	c, _, err := desk.File(ctx, routing.Actor{Role: routing.RoleComplainant, ID: who.ID}, filing)
	if err != nil {
		t.Error(err)
		return
	}
	told := []string{}
	for range 6 + r.IntN(14) {
		m := l.draw(r)
		minute += m.after
		if m.stale {
			m.Version = int64(l.version - 1)
		} else if r.IntN(2) == 0 {
			m.Version = int64(l.version)
		}
		told = append(told, m.String())
		before := snapshotOf(ctx, t, s, c.Number)
		allowed := l.permits(m, minute)
		_, err := desk.Act(ctx, m.actor(who.ID), c.Number, m.Step)
		after := snapshotOf(ctx, t, s, c.Number)
		count(m, err == nil)
		problem := ""
		switch {
		case allowed != (err == nil):
			problem = fmt.Sprintf("the model allows it: %t; the desk: %v", allowed, err)
		case !allowed && !reflect.DeepEqual(before, after):
			problem = fmt.Sprintf("it was refused (%v) and left a trace:\n%+v\n%+v", err, before, after)
		case allowed:
			l.do(m, minute)
			problem = l.differs(after, plan)
		}
		if problem != "" {
			t.Errorf("%s\n%s", strings.Join(told, "\n"), problem)
			return
		}
	}
}

// snapshot is everything that a step may touch.
type snapshot struct {
	Row     routing.Case
	Events  []routing.Event
	Notices []routing.Notice
}

func snapshotOf(ctx context.Context, t *testing.T, s *store.Store, number string) (x snapshot) {
	t.Helper()
	var err, eventsErr, noticesErr error
	x.Row, err = s.Case(ctx, number)
	x.Events, eventsErr = s.Events(ctx, number)
	x.Notices, noticesErr = s.NoticesOf(ctx, number)
	if err := errors.Join(err, eventsErr, noticesErr); err != nil {
		t.Error(err)
	}
	return x
}

// differs says how the store differs from the model, "" when it doesn't; and that the events alone give the row.
func (l *life) differs(x snapshot, plan *routing.Plan) string {
	c := x.Row
	var rating routing.Rating
	if c.Rating != nil {
		rating = *c.Rating
	}
	got := life{state: string(c.State), unit: c.Unit, assisting: c.Assisting, version: int(c.Version), redos: c.Redos, urges: c.Urges, refused: c.RefusedBy,
		supervised: c.Supervised, hidden: c.Confidential, away: c.Restricted, doubted: c.Doubted, asked: c.Asked, extended: c.Extensions, points: c.Points, reply: c.Reply,
		solved: string(rating.Solved), satisfied: rating.Satisfied, window: l.window, left: l.left, since: l.since, notices: len(x.Notices), applicant: l.applicant}
	want := *l
	for _, list := range []*[]string{&got.assisting, &want.assisting, &got.points, &want.points, &got.refused, &want.refused} {
		if len(*list) == 0 {
			*list = nil
		}
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("store %+v\nmodel %+v", got, want)
	}
	if len(x.Events) != l.version {
		return fmt.Sprintf("%d events at version %d", len(x.Events), l.version)
	}
	again := routing.Case{Number: c.Number, Text: c.Text, Contact: c.Contact, Channel: c.Channel, ExternalID: c.ExternalID, Source: c.Source,
		ComplainantID: c.ComplainantID, Token: c.Token, Judgement: c.Judgement, FiledAt: c.FiledAt, Clock: c.Clock}
	for _, e := range x.Events {
		again.Apply(e, plan)
	}
	if !reflect.DeepEqual(again, c) {
		return fmt.Sprintf("the events give\n%+v\nthe row is\n%+v", again, c)
	}
	return ""
}

func (m move) actor(complainant string) routing.Actor {
	switch m.role {
	case "complainant":
		return routing.Actor{Role: routing.RoleComplainant, ID: complainant}
	case "stranger":
		return routing.Actor{Role: routing.RoleComplainant, ID: "somebody else"}
	}
	return routing.Actor{Role: routing.Role(m.role), Unit: m.unit, ID: m.role + m.unit}
}

// draw thinks of a move. Every second one is what the state waits for, so that lives get on; the rest is anybody doing anything.
func (l *life) draw(r *rand.Rand) move {
	m := move{after: r.IntN(6) * 60, stale: r.IntN(12) == 0}
	if r.IntN(6) == 0 {
		m.after = r.IntN(60) * 60
	}
	roles := []string{"complainant", "stranger", "operator", "unit", "unit", "unit", "office", "admin", "system"}
	m.role = pick(r, roles)
	m.Action = pick(r, routing.Actions())
	if useful := usual[l.state]; len(useful) > 0 && r.IntN(2) == 0 {
		role, action, _ := strings.Cut(pick(r, useful), " ")
		m.role, m.Action = role, routing.Action(action)
	}
	if l.doubted && r.IntN(4) == 0 {
		m.role, m.Action = "office", routing.ActionTrust
	}
	if m.role == "unit" {
		if m.unit = l.unit; r.IntN(6) == 0 || m.unit == "" {
			m.unit = pick(r, lifeUnits)
		}
	}
	if m.Note = "因为"; r.IntN(8) == 0 {
		m.Note = ""
	}
	m.Internal = m.Action == "progress" && r.IntN(2) == 0
	m.Unit = pick(r, append([]string{"", "moon"}, slices.Repeat(lifeUnits, 3)...))
	m.Assisting = pick(r, [][]string{nil, nil, {}, {pick(r, lifeUnits)}})
	m.ProposedUnit = pick(r, []string{"", "", pick(r, lifeUnits)})
	m.Ground = pick(r, []routing.Ground{"", routing.GroundDuty, routing.GroundCourt, "mood"})
	m.Route = pick(r, []string{"", "court", "moon"})
	m.Body = pick(r, []routing.Body{"", routing.BodyOther, routing.BodyCriminal, routing.BodyDiscipline, "moon"})
	m.How = pick(r, []routing.ContactWay{"", routing.ContactPhone, routing.ContactVisit})
	m.Days = pick(r, []int{0, 1, 3, 5, 30, 31})
	m.Points = pick(r, [][]string{nil, {"付款"}, {"付款", "道歉"}, {"付款", "道歉", "公布"}})
	if m.Unreached = r.IntN(3) == 0; r.IntN(5) > 0 {
		m.Rating = &routing.Rating{Solved: pick(r, []routing.Solved{"yes", "partly", "no"}), Satisfied: r.IntN(6)}
	}
	if r.IntN(3) == 0 {
		hide := r.IntN(2) == 0
		m.Confidential = &hide
	}
	for i := range l.points {
		if r.IntN(12) > 0 {
			m.Answers = append(m.Answers, routing.Answer{Point: i + 1, Outcome: pick(r, routing.PointOutcomes()), Note: pick(r, []string{"办了", "办了", "办了", "说明了", "说明了", ""})})
		}
	}
	return m
}

// usual is what each state waits for.
var usual = map[string][]string{
	"triage":     {"office assign", "office assign", "office not-accept", "admin transfer"},
	"dispatched": {"unit sign", "unit sign", "unit refuse", "unit refuse", "unit contact", "office extend"},
	"signed":     {"unit reply", "unit reply", "unit reply", "unit points", "unit extend", "office extend", "office decline"},
	"refused":    {"office uphold", "office reassign", "office reassign"},
	"replied":    {"complainant rate", "operator call-back", "complainant redo", "operator redo", "unit close"},
	"closed":     {"office strike-off", "office strike-off", "office send-back", "complainant redo"},
	"struck_off": {"office redo", "operator call-back"},
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }
