package routing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Desk is every use-case of Jiesu on cases: what the bot, the console and the API may do, in one place, with one set of rules.
// Methods ending in In work inside the caller's transaction; the others run their own.
type Desk struct {
	store     Store
	plan      *Plan
	live      Volatile
	now       func() time.Time
	burst     Burst
	survey    SurveyRules
	outside   OutsideRules
	handover  *HandoverRules // nil: somebody is always there
	back      time.Duration  // within this after striking off, the same matter has come back
	retention Retention
}

// NewDesk returns a desk on the store, under the plan, announcing changes on live.
func NewDesk(store Store, plan *Plan, live Volatile, now func() time.Time) *Desk {
	return &Desk{store: store, plan: plan, live: live, now: now}
}

// Plan is the plan that the desk works under.
func (d *Desk) Plan() *Plan { return d.plan }

// File files a complaint in a transaction of its own; see FileIn.
func (d *Desk) File(ctx context.Context, actor Actor, c Complaint) (filed Case, created bool, err error) {
	err = d.store.Update(ctx, func(tx Tx) error {
		filed, created, err = d.FileIn(ctx, tx, actor, c)
		return err
	})
	return filed, created, err
}

// FileIn makes a case of a complaint. It is dispatched at once when a person placed it or the judgement is sure, and goes to triage
// otherwise. A complaint with the ExternalID of one that the same actor has filed returns that case and created = false.
// Errors: ErrForbidden (units and strangers don't file), *InvalidError.
func (d *Desk) FileIn(ctx context.Context, tx Tx, actor Actor, c Complaint) (filed Case, created bool, err error) {
	if !actor.May(DeedFile) {
		return Case{}, false, ErrForbidden
	}
	if err := d.checkComplaint(c); err != nil {
		return Case{}, false, err
	}
	source := cmp.Or(c.System, sourceOf(actor))
	if c.ExternalID != "" {
		known, err := tx.CaseByExternalID(ctx, source, c.ExternalID)
		if err == nil {
			return known, false, nil
		}
		if !errors.Is(err, ErrNotFound) {
			return Case{}, false, fmt.Errorf("look up external id: %w", err)
		}
	}
	same, err := d.sameMatter(ctx, tx, actor, &c)
	if err != nil {
		return Case{}, false, err
	}
	who := Complainant{ID: c.ComplainantID}
	if actor.Role != RoleComplainant || who.ID == "" { // who speaks for themselves is known, and told by the answer
		if who, err = d.complainantOf(ctx, tx, c); err != nil {
			return Case{}, false, err
		}
	}
	filed, event := d.draft(actor, c, who.ID, source)
	if err := d.insert(ctx, tx, &filed, event); err != nil {
		return Case{}, false, err
	}
	if err := d.attach(ctx, tx, c.Attachments, filed.Number); err != nil {
		return Case{}, false, err
	}
	if who.OpenID != "" && actor.Role != RoleComplainant {
		if err := d.notify(ctx, tx, filed, event); err != nil {
			return Case{}, false, err
		}
	}
	d.announce(tx, filed)
	if err := d.follow(ctx, tx, Case{}, filed, event); err != nil {
		return Case{}, false, err
	}
	if same != "" {
		if filed, err = d.joinMatter(ctx, tx, actor, filed, same); err != nil {
			return Case{}, false, err
		}
	}
	return filed, true, nil
}

// FiledIn reports whether the actor has filed a complaint under this number of theirs, within the caller's transaction.
func (d *Desk) FiledIn(ctx context.Context, tx Tx, actor Actor, externalID string) (bool, error) {
	if externalID == "" {
		return false, nil
	}
	_, err := tx.CaseByExternalID(ctx, sourceOf(actor), externalID)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// sourceOf names who files, for the uniqueness of external ids; complainants have none.
func sourceOf(a Actor) string {
	if a.Role == RoleComplainant {
		return ""
	}
	return a.ID
}

func (d *Desk) checkComplaint(c Complaint) error {
	switch n := utf8.RuneCountInString(c.Text); {
	case strings.TrimSpace(c.Text) == "":
		return invalid("text", "error.text_empty")
	case n > MaxText:
		return invalid("text", "error.text_too_long")
	}
	if !c.Channel.Valid() {
		return invalid("channel", "error.unknown_channel")
	}
	if !c.Urgency.Valid() {
		return invalid("urgency", "error.unknown_urgency")
	}
	if c.Placement != nil {
		return d.plan.CheckPlacement(*c.Placement)
	}
	return nil
}

// complainantOf finds or makes the complainant. The same phone is the same caller; it gives no WeChat user access to anything,
// since a fan is bound by a code, never by a number.
func (d *Desk) complainantOf(ctx context.Context, tx Tx, c Complaint) (Complainant, error) {
	if c.ComplainantID != "" {
		who, err := tx.Complainant(ctx, c.ComplainantID)
		if err != nil {
			return Complainant{}, fmt.Errorf("load complainant: %w", err)
		}
		return who, nil
	}
	if c.Contact.Phone != "" {
		if err := tx.LockPhone(ctx, c.Contact.Phone); err != nil {
			return Complainant{}, err
		}
		who, err := tx.ComplainantByPhone(ctx, c.Contact.Phone)
		if err == nil || !errors.Is(err, ErrNotFound) {
			return who, err
		}
	}
	who := Complainant{ID: NewID(), Phone: c.Contact.Phone, Name: c.Contact.Name, Enterprise: c.Contact.Enterprise, CreatedAt: d.now()}
	if err := tx.InsertComplainant(ctx, who); err != nil {
		return Complainant{}, fmt.Errorf("add complainant: %w", err)
	}
	return who, nil
}

// draft makes the case and its first event from the complaint.
func (d *Desk) draft(actor Actor, c Complaint, complainantID, source string) (Case, Event) {
	now := d.now()
	filed := Case{
		Text: c.Text, Contact: c.Contact, Confidential: c.Confidential, Published: c.Published, Channel: c.Channel, ExternalID: c.ExternalID, Source: source,
		ComplainantID: complainantID, Token: NewToken(), Judgement: c.Judgement, FiledAt: now,
	}
	e := Event{ID: NewID(), Seq: 1, Action: ActionFile, At: now, Actor: actor, To: StateTriage}
	e.Data = EventData{Note: c.Note, Internal: c.Note != "", Attachments: c.Attachments, Points: d.plan.Asks.Points(c.Text)}
	j := c.Judgement
	switch {
	case c.Placement != nil:
		p := c.Placement
		e.To = StateDispatched
		e.Data.Item, e.Data.Unit, e.Data.District, e.Data.Assisting, e.Data.Confidence = p.Item, p.Unit, p.District, p.Assisting, 1
	default:
		e.Data.Item, e.Data.District, e.Data.Confidence = j.Item, j.District, j.Confidence
		if j.Decision == DecisionDispatch && d.plan.CheckPlacement(Placement{Item: j.Item, Unit: j.Unit}) == nil && j.Item != Other {
			e.To, e.Data.Unit = StateDispatched, j.Unit
		}
	}
	if e.Data.Item == "" {
		e.Data.Item = Other
	}
	e.Data.Published = c.Published
	if c.Urgency != UrgencyOrdinary {
		e.Data.Urgency = &c.Urgency
	}
	filed.Apply(e, d.plan)
	return filed, e
}

// insert draws numbers until one is free. A million a day and a handful of tries make failing practically impossible below
// hundreds of thousands of cases a day; then the step fails loudly.
func (d *Desk) insert(ctx context.Context, tx Tx, c *Case, e Event) error {
	for range 20 {
		number, err := newNumber(c.FiledAt)
		if err != nil {
			return err
		}
		c.Number, e.Case = number, number
		d.wind(c, []Event{e})
		err = tx.InsertCase(ctx, *c, e)
		if err == nil {
			return d.hook(ctx, tx, *c, e)
		}
		if !errors.Is(err, ErrExists) {
			return err
		}
	}
	return fmt.Errorf("file case: no free number: %w", ErrConflict)
}

func (d *Desk) attach(ctx context.Context, tx Tx, ids []string, number string) error {
	for _, id := range ids {
		a, err := tx.Attachment(ctx, id)
		if err != nil {
			return fmt.Errorf("attach %s: %w", id, err)
		}
		a.CaseNumber = number
		if err := tx.UpdateAttachment(ctx, a); err != nil {
			return fmt.Errorf("attach %s: %w", id, err)
		}
	}
	return nil
}

// Act does a step in a transaction of its own; see ActIn.
func (d *Desk) Act(ctx context.Context, actor Actor, number string, s Step) (c Case, err error) {
	err = d.store.Update(ctx, func(tx Tx) error {
		c, err = d.ActIn(ctx, tx, actor, number, s)
		return err
	})
	return c, err
}

// ActIn does one step to a case: checks it against the table, appends its event, stores the projection, tells the complainant.
// Errors: ErrNotFound, ErrForbidden, ErrConflict (version), *IllegalStepError, *InvalidError.
func (d *Desk) ActIn(ctx context.Context, tx Tx, actor Actor, number string, s Step) (Case, error) {
	if err := d.holdProblem(ctx, tx, number, s.Action); err != nil {
		return Case{}, err
	}
	c, err := tx.Case(ctx, number)
	if err != nil {
		return Case{}, err
	}
	before := c
	to, err := Next(actor, c, s.Action)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrForbidden) {
		return Case{}, err
	}
	if s.Version != 0 && s.Version != c.Version {
		if err := d.checkOvertaken(ctx, tx, actor, c, s.Version); err != nil {
			return Case{}, err
		}
	}
	if err != nil {
		return Case{}, err
	}
	now := d.now()
	if err := c.checkTime(s.Action, now); err != nil {
		return Case{}, err
	}
	data, err := s.data(c, d.plan, now)
	if err != nil {
		return Case{}, err
	}
	for _, f := range s.Files {
		a, err := d.keep(ctx, tx, c.ComplainantID, number, f)
		if err != nil {
			return Case{}, fmt.Errorf("keep file for %s: %w", number, err)
		}
		data.Attachments = append(slices.Clip(data.Attachments), a.ID)
	}
	if action, ok := throughProblem[s.Action]; ok {
		return d.actThroughProblem(ctx, tx, actor, c, action, data)
	}
	if s.Action == ActionRedo {
		if data.Redone, err = lastReply(ctx, tx, number); err != nil {
			return Case{}, err
		}
	}
	e := Event{ID: NewID(), Case: number, Seq: c.Version + 1, Action: s.Action, At: now, Actor: actor, From: c.State, To: to, Data: data}
	c.Apply(e, d.plan)
	if s.Action == ActionRelink {
		c.Token = NewToken()
	}
	if s.Contact != nil && s.Action == ActionSupplement {
		c.Contact = c.Contact.with(*s.Contact)
	}
	if err := d.record(ctx, tx, &c, e); err != nil {
		return Case{}, err
	}
	if err := d.attach(ctx, tx, data.Attachments, number); err != nil {
		return Case{}, err
	}
	if err := d.notify(ctx, tx, c, e); err != nil {
		return Case{}, err
	}
	if err := d.ask(ctx, tx, c, e); err != nil {
		return Case{}, err
	}
	if err := d.superviseBy(ctx, tx, &c, c.cause(s.Action), before.Supervised); err != nil {
		return Case{}, err
	}
	d.announce(tx, before, c)
	if err := d.follow(ctx, tx, before, c, e); err != nil {
		return Case{}, err
	}
	return c, nil
}

// superviseBy puts the case on the supervision list by the system's own hand. The complainant hears once that it is there.
func (d *Desk) superviseBy(ctx context.Context, tx Tx, c *Case, why Cause, already bool) error {
	if why == "" {
		return nil
	}
	e := Event{ID: NewID(), Case: c.Number, Seq: c.Version + 1, Action: ActionSupervise, At: c.UpdatedAt, Actor: System(), From: c.State, To: c.State,
		Data: EventData{Cause: why, Internal: already}}
	c.Apply(e, d.plan)
	if err := d.record(ctx, tx, c, e); err != nil {
		return err
	}
	return d.notify(ctx, tx, *c, e)
}

// lastReply is the number of the event that a redo is about.
func lastReply(ctx context.Context, tx Tx, number string) (seq int64, err error) {
	events, err := tx.Events(ctx, number)
	if err != nil {
		return 0, fmt.Errorf("read timeline of %s: %w", number, err)
	}
	for _, e := range events {
		if e.Action == ActionReply {
			seq = e.Seq
		}
	}
	return seq, nil
}

// with takes over the fields of n that say something.
func (c Contact) with(n Contact) Contact {
	if n.Enterprise != "" {
		c.Enterprise = n.Enterprise
	}
	if n.Name != "" {
		c.Name = n.Name
	}
	if n.Phone != "" {
		c.Phone = n.Phone
	}
	return c
}

// announce tells the screens of everybody concerned, once it is durable.
func (d *Desk) announce(tx Tx, cases ...Case) {
	u := Update{Number: cases[0].Number}
	for _, c := range cases {
		if c.Unit != "" && !contains(u.Units, c.Unit) {
			u.Units = append(u.Units, c.Unit)
		}
		u.Units = append(u.Units, c.Assisting...)
	}
	tx.AfterCommit(func() { d.live.Publish(context.Background(), u) })
}
