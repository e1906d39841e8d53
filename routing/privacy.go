package routing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Retention says for how long what names people is kept (source: 个人信息保护法, articles 19 and 47: no longer than its purpose needs). Zero keeps it.
type Retention struct {
	Cases time.Duration // after a case ended; its figures stay
	Talk  time.Duration // what was said outside of cases, calls that led to none, people who have no case
}

// WithRetention makes Forget work by these rules.
func (d *Desk) WithRetention(r Retention) *Desk {
	d.retention = r
	return d
}

// largestPage is the longest page that lists give.
const largestPage = 200

const (
	// forgetBatch is how many cases, or people, are looked up at a time.
	forgetBatch = 200
	// forgetMost is how many are erased in one call: what is left has its turn in the next, which others wait for less long.
	forgetMost = 2000
)

// Forget removes what has been kept long enough: personal data and free text of cases that ended, people whom nothing is left of, and what was said beside. At most some
// thousand in one call; it is called each hour.
func (d *Desk) Forget(ctx context.Context) error {
	var errs []error
	if keep := d.retention.Cases; keep > 0 {
		errs = append(errs, d.forgetCases(ctx, d.now().Add(-keep)))
	}
	if keep := d.retention.Talk; keep > 0 {
		before := d.now().Add(-keep)
		errs = append(errs, d.store.Update(ctx, func(tx Tx) error { return tx.ForgetTalk(ctx, before) }), d.forgetPeople(ctx, before))
	}
	return errors.Join(errs...)
}

func (d *Desk) forgetCases(ctx context.Context, before time.Time) error {
	after := ""
	for range forgetMost / forgetBatch {
		numbers, err := d.store.Erasable(ctx, before, after, forgetBatch)
		if err != nil || len(numbers) == 0 {
			return err
		}
		for _, number := range numbers {
			err := d.store.Update(ctx, func(tx Tx) error { return d.eraseIn(ctx, tx, System(), number, "") })
			if err != nil && !isIllegal(err) && !errors.Is(err, ErrConflict) { // one that changed meanwhile has its turn next time
				return fmt.Errorf("erase %s: %w", number, err)
			}
		}
		after = numbers[len(numbers)-1]
	}
	return nil
}

func (d *Desk) forgetPeople(ctx context.Context, before time.Time) error {
	for range forgetMost / forgetBatch {
		people, err := d.store.Forgettable(ctx, before, forgetBatch)
		if err != nil || len(people) == 0 {
			return err
		}
		for _, id := range people {
			if err := d.store.Update(ctx, func(tx Tx) error { return tx.EraseComplainant(ctx, id, d.now()) }); err != nil {
				return err
			}
		}
	}
	return nil
}

func isIllegal(err error) bool {
	var illegal *IllegalStepError
	return errors.As(err, &illegal)
}

// AgreeIn records that somebody went on after they were told what becomes of their data, in the words of this version.
func (d *Desk) AgreeIn(ctx context.Context, tx Tx, complainantID, version string) error {
	if err := tx.SetConsent(ctx, complainantID, version, d.now()); err != nil {
		return fmt.Errorf("record consent: %w", err)
	}
	return nil
}

// Erasure is what came of erasing somebody.
type Erasure struct {
	Erased []string // numbers of cases that say nothing of them any more
	Kept   []string // of those that are open, or changed so lately that their day isn't sealed yet
	Person bool     // nothing of theirs is left
}

// Erase removes, at the wish of the case's complainant, what names them and what they wrote and were told, from every case of theirs that has ended (个人信息保护法,
// article 47). What is counted stays: where each case belonged, its steps and their times. While a case is kept, the person is too.
// Errors: ErrNotFound, ErrForbidden (the office alone), *InvalidError (no reason).
func (d *Desk) Erase(ctx context.Context, actor Actor, number, reason string) (e Erasure, err error) {
	if reason == "" {
		return Erasure{}, invalid("note", "error.note_empty")
	}
	c, cases, err := d.allOf(ctx, actor, number)
	if err != nil {
		return Erasure{}, err
	}
	for _, own := range cases {
		if !own.ErasedAt.IsZero() {
			continue
		}
		err := d.store.Update(ctx, func(tx Tx) error { return d.eraseIn(ctx, tx, actor, own.Number, reason) })
		switch {
		case isIllegal(err):
			e.Kept = append(e.Kept, own.Number)
		case err != nil:
			return e, fmt.Errorf("erase %s: %w", own.Number, err)
		default:
			e.Erased = append(e.Erased, own.Number)
		}
	}
	if len(e.Kept) > 0 {
		return e, nil
	}
	e.Person = true
	return e, d.store.Update(ctx, func(tx Tx) error {
		if err := tx.DropReplies(ctx, c.ComplainantID); err != nil {
			return err
		}
		return tx.EraseComplainant(ctx, c.ComplainantID, d.now())
	})
}

// CasesOfPerson lists all cases of the complainant of a case, the newest first, contact masked. Errors: ErrNotFound, ErrForbidden (the office alone).
func (d *Desk) CasesOfPerson(ctx context.Context, actor Actor, number string) ([]Case, error) {
	_, cases, err := d.allOf(ctx, actor, number)
	for i, c := range cases {
		cases[i] = c.View(actor)
	}
	return cases, err
}

func (d *Desk) allOf(ctx context.Context, actor Actor, number string) (Case, []Case, error) {
	if !actor.May(DeedPerson) {
		return Case{}, nil, ErrForbidden
	}
	c, err := d.store.Case(ctx, number)
	if err != nil {
		return Case{}, nil, err
	}
	var all []Case
	for q := (Query{Visible: System(), ComplainantID: c.ComplainantID, Limit: largestPage}); ; {
		page, next, err := d.store.Cases(ctx, q)
		if err != nil {
			return Case{}, nil, fmt.Errorf("list cases of the complainant of %s: %w", number, err)
		}
		all = append(all, page...)
		if q.Cursor = next; next == "" {
			break
		}
	}
	return c, all, nil
}

// eraseIn removes what names somebody from one case. *IllegalStepError: it is open, erased already, or its last day isn't sealed yet.
func (d *Desk) eraseIn(ctx context.Context, tx Tx, actor Actor, number, reason string) error {
	c, err := tx.Case(ctx, number)
	if err != nil {
		return err
	}
	if c.State.Open() || !c.ErasedAt.IsZero() {
		return &IllegalStepError{Action: ActionErase, State: c.State}
	}
	e := Event{ID: NewID(), Case: number, Seq: c.Version + 1, Action: ActionErase, At: d.now(), Actor: actor, From: c.State, To: c.State,
		Data: EventData{Note: reason, Internal: true}}
	c.Apply(e, d.plan)
	if err := tx.EraseCase(ctx, c, e); err != nil {
		return err
	}
	d.announce(tx, c)
	return d.hook(ctx, tx, c, e)
}

// erased is the case without what names somebody or was written by or to them.
func (c Case) erased(at time.Time) Case {
	c.Text, c.Contact, c.Reply, c.Points = "", Contact{}, "", nil
	c.Judgement = Judgement{Item: c.Judgement.Item, Unit: c.Judgement.Unit, District: c.Judgement.District, Confidence: c.Judgement.Confidence,
		Decision: c.Judgement.Decision, Model: c.Judgement.Model}
	c.Token, c.Source, c.ExternalID, c.Published = "", "", "", false
	c.ErasedAt = at
	return c
}

// Scrubbed is what stays of an event's data when the case is erased: no free text, no files.
func (d EventData) Scrubbed() EventData {
	if d.Note == "" && d.Points == nil && d.Answers == nil && d.Attachments == nil && d.Route == nil {
		return d
	}
	if d.Route != nil && d.Route.ID == "" { // named in the office's own words
		d.Route = nil
	}
	d.Note, d.Points, d.Answers, d.Attachments, d.Erased = "", nil, nil, nil, true
	return d
}

// Dossier is all that is kept of one person, as they may have it (个人信息保护法, article 45).
type Dossier struct {
	Made        time.Time
	Complainant Complainant
	Cases       []DossierCase // the newest first
	Chats       []DossierChat // with operators, the oldest first
}

// DossierCase is a case with what was said, done and sent about it.
type DossierCase struct {
	Case     Case
	Timeline []Event // as the complainant may see it
	Notices  []Notice
	Calls    []Call
	Files    []Attachment
}

// DossierChat is a conversation with its lines.
type DossierChat struct {
	Chat  Chat
	Lines []ChatLine
}

// Dossier gathers everything about the complainant of a case, to be handed to them, and puts on the case's record who did it and why.
// Errors: as Erase.
func (d *Desk) Dossier(ctx context.Context, actor Actor, number, reason string) (Dossier, error) {
	if reason == "" {
		return Dossier{}, invalid("note", "error.note_empty")
	}
	c, cases, err := d.allOf(ctx, actor, number)
	if err != nil {
		return Dossier{}, err
	}
	err = d.store.Update(ctx, func(tx Tx) error {
		now, err := tx.Case(ctx, number)
		if err != nil {
			return err
		}
		e := Event{ID: NewID(), Case: number, Seq: now.Version + 1, Action: ActionHandOut, At: d.now(), Actor: actor, From: now.State, To: now.State,
			Data: EventData{Note: reason, Internal: true}}
		now.Apply(e, d.plan)
		return d.record(ctx, tx, &now, e)
	})
	if err != nil {
		return Dossier{}, fmt.Errorf("record that everything about the complainant of %s is handed out: %w", number, err)
	}
	dossier := Dossier{Made: d.now()}
	if dossier.Complainant, err = d.store.Complainant(ctx, c.ComplainantID); err != nil {
		return Dossier{}, fmt.Errorf("read the complainant of %s: %w", number, err)
	}
	for _, own := range cases {
		dc, err := d.dossierCase(ctx, own)
		if err != nil {
			return Dossier{}, err
		}
		dossier.Cases = append(dossier.Cases, dc)
	}
	chats, err := d.store.ChatsOf(ctx, c.ComplainantID)
	if err != nil {
		return Dossier{}, err
	}
	for _, chat := range chats {
		lines, err := d.store.ChatLines(ctx, chat.TaskID)
		if err != nil {
			return Dossier{}, err
		}
		dossier.Chats = append(dossier.Chats, DossierChat{chat, lines})
	}
	return dossier, nil
}

func (d *Desk) dossierCase(ctx context.Context, c Case) (dc DossierCase, err error) {
	own := Actor{Role: RoleComplainant, ID: c.ComplainantID}
	dc.Case = c.View(own)
	if dc.Timeline, err = d.Timeline(ctx, own, c.Number); err != nil {
		return DossierCase{}, err
	}
	if dc.Notices, err = d.store.NoticesOf(ctx, c.Number); err != nil {
		return DossierCase{}, fmt.Errorf("read notices of %s: %w", c.Number, err)
	}
	if c.WithheldFrom(own) {
		return dc, nil
	}
	if dc.Calls, err = d.store.Calls(ctx, CallQuery{Case: c.Number, Limit: largestPage}); err != nil {
		return DossierCase{}, fmt.Errorf("read calls about %s: %w", c.Number, err)
	}
	files, err := d.store.AttachmentsOf(ctx, c.Number)
	if err != nil {
		return DossierCase{}, fmt.Errorf("read files of %s: %w", c.Number, err)
	}
	dc.Files = slices.DeleteFunc(files, func(a Attachment) bool { return a.ComplainantID != c.ComplainantID })
	return dc, nil
}
