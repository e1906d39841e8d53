package routing

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"
)

// Survey is one asking how an answer turned out (评价邀请), and what came of it. It stands beside the case as a notice does: that somebody was
// asked is no step of the case, what they answered is (ActionRate). A case has one for each of its answers.
type Survey struct {
	CaseNumber string
	Round      int64 // number of the event that asked: the answer, or the closing of a case that was asked nothing before
	Stage      SurveyStage
	Reason     SurveyReason // why it was skipped, "" otherwise
	AskedAt    time.Time
	NextAt     time.Time // when it is to be followed up; zero: never
	ChangedAt  time.Time
}

// SurveyStage is how far an asking has come.
type SurveyStage string

// The stages; their Chinese names are in the catalogue under "survey.stage.<value>".
const (
	SurveyAsked    SurveyStage = "asked"    // with the answer
	SurveyReminded SurveyStage = "reminded" // once
	SurveyCalled   SurveyStage = "called"   // an operator is to ask by telephone
	SurveyAnswered SurveyStage = "answered"
	SurveySkipped  SurveyStage = "skipped"
)

// Waiting reports whether an answer is still hoped for.
func (s SurveyStage) Waiting() bool {
	return s == SurveyAsked || s == SurveyReminded || s == SurveyCalled
}

// SurveyReason is why nobody is asked any more. Skipped surveys count in no rate of satisfaction, so each says why.
type SurveyReason string

// The reasons; their Chinese names are in the catalogue under "survey.reason.<value>".
const (
	SurveyWithdrawn   SurveyReason = "withdrawn"
	SurveyRedone      SurveyReason = "redone"      // it went back before anybody answered; the next answer is asked about
	SurveyAnonymous   SurveyReason = "anonymous"   // nothing is known of the complainant
	SurveyUnreachable SurveyReason = "unreachable" // no way to them is left, or an operator called in vain
	SurveyIncident    SurveyReason = "incident"    // one of a mass incident: the office speaks with all of them
	SurveyDeclined    SurveyReason = "declined"    // doesn't wish to answer
	SurveyUnsampled   SurveyReason = "unsampled"   // reminded in vain, and not drawn for a call
)

// byHand are the reasons that an operator may give.
var byHand = []SurveyReason{SurveyUnreachable, SurveyDeclined}

// SurveyRules say how an answer is followed up. The zero value: not at all.
type SurveyRules struct {
	Remind Limit // from the asking to the one reminder
	Call   Limit // from the reminder to an operator's call
	Share  int   // of those who still don't answer, in percent, how many are called; 100: all
}

// WithSurvey returns the desk, asking how answers turned out from now on. It needs a timetable: follow-ups are counted in working days and
// happen in working hours.
func (d *Desk) WithSurvey(r SurveyRules) *Desk {
	asking := *d
	asking.survey = r
	return &asking
}

// ask keeps the surveys up with an event of the case: an answer asks anew, a rating answers, and whatever takes the case away from its
// answer ends the asking.
func (d *Desk) ask(ctx context.Context, tx Tx, c Case, e Event) error {
	if d.survey == (SurveyRules{}) || d.plan.Timetable == nil {
		return nil
	}
	switch e.Action {
	case ActionReply, ActionClose, ActionRate, ActionCallBack, ActionRedo, ActionWithdraw, ActionReassign, ActionTransfer:
	default:
		return nil
	}
	if e.Data.Unreached { // the call is tried again, or its operator says why not
		return nil
	}
	rated := e.Action == ActionRate || e.Action == ActionCallBack
	last, err := lastSurvey(ctx, tx, c.Number)
	if err != nil {
		return err
	}
	from := last.Stage
	switch {
	case rated && from == "":
		return nil
	case rated:
		last.Stage, last.Reason = SurveyAnswered, ""
	case e.Action == ActionReply, e.Action == ActionClose && from == "" && c.Rating == nil:
		return d.open(ctx, tx, c, e)
	case e.Action == ActionClose, !from.Waiting():
		return nil
	case e.Action == ActionWithdraw:
		last.Stage, last.Reason = SurveySkipped, SurveyWithdrawn
	default:
		last.Stage, last.Reason = SurveySkipped, SurveyRedone
	}
	last.NextAt, last.ChangedAt = time.Time{}, e.At
	return tx.UpdateSurvey(ctx, last, from)
}

// open begins an asking. Its words are in the notice of the step itself.
func (d *Desk) open(ctx context.Context, tx Tx, c Case, e Event) error {
	s := Survey{CaseNumber: c.Number, Round: e.Seq, Stage: SurveyAsked, AskedAt: e.At, ChangedAt: e.At}
	who, err := tx.Complainant(ctx, c.ComplainantID)
	if err != nil {
		return fmt.Errorf("read whom to ask about %s: %w", c.Number, err)
	}
	if who.OpenID == "" && who.Phone == "" && c.Contact.Phone == "" {
		s.Stage, s.Reason = SurveySkipped, SurveyAnonymous
		return tx.InsertSurvey(ctx, s)
	}
	s.NextAt = d.followAt(e.At, d.survey.Remind)
	return tx.InsertSurvey(ctx, s)
}

// followAt is the beginning of working hours after the limit. Without a calendar for it, it is looked at again in a day.
func (d *Desk) followAt(from time.Time, l Limit) time.Time {
	calendar := d.plan.Timetable.calendar
	end, err := calendar.add(from, l)
	if err == nil {
		end, err = calendar.Opens(end)
	}
	if err != nil {
		return from.Add(recheck)
	}
	return end
}

// DueSurveys lists the cases whose survey is to be followed up now. Outside working hours, and in a year whose calendar is missing, none is:
// nobody is to be disturbed at night.
func (d *Desk) DueSurveys(ctx context.Context, limit int) ([]string, error) {
	now := d.now()
	if d.survey == (SurveyRules{}) || d.plan.Timetable == nil || !d.plan.Timetable.calendar.open(now) {
		return nil, nil
	}
	return d.store.DueSurveys(ctx, now, limit)
}

// FollowUp reminds whoever hasn't answered, once, and later has an operator call them: all, or as many as the rules say. note is the words of
// that task. It returns the stage that the survey has come to, "" when nothing was due any more.
func (d *Desk) FollowUp(ctx context.Context, number, note string) (stage SurveyStage, err error) {
	err = d.store.Update(ctx, func(tx Tx) error {
		stage = ""
		s, err := lastSurvey(ctx, tx, number)
		if err != nil || !s.Stage.Waiting() || s.NextAt.IsZero() || s.NextAt.After(d.now()) {
			return err
		}
		c, err := tx.Case(ctx, number)
		if err != nil {
			return err
		}
		stage, err = d.followUp(ctx, tx, c, s, note)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("follow up survey of %s: %w", number, err)
	}
	return stage, nil
}

func (d *Desk) followUp(ctx context.Context, tx Tx, c Case, s Survey, note string) (SurveyStage, error) {
	who, err := tx.Complainant(ctx, c.ComplainantID)
	if err != nil {
		return "", err
	}
	joined, err := inIncident(ctx, tx, c.Number)
	if err != nil {
		return "", err
	}
	now, from := d.now(), s.Stage
	writable, callable := who.OpenID != "" && who.Following, who.Phone != "" || c.Contact.Phone != ""
	s.NextAt, s.ChangedAt = time.Time{}, now
	switch {
	case joined:
		s.Stage, s.Reason = SurveySkipped, SurveyIncident
	case !writable && !callable:
		s.Stage, s.Reason = SurveySkipped, SurveyUnreachable
	case from == SurveyAsked && writable:
		s.Stage, s.NextAt = SurveyReminded, d.followAt(now, d.survey.Call)
	case !s.drawn(d.survey.Share):
		s.Stage, s.Reason = SurveySkipped, SurveyUnsampled
	default:
		s.Stage = SurveyCalled
	}
	if err := tx.UpdateSurvey(ctx, s, from); err != nil {
		return "", err
	}
	switch s.Stage {
	case SurveyReminded:
		return s.Stage, d.post(ctx, tx, Notice{ID: NewID(), Kind: NoticeRemind, CaseNumber: c.Number, ComplainantID: c.ComplainantID,
			Seq: c.Version, State: NoticePending, CreatedAt: now})
	case SurveyCalled:
		return s.Stage, d.callOnce(ctx, tx, c, note)
	}
	return s.Stage, nil
}

// drawn reports whether the survey is among the share that is called: by the case's number and the round, so that whoever asks again gets
// the same.
func (s Survey) drawn(percent int) bool {
	h := fnv.New32a()
	fmt.Fprintf(h, "%s/%d", s.CaseNumber, s.Round)
	return int(h.Sum32()%100) < percent
}

// callOnce asks for a call unless one about the case is to be made already: whoever calls asks about everything.
func (d *Desk) callOnce(ctx context.Context, tx Tx, c Case, note string) error {
	open, err := tx.OpenTasksOf(ctx, c.ComplainantID)
	if err != nil {
		return err
	}
	for _, t := range open {
		if t.Kind == TaskCallBack && t.CaseNumber == c.Number {
			return nil
		}
	}
	return d.AddTaskIn(ctx, tx, Task{Kind: TaskCallBack, CaseNumber: c.Number, ComplainantID: c.ComplainantID, Note: note})
}

// lastSurvey is the case's newest survey, the zero one when it has none.
func lastSurvey(ctx context.Context, tx Tx, number string) (Survey, error) {
	all, err := tx.SurveysOf(ctx, number)
	if err != nil || len(all) == 0 {
		return Survey{}, err
	}
	return all[len(all)-1], nil
}

// inIncident reports whether the case is one of a mass incident.
func inIncident(ctx context.Context, tx Tx, number string) (bool, error) {
	events, err := tx.Events(ctx, number)
	for _, e := range events {
		if e.Action == ActionJoin {
			return true, nil
		}
	}
	return false, err
}

// Called is what an operator heard on the telephone. Either a rating, with or without the wish to have it redone, or why there is none.
type Called struct {
	Rating *Rating
	Note   string       // what they said beside; the reason of a redo
	Redo   bool         // they wish to have it redone
	Skip   SurveyReason // SurveyUnreachable or SurveyDeclined: no rating
}

// FinishCall puts on record what an operator heard for an open task of calling back, and takes the task off the list. Errors: ErrForbidden;
// ErrConflict when the task isn't open; *InvalidError; *IllegalStepError when the case isn't to be rated any more.
func (d *Desk) FinishCall(ctx context.Context, actor Actor, id string, h Called) error {
	if !actor.May(DeedServe) {
		return ErrForbidden
	}
	return d.store.Update(ctx, func(tx Tx) error {
		t, err := openTask(ctx, tx, id)
		if err != nil {
			return err
		}
		if t.Kind != TaskCallBack || t.CaseNumber == "" {
			return ErrNotFound
		}
		if h.Skip != "" {
			err = d.skip(ctx, tx, t.CaseNumber, h.Skip)
		} else {
			err = d.rateCalled(ctx, tx, actor, t.CaseNumber, h)
		}
		if err != nil {
			return err
		}
		if err := tx.FinishTask(ctx, id, actor.Name, d.now()); err != nil {
			return err
		}
		if err := d.closeChat(ctx, tx, actor, id); err != nil {
			return err
		}
		tx.AfterCommit(func() { d.live.Publish(context.Background(), Update{}) })
		return nil
	})
}

func (d *Desk) rateCalled(ctx context.Context, tx Tx, actor Actor, number string, h Called) error {
	caller := actor
	if actor.Role != RoleOperator { // who stands in for an operator does what operators do
		caller.Role = RoleOperator
	}
	rate := Step{Action: ActionRate, Rating: h.Rating, Note: h.Note}
	if h.Redo {
		rate.Note = "" // said once, as the reason
	}
	if _, err := d.ActIn(ctx, tx, caller, number, rate); err != nil {
		return err
	}
	if !h.Redo {
		return nil
	}
	_, err := d.ActIn(ctx, tx, caller, number, Step{Action: ActionRedo, Note: h.Note})
	return err
}

func (d *Desk) skip(ctx context.Context, tx Tx, number string, why SurveyReason) error {
	if !oneOf(why, byHand) {
		return invalid("skip", "error.skip_unknown")
	}
	s, err := lastSurvey(ctx, tx, number)
	if err != nil || !s.Stage.Waiting() {
		return err
	}
	from := s.Stage
	s.Stage, s.Reason, s.NextAt, s.ChangedAt = SurveySkipped, why, time.Time{}, d.now()
	return tx.UpdateSurvey(ctx, s, from)
}

// Surveys are the askings about a case, oldest first, for staff. ErrNotFound as Case.
func (d *Desk) Surveys(ctx context.Context, actor Actor, number string) ([]Survey, error) {
	c, err := d.store.Case(ctx, number)
	if err != nil {
		return nil, err
	}
	if actor.Role == RoleComplainant || !actor.CanSee(c) {
		return nil, ErrNotFound
	}
	return d.store.SurveysOf(ctx, number)
}

// Poor reports whether a redo is to be offered at once: not solved, or solved and not to their satisfaction.
func (r Rating) Poor() bool { return r.Solved != SolvedYes || r.Satisfied == 1 || r.Satisfied == 2 }

// Opens is the first moment in working hours from the given one on. Error: *MissingYearError.
func (c *Calendar) Opens(at time.Time) (time.Time, error) {
	for d := DateOf(at); ; d++ {
		day, err := c.Day(d)
		if err != nil {
			return time.Time{}, err
		}
		for _, s := range day.Spans {
			if at.Before(d.At(s.To)) {
				return later(at, d.At(s.From)), nil
			}
		}
	}
}

// open reports whether the moment lies in working hours.
func (c *Calendar) open(at time.Time) bool {
	next, err := c.Opens(at)
	return err == nil && !next.After(at)
}
