package store

import (
	"context"
	"crypto/hmac"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/emmansun/gmsm/sm3"

	"jiesu/routing"
)

// The audit trail shows afterwards that somebody changed the database past the program. Whoever can write to the database but hasn't the secret key can't make it
// right again: each event carries a keyed hash (HMAC-SM3) of itself, of the hash of the event before it, and of the row that it left behind; and each day's events
// are sealed together, each seal upon the one before.

// notAudited are columns of a case that change without an event, or whose stored form differs each time though they say the same.
var notAudited = map[string]bool{
	"clock": true, "clock_due": true, "clock_order": true, "clock_level": true, "calendar_missing": true, "next_tick": true,
	"contact_name": true, "phone": true, "judgement": true, "updated_at": true, "named": true,
}

// younger are columns that came after the trail, with what they hold in rows of before: hashes of then don't know them.
var younger = map[string]any{"erased_at": int64(0), "doubted": false}

// mac is the keyed hash of the parts, each with its length before it, so that no two lists give the same bytes.
func (v *vault) mac(purpose string, parts ...string) string {
	h := hmac.New(sm3.New, v.ring.Load().audit)
	for _, p := range append([]string{purpose}, parts...) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// plainOf is the row's audited columns with their values as text, as the database would hand them back.
func plainOf(r row) ([]string, error) {
	parts := make([]string, 0, 2*len(r))
	for _, c := range r {
		if notAudited[c.name] {
			continue
		}
		if was, later := younger[c.name]; later && c.value == was {
			continue
		}
		v, err := driver.DefaultParameterConverter.ConvertValue(c.value)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.name, err)
		}
		parts = append(parts, c.name, fmt.Sprint(v))
	}
	return parts, nil
}

// eventRow is an event of a case or a problem as it is stored, but for its chain.
func eventRow(id, ofColumn, of string, seq int64, action string, when time.Time, actor routing.Actor, from, to, data string) row {
	return row{{"id", id}, {ofColumn, of}, {"seq", seq}, {"action", action}, {"at", at(when)}, {"actor_role", string(actor.Role)}, {"actor_unit", actor.Unit},
		{"actor_id", actor.ID}, {"actor_name", actor.Name}, {"from_state", from}, {"to_state", to}, {"data", data}}
}

// chain is what an event carries: the keyed hash of the row that it left behind, and that of itself with this one and with what the event before it carries. So every
// event can be held against the one before it, and the last one against the row.
func (v *vault) chain(before string, event, after row) (string, error) {
	left, err := plainOf(after)
	if err != nil {
		return "", err
	}
	return v.link(before, event, v.mac("row", left...)[:leftLength])
}

// leftLength is how much of the row's hash an event carries, in hexadecimal digits.
const leftLength = 32

func (v *vault) link(before string, event row, left string) (string, error) {
	of, err := plainOf(event)
	if err != nil {
		return "", err
	}
	return left + "." + v.mac("event", append([]string{before, left}, of...)...), nil
}

// trail is a kind of event with what it is of.
type trail struct {
	table, of string // events, and their column that says of what
	owners    string // of what they are
	rows      func(r reader, ctx context.Context, numbers []string) (map[string]owner, error)
	eventless string // which owners there are without events; the query takes nothing
}

// owner is a case or a problem as it stands.
type owner struct {
	version int64
	row     row
}

func trails() []trail {
	return []trail{
		{table: "events", of: "case_number", owners: "case", rows: func(r reader, ctx context.Context, numbers []string) (map[string]owner, error) {
			cases, err := list(ctx, r.run, r.readCase, `SELECT `+caseColumns+` FROM cases WHERE number IN (`+marksOf(numbers)+`)`, anyOf(numbers)...)
			found := map[string]owner{}
			for _, c := range cases {
				found[c.Number] = owner{c.Version, r.caseRow(c)}
			}
			return found, err
		}, eventless: `SELECT number FROM cases WHERE NOT EXISTS (SELECT 1 FROM events WHERE case_number = number) ORDER BY number`},
		{table: "problem_events", of: "problem", owners: "problem", rows: func(r reader, ctx context.Context, numbers []string) (map[string]owner, error) {
			problems, err := list(ctx, r.run, readProblem, `SELECT `+problemColumns+` FROM problems WHERE number IN (`+marksOf(numbers)+`)`, anyOf(numbers)...)
			found := map[string]owner{}
			for _, p := range problems {
				found[p.Number] = owner{p.Version, problemRow(p)}
			}
			return found, err
		}, eventless: `SELECT number FROM problems WHERE NOT EXISTS (SELECT 1 FROM problem_events WHERE problem = number) ORDER BY number`},
	}
}

func marksOf(list []string) string {
	marks := make([]string, len(list))
	for i := range list {
		marks[i] = fmt.Sprint("$", i+1)
	}
	return strings.Join(marks, ", ")
}

func anyOf(list []string) []any {
	args := make([]any, len(list))
	for i, s := range list {
		args[i] = s
	}
	return args
}

// stored is an event as it lies in the database.
type stored struct {
	of    string
	seq   int64
	row   row
	chain string
	made  time.Time // by its id, which begins with a time; by its own time if it doesn't
}

func (t trail) read(scan scanner) (s stored, err error) {
	var id, action, from, to, data string
	var ms int64
	var actor routing.Actor
	err = scan(&id, &s.of, &s.seq, &action, &ms, &actor.Role, &actor.Unit, &actor.ID, &actor.Name, &from, &to, &data, &s.chain)
	happened := time.UnixMilli(ms)
	if ms == 0 {
		happened = time.Time{}
	}
	s.row = eventRow(id, t.of, s.of, s.seq, action, happened, actor, from, to, data)
	if s.made, _ = routing.IDTime(id); s.made.IsZero() {
		s.made = happened
	}
	return s, err
}

func (t trail) columns() string {
	return `id, ` + t.of + `, seq, action, at, actor_role, actor_unit, actor_id, actor_name, from_state, to_state, data, chain`
}

// each reads events, in the order of what they are of.
func (t trail) each(ctx context.Context, r runner, visit func(stored) error, where string, args ...any) error {
	rows, err := r.QueryContext(ctx, `SELECT `+t.columns()+` FROM `+t.table+where+` ORDER BY `+t.of+`, seq`, args...)
	if err != nil {
		return fmt.Errorf("read %s: %w", t.table, translate(err))
	}
	defer func() { _ = rows.Close() }() // its error is rows.Err's
	for rows.Next() {
		s, err := t.read(rows.Scan)
		if err == nil {
			err = visit(s)
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", t.table, err)
		}
	}
	return translate(rows.Err())
}

// dayOfAudit is the day in Beijing.
func dayOfAudit(t time.Time) string { return t.In(routing.Beijing()).Format(time.DateOnly) }

// sum adds up a day's events, in whatever order they come: a sum of keyed hashes that only who has the key could hit.
type sum struct {
	events, unchained int64
	total             big.Int
}

var modulus = new(big.Int).Lsh(big.NewInt(1), 8*sm3.Size)

// counted is what an event counts for in its day's seal.
func (v *vault) counted(e stored) (string, error) {
	parts, err := plainOf(e.row)
	if err != nil {
		return "", err
	}
	return v.mac("sealed", append(parts, e.chain)...), nil
}

func (s *sum) add(e stored, counted string) error {
	hash, ok := new(big.Int).SetString(counted, 16)
	if !ok {
		return errors.New("a hash that is no number")
	}
	s.events++
	if e.chain == "" {
		s.unchained++
	}
	s.total.Mod(s.total.Add(&s.total, hash), modulus)
	return nil
}

// seal is a day's line of audit_seals.
type seal struct {
	day               string
	events, unchained int64
	digest, chain     string
}

func readSeal(scan scanner) (s seal, err error) {
	err = scan(&s.day, &s.events, &s.unchained, &s.digest, &s.chain)
	return s, err
}

func (v *vault) sealOf(before, day string, s *sum) seal {
	digest := fmt.Sprintf("%064x", &s.total)
	return seal{day, s.events, s.unchained, digest, v.mac("day", before, day, fmt.Sprint(s.events), fmt.Sprint(s.unchained), digest)}
}

// settled is how long after midnight a day is sealed: until then a transaction of the day before may still end.
const settled = time.Hour

// SealDays seals every whole day that isn't yet, from the first event on. It may be called at any time, by one at a time.
func (db *DB) SealDays(ctx context.Context) error {
	last, err := list(ctx, db.write, readSeal, `SELECT day, events, unchained, digest, chain FROM audit_seals ORDER BY day DESC LIMIT 1`)
	if err != nil {
		return fmt.Errorf("read the last seal: %w", err)
	}
	until, from, before := db.now().Add(-settled), time.Time{}, ""
	today := startOfDay(until)
	where, args := ` WHERE id < $1`, []any{routing.IDsFrom(today)}
	if len(last) > 0 {
		day, err := time.ParseInLocation(time.DateOnly, last[0].day, routing.Beijing())
		if err != nil {
			return fmt.Errorf("read the last seal: %w", err)
		}
		from, before = day.AddDate(0, 0, 1), last[0].chain
		if !from.Before(today) {
			return nil
		}
		where, args = where+` AND id >= $2`, append(args, routing.IDsFrom(from))
	}
	days := map[string]*sum{}
	for _, t := range trails() {
		err := t.each(ctx, db.read, func(s stored) error {
			if from.IsZero() || s.made.Before(from) {
				from = startOfDay(s.made)
			}
			return db.addToDay(days, s, "")
		}, where, args...)
		if err != nil {
			return fmt.Errorf("seal days: %w", err)
		}
	}
	if from.IsZero() { // nothing has happened yet
		return nil
	}
	for d := from; d.Before(today); d = d.AddDate(0, 0, 1) {
		of := days[dayOfAudit(d)]
		if of == nil {
			of = &sum{}
		}
		s := db.vault.sealOf(before, dayOfAudit(d), of)
		_, err := db.write.ExecContext(ctx, `INSERT INTO audit_seals (day, events, unchained, digest, chain, sealed_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			s.day, s.events, s.unchained, s.digest, s.chain, at(db.now()))
		if err != nil {
			return fmt.Errorf("seal %s: %w", s.day, err)
		}
		before = s.chain
	}
	return nil
}

func startOfDay(t time.Time) time.Time {
	t = t.In(routing.Beijing())
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}
