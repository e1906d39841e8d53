package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"jiesu/routing"
)

// AuditFinding is something in the database that the program didn't write so.
type AuditFinding struct {
	Where string // number of a case or problem with the event's seq, or a day
	What  string
}

// AuditReport is what a look at the whole trail found.
type AuditReport struct {
	Events    int64 // looked at
	Unchained int64 // of them, written by programs of before, covered by the seals of their days alone
	Days      int   // with a seal
	Head      string
	Findings  []AuditFinding // the first thousand
}

const mostFindings = 1000

func (r *AuditReport) add(where, what string) {
	if len(r.Findings) < mostFindings {
		r.Findings = append(r.Findings, AuditFinding{where, what})
	}
}

// Audit looks at every event, what it is of, and every seal. tell, which may be nil, hears how many events are done of how many. What is written meanwhile may
// be found or not, and is no finding.
func (db *DB) Audit(ctx context.Context, tell func(done, total int)) (r AuditReport, err error) {
	total := 0
	for _, t := range trails() {
		var n int
		if err := db.read.QueryRowContext(ctx, `SELECT count(*) FROM `+t.table).Scan(&n); err != nil {
			return r, fmt.Errorf("count %s: %w", t.table, err)
		}
		total += n
	}
	begun := db.now()
	days := map[string]*sum{}
	for _, t := range trails() {
		if err := db.follow(ctx, t, begun, &r, days, func() {
			if tell != nil && r.Events%1000 == 0 {
				tell(int(r.Events), max(total, int(r.Events)))
			}
		}); err != nil {
			return r, err
		}
	}
	return r, db.compareSeals(ctx, begun, &r, days)
}

// auditBatch is how many cases are compared with their events at a time.
const auditBatch = 500

// follow goes along one kind of events.
func (db *DB) follow(ctx context.Context, t trail, begun time.Time, r *AuditReport, days map[string]*sum, done func()) error {
	var last stored
	ends := map[string]stored{}
	compare := func() error {
		numbers := make([]string, 0, len(ends))
		for number := range ends {
			numbers = append(numbers, number)
		}
		if len(numbers) == 0 {
			return nil
		}
		owners, err := t.rows(reader{pool{db.read}, db.dialect, db.vault, db.search}, ctx, numbers)
		if errors.Is(err, ErrWrongKey) { // one of them can't be opened: find out which
			owners = map[string]owner{}
			for _, number := range numbers {
				one, err := t.rows(reader{pool{db.read}, db.dialect, db.vault, db.search}, ctx, []string{number})
				if err != nil {
					r.add(number, "its personal data was changed or comes from elsewhere")
					delete(ends, number)
					continue
				}
				owners[number] = one[number]
			}
		} else if err != nil {
			return fmt.Errorf("read what %s are of: %w", t.table, err)
		}
		for number, e := range ends {
			o, ok := owners[number]
			switch {
			case !ok || o.row == nil:
				r.add(number, "there are events of a "+t.owners+" that isn't there")
			case o.version > e.seq && e.made.After(begun.Add(-time.Minute)):
				// A step came while we looked.
			case o.version != e.seq:
				r.add(number, fmt.Sprintf("the %s is at version %d, its last event is %d", t.owners, o.version, e.seq))
			case e.chain != "":
				left, err := plainOf(o.row)
				if err != nil {
					return err
				}
				if !strings.HasPrefix(e.chain, db.vault.mac("row", left...)[:leftLength]+".") {
					r.add(number, "the "+t.owners+"'s row was changed")
				}
			}
		}
		clear(ends)
		return nil
	}
	// Events that aren't as they were written, until an event further on says that this was erased from them.
	changed := map[int64]stored{}
	settle := func() error {
		for seq, e := range changed {
			r.add(fmt.Sprintf("%s #%d", e.of, seq), "the event was changed, or the one before it")
			if err := db.addToDay(days, e, ""); err != nil {
				return err
			}
		}
		clear(changed)
		return nil
	}
	err := t.each(ctx, db.read, func(s stored) error {
		r.Events++
		if s.of != last.of {
			if err := settle(); err != nil {
				return err
			}
			if last.of != "" && len(ends) >= auditBatch {
				if err := compare(); err != nil {
					return err
				}
			}
			last = stored{}
		}
		if s.seq != last.seq+1 {
			r.add(fmt.Sprintf("%s #%d", s.of, last.seq+1), "an event is missing")
		}
		if s.chain == "" {
			r.Unchained++
			if strings.Contains(s.row.value("data").(string), `"erased":true`) {
				changed[s.seq] = s // only its day's seal knows it as it was
			}
		} else {
			left, _, _ := strings.Cut(s.chain, ".")
			want, err := db.vault.link(last.chain, s.row, left)
			if err != nil {
				return err
			}
			if want != s.chain {
				changed[s.seq] = s
			} else if err := db.excuse(s, changed, days); err != nil {
				return err
			}
		}
		if _, waits := changed[s.seq]; !waits {
			if err := db.addToDay(days, s, ""); err != nil {
				return err
			}
		}
		ends[s.of] = s
		last = s
		done()
		return nil
	}, "")
	if err == nil {
		err = settle()
	}
	if err == nil {
		err = compare()
	}
	if err != nil {
		return err
	}
	lonely, err := list(ctx, db.read, value[string], t.eventless)
	if err != nil {
		return fmt.Errorf("look for a %s without events: %w", t.owners, err)
	}
	for _, number := range lonely {
		r.add(number, "a "+t.owners+" without an event")
	}
	return nil
}

// addToDay adds an event to its day: as it is, or as it is on record to have counted.
func (db *DB) addToDay(days map[string]*sum, e stored, counted string) (err error) {
	if counted == "" {
		if counted, err = db.vault.counted(e); err != nil {
			return err
		}
	}
	day := dayOfAudit(e.made)
	if days[day] == nil {
		days[day] = &sum{}
	}
	return days[day].add(e, counted)
}

// excuse takes from the changed events those that s, an event that holds, says were erased, if what is left of them is what s says.
func (db *DB) excuse(s stored, changed map[int64]stored, days map[string]*sum) error {
	if s.row.value("action") != string(routing.ActionErase) {
		return nil
	}
	var d eventData
	if err := json.Unmarshal([]byte(s.row.value("data").(string)), &d); err != nil {
		return fmt.Errorf("read event %d of %s: %w", s.seq, s.of, err)
	}
	for _, e := range d.Erasures {
		c, ok := changed[e.Seq]
		if !ok {
			continue
		}
		left, err := db.vault.leftOf(c.row)
		if err != nil {
			return err
		}
		if left != e.Left {
			continue
		}
		delete(changed, e.Seq)
		if err := db.addToDay(days, c, e.Counted); err != nil {
			return err
		}
	}
	return nil
}

// compareSeals holds the days against their seals, and the seals against each other.
func (db *DB) compareSeals(ctx context.Context, begun time.Time, r *AuditReport, days map[string]*sum) error {
	seals, err := list(ctx, db.read, readSeal, `SELECT day, events, unchained, digest, chain FROM audit_seals ORDER BY day`)
	if err != nil {
		return fmt.Errorf("read seals: %w", err)
	}
	before, next := "", ""
	for _, s := range seals {
		if next != "" && s.day != next {
			r.add(next, "the day's seal is missing")
		}
		of := days[s.day]
		if of == nil {
			of = &sum{}
		}
		delete(days, s.day)
		switch want := db.vault.sealOf(before, s.day, of); {
		case want.events != s.events:
			r.add(s.day, fmt.Sprintf("%d events were sealed, there are %d", s.events, want.events))
		case want.digest != s.digest:
			r.add(s.day, "events of the day were changed after it was sealed")
		case want.chain != s.chain:
			r.add(s.day, "the seal was changed, or one before it")
		}
		before = s.chain
		day, err := time.ParseInLocation(time.DateOnly, s.day, routing.Beijing())
		if err != nil {
			r.add(s.day, "the seal's day is none")
			continue
		}
		next = dayOfAudit(day.AddDate(0, 0, 1))
	}
	r.Days, r.Head = len(seals), before
	// A server that was off seals late; two days are no sign of anything.
	unsealed := dayOfAudit(begun.AddDate(0, 0, -2))
	for day, of := range days {
		if len(seals) > 0 && day < seals[0].day {
			r.add(day, "events before the first seal")
		} else if day < unsealed {
			r.add(day, "the day has events and no seal")
		}
		if of.unchained > 0 {
			r.add(day, fmt.Sprintf("%d events without a chain on a day that isn't sealed yet: written by a program of before, or changed", of.unchained))
		}
	}
	return nil
}

// HasSeal reports whether a day has this seal.
func (db *DB) HasSeal(ctx context.Context, chain string) (bool, error) {
	found, err := list(ctx, db.read, value[string], `SELECT day FROM audit_seals WHERE chain = $1`, chain)
	if err != nil {
		return false, fmt.Errorf("look for a seal: %w", err)
	}
	return len(found) > 0, nil
}
