package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"jiesu/integrations/console"
	"jiesu/routing"
)

// samplesFile holds invented cases, oldest first: one JSON object a line.
//
//go:embed demo/samples.jsonl
var samplesFile []byte

// sample is one invented case and how far it has come.
type sample struct {
	Text         string          `json:"text"`
	Item         string          `json:"item"`
	Unit         string          `json:"unit"`
	District     string          `json:"district"`
	Path         string          `json:"path"` // a state of the case, or progress, rated, redo
	Channel      routing.Channel `json:"channel"`
	Enterprise   string          `json:"enterprise"`
	Phone        string          `json:"phone"`
	Confidential bool            `json:"confidential"`
	Days         int             `json:"days"` // filed so many days ago
}

// seeder fills an empty database with the sample cases by the same desk as everybody else, on a clock that it turns.
type seeder struct {
	store routing.Store
	desk  *routing.Desk
	judge routing.Judge
	words routing.Wording
	fans  []string // open ids of the sandbox's fans, for the cases that came by WeChat
	at    *time.Time
}

// seed files the samples unless there are cases already.
func seed(ctx context.Context, st routing.Store, plan *routing.Plan, judge routing.Judge, words routing.Wording, fans []string) error {
	there, _, err := st.Cases(ctx, routing.Query{Visible: routing.System(), Limit: 1})
	if err != nil || len(there) > 0 {
		return err
	}
	var at time.Time
	s := &seeder{store: st, judge: judge, words: words, fans: fans, at: &at}
	s.desk = routing.NewDesk(st, plan, routing.NewMemory(clock), func() time.Time { return at })
	all, err := samples()
	if err != nil {
		return err
	}
	return st.Update(ctx, func(tx routing.Tx) error {
		for n, sm := range all {
			if err := s.play(ctx, tx, sm, n); err != nil {
				return fmt.Errorf("sample %d: %w", n+1, err)
			}
		}
		return nil
	})
}

// samples reads the invented cases.
func samples() (all []sample, err error) {
	lines := bufio.NewScanner(bytes.NewReader(samplesFile))
	for lines.Scan() {
		var sm sample
		if err := json.Unmarshal(lines.Bytes(), &sm); err != nil {
			return nil, fmt.Errorf("read sample %d: %w", len(all)+1, err)
		}
		all = append(all, sm)
	}
	return all, lines.Err()
}

// age is how many days ago the sample was filed. Most of those that still wait for somebody are recent, so that their clocks run; the rest
// show what becomes of a case that nobody works on.
func (sm sample) age(n int) int {
	recent := map[string]int{"triage": 1, "dispatched": 1, "refused": 1, "signed": 4, "progress": 6, "redo": 6, "replied": 5, "rated": 6}
	if most, waits := recent[sm.Path]; waits && n%6 != 0 {
		return min(sm.Days, n%(most+1))
	}
	return sm.Days
}

// play files one sample and takes it down its path.
func (s *seeder) play(ctx context.Context, tx routing.Tx, sm sample, n int) error {
	*s.at = clock().AddDate(0, 0, -sm.age(n)).Add(-time.Duration(n*37%360) * time.Minute)
	c, err := s.file(ctx, tx, sm, n)
	if err != nil {
		return err
	}
	unit := routing.Actor{Role: routing.RoleUnit, Unit: sm.Unit, Name: s.desk.Plan().UnitName(sm.Unit)}
	office := routing.Actor{Role: routing.RoleOffice, Name: s.words.Text("role.office")}
	complainant := routing.Actor{Role: routing.RoleComplainant, ID: c.ComplainantID}
	for _, step := range s.steps(sm, n) {
		until := s.at.Add(step.after)
		if now := clock(); until.After(now) {
			until = now
		}
		if err := s.tick(ctx, tx, c.Number, until); err != nil {
			return err
		}
		if err := s.answer(ctx, tx, c.Number, n, &step.Step); err != nil {
			return err
		}
		actor := map[byte]routing.Actor{'u': unit, 'o': office, 'c': complainant}[step.by]
		if _, err := s.desk.ActIn(ctx, tx, actor, c.Number, step.Step); err != nil {
			return fmt.Errorf("%s: %w", step.Action, err)
		}
	}
	if err := s.plan(ctx, tx, c.Number, unit, n); err != nil {
		return err
	}
	if err := s.tick(ctx, tx, c.Number, clock()); err != nil {
		return err
	}
	return s.settleNotices(ctx, tx, c.Number)
}

// answer makes a reply speak to every point of the complaint.
func (s *seeder) answer(ctx context.Context, tx routing.Tx, number string, n int, step *routing.Step) error {
	if step.Action != routing.ActionReply {
		return nil
	}
	c, err := tx.Case(ctx, number)
	if err != nil || len(c.Points) < 2 {
		return err
	}
	for i := range c.Points {
		words := s.words.Text(fmt.Sprintf("demo.reply.%d", (n+i)%3+1))
		step.Answers = append(step.Answers, routing.Answer{Point: i + 1, Outcome: routing.PointSolved, Note: words})
	}
	step.Note = ""
	return nil
}

// plan has the unit put measures against two problems of three that are open; the third shows what the office sees when nothing was set.
func (s *seeder) plan(ctx context.Context, tx routing.Tx, number string, unit routing.Actor, n int) error {
	p, err := tx.ProblemOf(ctx, number)
	if errors.Is(err, routing.ErrNotFound) || err == nil && (p.State != routing.ProblemOpen || n%3 == 2) {
		return nil
	}
	if err != nil {
		return err
	}
	say := func(kind string) string { return s.words.Text(fmt.Sprintf("demo.%s.%d", kind, n%3+1)) }
	due := clock().AddDate(0, 0, n%40).In(routing.Beijing()).Format(time.DateOnly)
	steps := []routing.ProblemStep{
		{Action: routing.ProblemPlan, Cause: say("cause"), Measure: say("measure"), Person: say("person"), Due: due},
		{Action: routing.ProblemNote, Note: say("progress")},
	}
	for _, step := range steps {
		if _, err := s.desk.ActOnProblemIn(ctx, tx, unit, p.Number, step); err != nil {
			return fmt.Errorf("%s problem: %w", step.Action, err)
		}
	}
	return nil
}

// tick turns the clock on, and lets happen on its way what the clocks of the case bring.
func (s *seeder) tick(ctx context.Context, tx routing.Tx, number string, until time.Time) error {
	for {
		c, err := tx.Case(ctx, number)
		if err != nil {
			return err
		}
		next := c.Clock.NextTick
		if next.IsZero() || next.After(until) {
			*s.at = until
			return nil
		}
		*s.at = next
		if _, err := s.desk.TickIn(ctx, tx, number); err != nil {
			return fmt.Errorf("tick clocks: %w", err)
		}
	}
}

func (s *seeder) file(ctx context.Context, tx routing.Tx, sm sample, n int) (routing.Case, error) {
	actor := routing.Actor{Role: routing.RoleOperator, Name: s.words.Text("role.operator")}
	cp := routing.Complaint{Text: sm.Text, Channel: sm.Channel, Confidential: sm.Confidential, Judgement: s.judge.Judge(sm.Text),
		Contact: routing.Contact{Enterprise: sm.Enterprise, Phone: sm.Phone}}
	if sm.Channel == routing.ChannelWeChat {
		who, err := s.fan(ctx, tx, s.fans[n%len(s.fans)])
		if err != nil {
			return routing.Case{}, err
		}
		actor, cp.ComplainantID = routing.Actor{Role: routing.RoleComplainant, ID: who}, who
	}
	cp.Judgement.Decision = routing.DecisionTriage
	if sm.Item != routing.Other && sm.Path != string(routing.StateTriage) {
		cp.Placement = &routing.Placement{Item: sm.Item, Unit: sm.Unit, District: sm.District}
	}
	c, _, err := s.desk.FileIn(ctx, tx, actor, cp)
	return c, err
}

// fan finds or makes the complainant behind a fan of the sandbox.
func (s *seeder) fan(ctx context.Context, tx routing.Tx, openID string) (string, error) {
	if who, err := tx.ComplainantByOpenID(ctx, openID); err == nil {
		return who.ID, nil
	}
	who := routing.Complainant{ID: routing.NewID(), OpenID: openID, Following: true, CreatedAt: *s.at}
	return who.ID, tx.InsertComplainant(ctx, who)
}

type seedStep struct {
	by    byte // u unit, o office, c complainant
	after time.Duration
	routing.Step
}

// steps is the way of a sample to where it stands. Notes come from the catalogue, several of each kind.
func (s *seeder) steps(sm sample, n int) []seedStep {
	note := func(kind string) string { return s.words.Text(fmt.Sprintf("demo.%s.%d", kind, n%3+1)) }
	sign := seedStep{'u', 3 * time.Hour, routing.Step{Action: routing.ActionSign}}
	reply := seedStep{'u', 30 * time.Hour, routing.Step{Action: routing.ActionReply, Note: note("reply")}}
	rate := func(solved routing.Solved, satisfied int) seedStep {
		return seedStep{'c', 6 * time.Hour, routing.Step{Action: routing.ActionRate, Rating: &routing.Rating{Solved: solved, Satisfied: satisfied}}}
	}
	closed := seedStep{'u', 5 * time.Hour, routing.Step{Action: routing.ActionClose}}
	struck := seedStep{'o', 20 * time.Hour, routing.Step{Action: routing.ActionStrikeOff, Note: note("strike")}}
	switch sm.Path {
	case "signed":
		return []seedStep{sign}
	case "progress":
		return []seedStep{sign, {'u', 20 * time.Hour, routing.Step{Action: routing.ActionProgress, Note: note("progress")}}}
	case "replied":
		return []seedStep{sign, reply}
	case "rated":
		return []seedStep{sign, reply, rate(routing.SolvedYes, 4+n%2)}
	case "closed":
		return []seedStep{sign, reply, rate(routing.SolvedPartly, 3), closed}
	case "struck_off":
		return []seedStep{sign, reply, rate(routing.SolvedYes, 5), closed, struck}
	case "refused":
		return []seedStep{{'u', 5 * time.Hour, routing.Step{Action: routing.ActionRefuse, Note: note("refuse")}}}
	case "redo":
		return []seedStep{sign, reply, rate(routing.SolvedNo, 1), {'c', time.Hour, routing.Step{Action: routing.ActionRedo, Note: note("redo")}}}
	case "withdrawn":
		return []seedStep{{'c', 4 * time.Hour, routing.Step{Action: routing.ActionWithdraw}}}
	case "not_accepted":
		return []seedStep{{'o', 4 * time.Hour, routing.Step{Action: routing.ActionNotAccept, Note: note("not_accept")}}}
	case "transferred":
		return []seedStep{{'o', 4 * time.Hour, routing.Step{Action: routing.ActionTransfer, Note: note("transfer")}}}
	}
	return nil
}

// settleNotices marks the notices of the past as delivered: nobody is to be sent, at the start of a demonstration, what happened weeks ago.
func (s *seeder) settleNotices(ctx context.Context, tx routing.Tx, number string) error {
	notices, err := tx.NoticesOf(ctx, number)
	if err != nil {
		return err
	}
	for _, n := range notices {
		n.State = routing.NoticeDelivered
		if err := tx.UpdateNotice(ctx, n); err != nil {
			return err
		}
		d := routing.Delivery{NoticeID: n.ID, Attempt: 1, Channel: "template", At: n.CreatedAt, Outcome: routing.OutcomeDelivered}
		if err := tx.InsertDelivery(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// demoAccounts makes an account for each role and each lead unit, all with the demonstration's password, if there are none yet.
func demoAccounts(ctx context.Context, st routing.Store, plan *routing.Plan) error {
	if _, err := st.UserByName(ctx, string(routing.RoleOffice)); err == nil {
		return nil
	}
	hash, err := console.HashPassword(demoPassword)
	if err != nil {
		return err
	}
	users := []routing.User{{Name: "operator", Role: routing.RoleOperator}, {Name: "office", Role: routing.RoleOffice}, {Name: "admin", Role: routing.RoleAdmin}}
	for id := range plan.UnitByID {
		users = append(users, routing.User{Name: id, Role: routing.RoleUnit, Unit: id})
	}
	return st.Update(ctx, func(tx routing.Tx) error {
		for _, u := range users {
			u.ID, u.Hash, u.CreatedAt = routing.NewID(), hash, clock()
			if err := tx.InsertUser(ctx, u); err != nil {
				return fmt.Errorf("demo account %s: %w", u.Name, err)
			}
		}
		return nil
	})
}
