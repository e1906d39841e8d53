package store

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"jiesu/routing"
)

const (
	// newestOfTrait is how many open cases with a trait are considered, the newest first. A trait that tells anything is held by fewer, unless
	// hundreds of thousands of cases are open.
	newestOfTrait = 400
	// candidates is how many cases that share the most traits are compared in full.
	candidates = 100
	// mattersOfOne bounds the cases of one complainant that are compared.
	mattersOfOne = 100
	// traitSize is that of a stored trait, in bytes.
	traitSize = 8
)

// packMatter is a matter as it is stored.
func packMatter(m routing.Matter) []byte {
	b := make([]byte, 0, traitSize*len(m))
	for _, t := range m {
		b = binary.LittleEndian.AppendUint32(b, t.Hash)
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(t.Weight))
	}
	return b
}

func unpackMatter(b []byte) (routing.Matter, error) {
	if len(b)%traitSize != 0 {
		return nil, fmt.Errorf("matter of %d bytes", len(b))
	}
	m := make(routing.Matter, len(b)/traitSize)
	for i := range m {
		at := b[traitSize*i:]
		m[i] = routing.Trait{Hash: binary.LittleEndian.Uint32(at), Weight: math.Float32frombits(binary.LittleEndian.Uint32(at[4:]))}
	}
	return m, nil
}

// numbered is the matter of a case.
type numbered struct {
	number string
	matter routing.Matter
}

func readNumbered(scan scanner) (n numbered, err error) {
	var raw []byte
	if err := scan(&n.number, &raw); err != nil {
		return n, err
	}
	n.matter, err = unpackMatter(raw)
	return n, err
}

// MatterOf implements routing.Reader.
func (r reader) MatterOf(ctx context.Context, number string) (routing.Matter, error) {
	n, err := one(ctx, r.run, readNumbered, `SELECT case_number, traits FROM matters WHERE case_number = $1`, number)
	return n.matter, err
}

// MattersOf implements routing.Reader.
func (r reader) MattersOf(ctx context.Context, complainantID string) (map[string]routing.Matter, error) {
	c := &conditions{}
	c.add("complainant_id = ?", complainantID)
	c.add("state IN (" + c.marks(openStates()) + ")")
	all, err := list(ctx, r.run, readNumbered, `SELECT case_number, traits FROM cases JOIN matters ON case_number = number`+c.where()+
		` ORDER BY filed_at DESC, number DESC LIMIT `+strconv.Itoa(mattersOfOne), c.args...)
	if err != nil {
		return nil, fmt.Errorf("read matters of %s: %w", complainantID, err)
	}
	matters := make(map[string]routing.Matter, len(all))
	for _, n := range all {
		matters[n.number] = n.matter
	}
	return matters, nil
}

func openStates() []routing.State {
	return slices.DeleteFunc(routing.States(), func(s routing.State) bool { return !s.Open() })
}

// Alike implements routing.Reader: the cases that share the most weight are found in the index, compared in full, and read if they are
// alike enough.
func (r reader) Alike(ctx context.Context, q routing.Resemblance) ([]routing.Near, error) {
	if len(q.Matter) == 0 || q.Limit < 1 {
		return nil, nil
	}
	found, err := r.sharing(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("look for cases that share traits: %w", err)
	}
	likeness := map[string]float64{}
	for _, n := range found {
		if l := q.Matter.Likeness(n.matter); l >= q.Least && n.number != q.Except {
			likeness[n.number] = l
		}
	}
	if len(likeness) == 0 {
		return nil, nil
	}
	near, err := r.near(ctx, likeness)
	if err != nil {
		return nil, fmt.Errorf("read cases alike: %w", err)
	}
	near = slices.DeleteFunc(near, func(n routing.Near) bool { return n.FiledAt.Before(q.Since) })
	slices.SortFunc(near, func(a, b routing.Near) int {
		return cmp.Or(cmp.Compare(b.Likeness, a.Likeness), cmp.Compare(b.Number, a.Number))
	})
	return near[:min(len(near), q.Limit)], nil
}

// sharing finds the matters that share the most weight with the one that is looked for.
func (r reader) sharing(ctx context.Context, q routing.Resemblance) ([]numbered, error) {
	var args []any
	mark := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	recent := ""
	if !q.Since.IsZero() {
		recent = " AND case_number >= " + mark(routing.NumbersFrom(q.Since))
	}
	holders := make([]string, len(q.Matter))
	newest := cmp.Or(q.Newest, newestOfTrait)
	for i, t := range q.Matter {
		holders[i] = fmt.Sprintf(`SELECT case_number, weight FROM (SELECT case_number, CAST(%s AS DOUBLE PRECISION) AS weight FROM matter_traits
			WHERE trait = %s%s ORDER BY case_number DESC LIMIT %d) AS t%d`, mark(float64(t.Weight)), mark(int64(t.Hash)), recent, newest, i)
	}
	pending := ""
	if q.Pending {
		pending = ` WHERE NOT EXISTS (SELECT 1 FROM incident_cases JOIN tasks ON id = task_id
			WHERE incident_cases.case_number = sharing.case_number AND done_at > 0)`
	}
	return list(ctx, r.run, readNumbered, `SELECT matters.case_number, traits FROM (SELECT case_number FROM
		(SELECT case_number, sum(weight) AS weight FROM (`+strings.Join(holders, ` UNION ALL `)+`) AS holders GROUP BY case_number) AS sharing`+pending+
		` ORDER BY weight DESC, case_number DESC LIMIT `+strconv.Itoa(candidates)+`) AS best
		JOIN matters ON matters.case_number = best.case_number`, args...)
}

// near reads what else is to be known of the cases.
func (r reader) near(ctx context.Context, likeness map[string]float64) ([]routing.Near, error) {
	marks, args := make([]string, 0, len(likeness)), make([]any, 0, len(likeness))
	for number := range likeness {
		args = append(args, number)
		marks = append(marks, "$"+strconv.Itoa(len(args)))
	}
	read := func(scan scanner) (n routing.Near, err error) {
		err = scan(&n.Number, &n.ComplainantID, when{&n.FiledAt}, &n.Incident)
		n.Likeness = likeness[n.Number]
		return n, err
	}
	return list(ctx, r.run, read, `SELECT number, cases.complainant_id, filed_at, COALESCE(task_id, '') FROM cases
		LEFT JOIN incident_cases ON incident_cases.case_number = number WHERE number IN (`+strings.Join(marks, ", ")+`)`, args...)
}

// insertMatter keeps what a new case is about.
func (t *tx) insertMatter(ctx context.Context, c routing.Case) error {
	m := c.Judgement.Matter
	if len(m) == 0 {
		return nil
	}
	fresh := c.State.Open() && c.Channel != routing.ChannelImport // months of orders come at once: that is no burst
	if err := insertLater(ctx, t.run, "keep matter of case "+c.Number, "matters", row{{"case_number", c.Number}, {"traits", packMatter(m)}, {"uncompared", fresh}}); err != nil {
		return err
	}
	if !c.State.Open() {
		return nil
	}
	return t.indexMatter(ctx, c.Number, m)
}

func (t *tx) indexMatter(ctx context.Context, number string, m routing.Matter) error {
	marks, args := make([]string, len(m)), []any{number}
	for i, trait := range m {
		args = append(args, int64(trait.Hash))
		marks[i] = "($" + strconv.Itoa(len(args)) + ", $1)"
	}
	add := `INSERT INTO matter_traits (trait, case_number) VALUES ` + strings.Join(marks, ", ") + ` ON CONFLICT DO NOTHING`
	return later(ctx, t.run, "index matter of case "+number, add, nil, args...)
}

// moveMatter takes a case that isn't open any more out of the index, or puts one back that is open again.
func (t *tx) moveMatter(ctx context.Context, c routing.Case, e routing.Event) error {
	if e.From.Open() == c.State.Open() {
		return nil
	}
	found, err := list(ctx, t.run, readNumbered, `SELECT case_number, traits FROM matters WHERE case_number = $1`, c.Number)
	if err != nil || len(found) == 0 {
		return err
	}
	m := found[0].matter
	if c.State.Open() {
		return t.indexMatter(ctx, c.Number, m)
	}
	marks, args := make([]string, len(m)), []any{c.Number}
	for i, trait := range m {
		args = append(args, int64(trait.Hash))
		marks[i] = "$" + strconv.Itoa(len(args))
	}
	drop := `DELETE FROM matter_traits WHERE case_number = $1 AND trait IN (` + strings.Join(marks, ", ") + `)`
	return later(ctx, t.run, "take matter of case "+c.Number+" out of the index", drop, nil, args...)
}
