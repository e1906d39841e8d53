package store_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"jiesu/integrations/store"
	"jiesu/routing"
)

// day is the last day of the crowd's year.
var day = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// crowd is very many open cases filed evenly over a year, whose traits are as frequent as those of the corpus: the nth in proportion to
// (n+100)^-0.6, the most frequent of them in a hundredth of the cases.
type crowd struct {
	random  *rand.Rand
	matters []routing.Matter
}

const traitsOfCase = 16

func newCrowd(cases int) *crowd {
	c := &crowd{random: rand.New(rand.NewPCG(1, 2))}
	for range cases {
		c.matters = append(c.matters, c.matter(cases))
	}
	return c
}

// matter draws among half as many traits as there are cases, and thirty thousand more.
func (c *crowd) matter(cases int) routing.Matter {
	const shift, power = 100, 0.4 // 1 - 0.6
	kinds := float64(30_000 + cases/2)
	seen := map[uint32]bool{}
	var m routing.Matter
	for len(m) < traitsOfCase {
		from, to := math.Pow(shift, power), math.Pow(shift+kinds, power)
		rank := uint32(math.Pow(from+c.random.Float64()*(to-from), 1/power)) - shift
		if hash := rank * 2654435761; !seen[hash] {
			seen[hash] = true
			m = append(m, routing.Trait{Hash: hash, Weight: 0.25})
		}
	}
	slices.SortFunc(m, func(a, b routing.Trait) int { return cmp.Compare(a.Hash, b.Hash) })
	return m
}

func (c *crowd) number(i int) string {
	perDay := max(1, len(c.matters)/365)
	filed := day.AddDate(0, 0, -(len(c.matters)-1-i)/perDay)
	return fmt.Sprintf("%s-%06d", routing.NumbersFrom(filed), i%perDay)
}

// fill writes the crowd straight into the tables, each in the order of its key.
func (c *crowd) fill(b *testing.B, db *store.DB) {
	b.Helper()
	w := &bulk{b: b, db: db}
	w.begin(`INSERT INTO complainants (id, openid, openid_index, phone, phone_index, name, enterprise, following, created_at) VALUES `)
	w.add(`('crowd', '', '', '', '', '', '', FALSE, 0)`)
	w.end()
	w.begin(`INSERT INTO cases (number, state, version, complaint, enterprise, contact_name, phone, confidential, channel, external_id, source,
		complainant_id, token, judgement, category, item, unit, district, assisting, confidence, filed_at, updated_at, dispatched_at, reply, rating,
		redos, urges, refused_by, supervised) VALUES `)
	text := strings.Repeat("一", 150)
	for i := range c.matters {
		at := day.AddDate(0, 0, -(len(c.matters)-1-i)/max(1, len(c.matters)/365)).UnixMilli()
		w.add(fmt.Sprintf(`('%s', 'dispatched', 1, '%s', '', '', '', FALSE, 'api', '', '', 'crowd', 't%d', '', '', '1.1', 'finance', '', 'null', 1, %d, %d, %d, '',
			'null', 0, 0, 'null', FALSE)`, c.number(i), text, i, at, at, at))
	}
	w.end()
	w.begin(`INSERT INTO matters (case_number, traits) VALUES `)
	blob := "x'%x'"
	if db.Dialect() == store.Postgres {
		blob = `'\x%x'`
	}
	for i, m := range c.matters {
		w.add(fmt.Sprintf("('%s', "+blob+")", c.number(i), store.PackMatter(m)))
	}
	w.end()
	type held struct{ trait, of uint32 }
	index := make([]held, 0, traitsOfCase*len(c.matters))
	for i, m := range c.matters {
		for _, t := range m {
			index = append(index, held{t.Hash, uint32(i)})
		}
	}
	slices.SortFunc(index, func(a, b held) int { return cmp.Or(cmp.Compare(a.trait, b.trait), cmp.Compare(a.of, b.of)) })
	w.begin(`INSERT INTO matter_traits (trait, case_number) VALUES `)
	for _, h := range index {
		w.add(fmt.Sprintf("(%d, '%s')", h.trait, c.number(int(h.of))))
	}
	w.end()
	if db.Dialect() == store.Postgres {
		w.run("VACUUM ANALYZE matters, matter_traits, cases")
	}
}

// bulk inserts a thousand rows a statement.
type bulk struct {
	b     *testing.B
	db    *store.DB
	begun string
	rows  []string
}

func (w *bulk) begin(statement string) { w.begun = statement }

func (w *bulk) add(row string) {
	if w.rows = append(w.rows, row); len(w.rows) == 1000 {
		w.end()
	}
}

func (w *bulk) end() {
	w.b.Helper()
	if len(w.rows) > 0 {
		w.run(w.begun + strings.Join(w.rows, ", "))
	}
	w.rows = w.rows[:0]
}

func (w *bulk) run(statement string) {
	w.b.Helper()
	if _, err := w.db.Write().ExecContext(w.b.Context(), statement); err != nil {
		w.b.Fatal(err)
	}
}

// BenchmarkAlike looks for cases alike among open cases, in the whole city and filed within a day, and files cases with and without a
// matter. A million cases take minutes to write: -short leaves them out.
func BenchmarkAlike(b *testing.B) {
	for name, address := range map[string]func(testing.TB) string{"sqlite": fresh.SQLite, "postgres": fresh.Postgres} {
		for _, cases := range []int{10_000, 1_000_000} {
			b.Run(fmt.Sprintf("%s/cases=%d", name, cases), func(b *testing.B) {
				if testing.Short() && cases > 10_000 {
					b.Skip("takes minutes")
				}
				benchAlike(b, address(b), newCrowd(cases))
			})
		}
	}
}

func benchAlike(b *testing.B, url string, c *crowd) {
	s := newStore(b, url)
	db := openDB(b, url)
	c.fill(b, db)
	cases := len(c.matters)
	// The next complaint shares most with one that is there, and else is as any other.
	next := func() routing.Matter {
		m := append(slices.Clone(c.matters[c.random.IntN(cases)][:traitsOfCase/2]), c.matter(cases)[:traitsOfCase/2]...)
		slices.SortFunc(m, func(a, b routing.Trait) int { return cmp.Compare(a.Hash, b.Hash) })
		return slices.CompactFunc(m, func(a, b routing.Trait) bool { return a.Hash == b.Hash })
	}
	look := func(since time.Time) func() error {
		return func() error {
			near, err := s.Alike(b.Context(), routing.Resemblance{Matter: next(), Since: since, Pending: !since.IsZero(),
				Least: routing.SameMatter, Limit: 50})
			if err == nil && since.IsZero() && len(near) == 0 {
				err = routing.ErrNotFound
			}
			return err
		}
	}
	desk := routing.NewDesk(s, &routing.Plan{}, routing.NewMemory(time.Now), func() time.Time { return day })
	desk = desk.WithBurst(routing.Burst{Complainants: 5, Within: 24 * time.Hour})
	file := func(matter func() routing.Matter) func() error {
		return func() error {
			_, _, err := desk.File(b.Context(), routing.Actor{Role: routing.RoleOperator}, routing.Complaint{Text: "一件事", Channel: routing.ChannelAPI,
				Judgement: routing.Judgement{Matter: matter()}})
			return err
		}
	}
	for _, part := range []struct {
		name string
		do   func() error
	}{
		{"city", look(time.Time{})},
		{"day", look(day.Add(-24 * time.Hour))},
		{"file", file(next)},
		{"file without", file(func() routing.Matter { return nil })},
	} {
		b.Run(part.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				begin := time.Now()
				if err := part.do(); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(begin))
			}
			slices.Sort(took)
			at := func(share float64) float64 {
				return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1000
			}
			b.ReportMetric(at(0.5), "p50-ms")
			b.ReportMetric(at(0.95), "p95-ms")
		})
	}
}
