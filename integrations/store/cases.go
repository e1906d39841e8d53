package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"jiesu/routing"
)

const caseColumns = `number, state, version, complaint, enterprise, contact_name, phone, confidential, channel, external_id, source,
	complainant_id, token, judgement, category, item, unit, district, assisting, confidence, filed_at, updated_at, dispatched_at,
	reply, rating, redos, urges, refused_by, supervised, urgency, named, clock, clock_due, clock_level, calendar_missing, next_tick,
	points, asked, extensions, restricted, published, erased_at, doubted`

func (r reader) readCase(scan scanner) (c routing.Case, err error) {
	err = scan(&c.Number, &c.State, &c.Version, &c.Text, &c.Contact.Enterprise,
		sealed{r.vault, "cases.contact_name", &c.Contact.Name}, sealed{r.vault, "cases.phone", &c.Contact.Phone},
		&c.Confidential, &c.Channel, &c.ExternalID, &c.Source, &c.ComplainantID, &c.Token,
		sealed{r.vault, "cases.judgement", &c.Judgement}, &c.Category, &c.Item, &c.Unit, &c.District, asJSON{&c.Assisting}, &c.Confidence,
		when{&c.FiledAt}, when{&c.UpdatedAt}, when{&c.DispatchedAt}, &c.Reply, asJSON{&c.Rating}, &c.Redos, &c.Urges,
		asJSON{&c.RefusedBy}, &c.Supervised, &c.Urgency, &c.Named, asJSON{&c.Clock}, when{&c.Clock.Due}, &c.Clock.Level, &c.Clock.Missing,
		when{&c.Clock.NextTick}, asJSON{&c.Points}, &c.Asked, &c.Extensions, &c.Restricted, &c.Published, when{&c.ErasedAt}, &c.Doubted)
	return c, err
}

func (r reader) caseRow(c routing.Case) row {
	return append(clockRow(c.Clock), row{
		{"number", c.Number}, {"state", c.State}, {"version", c.Version}, {"complaint", c.Text}, {"enterprise", c.Contact.Enterprise},
		{"contact_name", sealed{r.vault, "cases.contact_name", c.Contact.Name}}, {"phone", sealed{r.vault, "cases.phone", c.Contact.Phone}},
		{"confidential", c.Confidential}, {"channel", c.Channel}, {"external_id", c.ExternalID}, {"source", c.Source},
		{"complainant_id", c.ComplainantID}, {"token", c.Token}, {"judgement", sealed{r.vault, "cases.judgement", c.Judgement}},
		{"category", c.Category}, {"item", c.Item}, {"unit", c.Unit}, {"district", c.District}, {"assisting", asJSON{c.Assisting}},
		{"confidence", c.Confidence}, {"filed_at", at(c.FiledAt)}, {"updated_at", at(c.UpdatedAt)}, {"dispatched_at", at(c.DispatchedAt)},
		{"reply", c.Reply}, {"rating", asJSON{c.Rating}}, {"redos", c.Redos}, {"urges", c.Urges}, {"refused_by", asJSON{c.RefusedBy}},
		{"supervised", c.Supervised}, {"urgency", c.Urgency}, {"named", c.Named},
		{"points", asJSON{c.Points}}, {"asked", c.Asked}, {"extensions", c.Extensions}, {"restricted", c.Restricted}, {"published", c.Published},
		{"erased_at", at(c.ErasedAt)}, {"doubted", c.Doubted},
	}...)
}

func clockRow(c routing.CaseClock) row {
	return row{{"clock", asJSON{c}}, {"clock_due", at(c.Due)}, {"clock_order", orderOf(c)}, {"clock_level", c.Level}, {"calendar_missing", c.Missing}, {"next_tick", at(c.NextTick)}}
}

// noClock is the order of cases without a running clock that ends.
const noClock = 9_000_000_000_000_000

func orderOf(c routing.CaseClock) int64 {
	if c.Due.IsZero() {
		return noClock
	}
	return at(c.Due)
}

// unitClockRow is clockRow as far as the lists of units need it.
func unitClockRow(c routing.CaseClock) row {
	return row{{"case_order", orderOf(c)}, {"case_level", c.Level}, {"case_missing", c.Missing}}
}

// unitRows are the case's lines in the lists of the units that see it.
func unitRows(c routing.Case) []row {
	var rows []row
	for _, unit := range viewers(c) {
		rows = append(rows, append(unitClockRow(c.Clock), row{{"unit", unit}, {"case_number", c.Number}, {"case_state", c.State},
			{"case_filed", at(c.FiledAt)}, {"case_item", c.Item}, {"case_district", c.District}, {"case_supervised", c.Supervised}}...))
	}
	return rows
}

// Case implements routing.Reader.
func (r reader) Case(ctx context.Context, number string) (routing.Case, error) {
	return one(ctx, r.run, r.readCase, `SELECT `+caseColumns+` FROM cases WHERE number = $1`, number)
}

// CaseByToken implements routing.Reader.
func (r reader) CaseByToken(ctx context.Context, token string) (routing.Case, error) {
	return one(ctx, r.run, r.readCase, `SELECT `+caseColumns+` FROM cases WHERE token = $1 AND token <> ''`, token)
}

// CaseByExternalID implements routing.Reader.
func (r reader) CaseByExternalID(ctx context.Context, source, externalID string) (routing.Case, error) {
	return one(ctx, r.run, r.readCase, `SELECT `+caseColumns+` FROM cases
		WHERE source = $1 AND external_id = $2 AND external_id <> ''`, source, externalID)
}

// InsertCase implements routing.Tx.
func (t *tx) InsertCase(ctx context.Context, c routing.Case, e routing.Event) error {
	if err := insert(ctx, t.run, "cases", t.caseRow(c)); err != nil {
		return fmt.Errorf("insert case %s: %w", c.Number, err)
	}
	if err := t.insertMatter(ctx, c); err != nil {
		return err
	}
	return t.follow(ctx, c, e, standing{changed: true}, nil)
}

// UpdateCase implements routing.Tx. The version in the condition makes it a claim: of two steps decided on the same version, one finds
// no row.
func (t *tx) UpdateCase(ctx context.Context, c routing.Case, e routing.Event) error {
	return t.updateCase(ctx, c, e, nil)
}

func (t *tx) updateCase(ctx context.Context, c routing.Case, e routing.Event, erased []erasure) error {
	read, known := t.read[c.Number]
	known = known && read.Version == e.Seq-1
	before, err := t.standing(ctx, c, read, known)
	if err != nil {
		return err
	}
	set := t.caseRow(c)
	if known {
		set = set.since(t.caseRow(read), len(clockRow(c.Clock)))
	}
	key := row{{"number", c.Number}, {"version", e.Seq - 1}}
	if err := update(ctx, t.run, "cases", set, key, routing.ErrConflict); err != nil {
		return fmt.Errorf("update case %s: %w", c.Number, err)
	}
	t.remember(c)
	before.listed = known && slices.EqualFunc(unitRows(read), unitRows(c), slices.Equal)
	if !before.listed {
		if err := later(ctx, t.run, "update units of case "+c.Number, `DELETE FROM case_units WHERE case_number = $1`, nil, c.Number); err != nil {
			return err
		}
	}
	if err := t.moveMatter(ctx, c, e); err != nil {
		return err
	}
	return t.follow(ctx, c, e, before, erased)
}

// Case implements routing.Reader, and remembers what was read: a step then writes what it changes, not the case anew in every index.
func (t *tx) Case(ctx context.Context, number string) (routing.Case, error) {
	c, err := t.reader.Case(ctx, number)
	if err == nil {
		t.remember(c)
	}
	return c, err
}

// remember keeps the case as it is stored, whatever the caller does to its copy.
func (t *tx) remember(c routing.Case) {
	if t.read == nil {
		t.read = map[string]routing.Case{}
	}
	c.Assisting, c.RefusedBy, c.Points = slices.Clone(c.Assisting), slices.Clone(c.RefusedBy), slices.Clone(c.Points)
	if c.Rating != nil {
		rating := *c.Rating
		c.Rating = &rating
	}
	t.read[c.Number] = c
}

// SetClock implements routing.Tx.
func (t *tx) SetClock(ctx context.Context, number string, version int64, clock routing.CaseClock) error {
	delete(t.read, number)
	if err := update(ctx, t.run, "cases", clockRow(clock), row{{"number", number}, {"version", version}}, routing.ErrConflict); err != nil {
		return fmt.Errorf("set clock of case %s: %w", number, err)
	}
	units := `UPDATE case_units SET case_order = $1, case_level = $2, case_missing = $3 WHERE case_number = $4`
	return later(ctx, t.run, "set clock of case "+number+" for its units", units, nil, orderOf(clock), clock.Level, clock.Missing, number)
}

// DueTicks implements routing.Reader. The condition is that of the index, which holds only the cases with a tick to come.
func (r reader) DueTicks(ctx context.Context, now time.Time, limit int) ([]string, error) {
	numbers, err := list(ctx, r.run, value[string], `SELECT number FROM cases WHERE next_tick > 0 AND next_tick <= $1
		ORDER BY next_tick, number LIMIT $2`, at(now), limit)
	if err != nil {
		return nil, fmt.Errorf("list due clocks: %w", err)
	}
	return numbers, nil
}

// follow writes what hangs on the case's row: who may see it, its newest event, its words, and how it is counted, which was before.
func (t *tx) follow(ctx context.Context, c routing.Case, e routing.Event, before standing, erased []erasure) error {
	if !before.listed {
		for _, r := range unitRows(c) {
			if err := insertLater(ctx, t.run, "record unit of case "+c.Number, "case_units", r); err != nil {
				return err
			}
		}
	}
	if err := t.append(ctx, "events", "case_number", c.Number, e.ID, e.Seq, string(e.Action), e.At, e.Actor, string(e.From), string(e.To),
		eventData{e.Data, e.Data.Assisting, erased}, before.chain, t.caseRow(c)); err != nil {
		return err
	}
	if before.changed || speaks(e) {
		if err := t.reindex(ctx, c, e); err != nil {
			return err
		}
	}
	return t.count(ctx, before.kinds, kindsOf(c)) // last, since others may wait for the same line
}

// append adds an event of a case or a problem, chained to the one before it and to the row that it leaves behind.
func (t *tx) append(ctx context.Context, table, ofColumn, of, id string, seq int64, action string, when time.Time, actor routing.Actor, from, to string, data any, before string, after row) error {
	text, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("append event %d of %s: %w", seq, of, err)
	}
	e := eventRow(id, ofColumn, of, seq, action, when, actor, from, to, string(text))
	chain, err := t.vault.chain(before, e, after)
	if err != nil {
		return fmt.Errorf("append event %d of %s: %w", seq, of, err)
	}
	return insertLater(ctx, t.run, fmt.Sprintf("append event %d of %s", seq, of), table, append(e, column{"chain", chain}))
}

// eventData keeps an empty list of assisting units (nobody assists any more) apart from none (as before). Without the difference, the
// events would not give the case's row again.
type eventData struct {
	routing.EventData
	Assisting []string  `json:"assisting,omitzero"` // takes the place of the embedded field
	Erasures  []erasure `json:"erasures,omitempty"`
}

func readEvent(scan scanner) (e routing.Event, err error) {
	var d eventData
	err = scan(&e.ID, &e.Case, &e.Seq, &e.Action, when{&e.At}, &e.Actor.Role, &e.Actor.Unit, &e.Actor.ID, &e.Actor.Name,
		&e.From, &e.To, asJSON{&d})
	e.Data = d.EventData
	e.Data.Assisting = d.Assisting
	return e, err
}

// Events implements routing.Reader, in the order they happened. A case that doesn't exist has none.
func (r reader) Events(ctx context.Context, number string) ([]routing.Event, error) {
	return list(ctx, r.run, readEvent, `SELECT id, case_number, seq, action, at, actor_role, actor_unit, actor_id, actor_name,
		from_state, to_state, data FROM events WHERE case_number = $1 ORDER BY seq`, number)
}
