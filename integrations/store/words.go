package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"jiesu/routing"
)

// Search is how cases are found by words. Both fields may be left out.
type Search struct {
	// Words cuts a text into folded words that joined are the text. Left out, a run of letters is a word.
	Words func(text string) []string
	// Names are what a case is called by its place in the plan: its item, category, unit.
	Names func(c routing.Case) []string
}

const (
	// mostTerms bounds the words of a case, far above what anybody writes; PostgreSQL takes no more than a megabyte.
	mostTerms = 20_000
	// mostSought bounds the words of a search.
	mostSought = 32
	// longestTerm is where a word of letters and digits is cut, in characters.
	longestTerm = 40
)

// term is what the index holds: a word of letters and digits, a pair of Chinese characters, or one that is a word by itself.
type term struct {
	text   string
	prefix bool // finds whatever begins so
}

func han(r rune) bool { return unicode.Is(unicode.Han, r) }

// plain cuts a text without a segmenter.
func plain(text string) []string { return []string{strings.ToLower(text)} }

func (s Search) cut(text string) []string {
	text = strings.ToValidUTF8(text, " ")
	if s.Words == nil {
		return plain(text)
	}
	return s.Words(text)
}

// runs splits words where something stands between that is neither letter nor digit, and Chinese from the rest. stuck tells of a run that
// the one before touches.
func runs(words []string, each func(run []rune, chinese, stuck bool)) {
	touching := false
	for _, word := range words {
		var run []rune
		chinese := false
		flush := func(next bool) {
			if len(run) > 0 {
				each(run, chinese, touching)
				touching = next
			}
			run = nil
		}
		for _, r := range word {
			switch {
			case !unicode.IsLetter(r) && !unicode.IsNumber(r):
				flush(false)
				touching = false
				continue
			case len(run) > 0 && han(r) != chinese:
				flush(true)
			}
			run, chinese = append(run, r), han(r)
		}
		flush(true)
	}
}

// indexed lists the terms that a text is found by, each once: words of letters and digits, Chinese words of one character, and every pair of
// neighbouring Chinese characters, within words and at their seams, so that it doesn't matter where the cuts fall in what is looked for.
func (s Search) indexed(seen map[string]bool, texts ...string) {
	add := func(t string) {
		if len(seen) < mostTerms {
			seen[t] = true
		}
	}
	for _, text := range texts {
		var last rune // of the Chinese run before, if the next one touches it
		runs(s.cut(text), func(run []rune, chinese, stuck bool) {
			if !chinese {
				add(string(run[:min(len(run), longestTerm)]))
				last = 0
				return
			}
			if stuck && last != 0 {
				add(string([]rune{last, run[0]}))
			}
			for i := range len(run) - 1 {
				add(string(run[i : i+2]))
			}
			if len(run) == 1 {
				add(string(run))
			}
			last = run[len(run)-1]
		})
	}
}

// sought lists the terms that a case must have all of to be found. The text is cut as those of cases are; words may stand anywhere, a
// character that is a word by itself stands beside its neighbour.
func (s Search) sought(text string) []term {
	var list []term
	add := func(t term) {
		if len(list) < mostSought && !slices.Contains(list, t) {
			list = append(list, t)
		}
	}
	var last rune
	lonely := -1 // where in list the run before stands, if it is one character
	runs(s.cut(text), func(run []rune, chinese, stuck bool) {
		if !chinese {
			add(term{string(run[:min(len(run), longestTerm)]), true})
			last, lonely = 0, -1
			return
		}
		beside := stuck && last != 0
		if beside && (lonely >= 0 || len(run) == 1) {
			seam := term{string([]rune{last, run[0]}), false}
			if lonely >= 0 && lonely < len(list) {
				list[lonely] = seam
			} else {
				add(seam)
			}
		}
		for i := range len(run) - 1 {
			add(term{string(run[i : i+2]), false})
		}
		lonely = -1
		if len(run) == 1 && !beside {
			add(term{string(run), true})
			lonely = len(list) - 1
		}
		last = run[len(run)-1]
	})
	return list
}

// index writes the words of the case as it now is: in the transaction of what was said.
func (t *tx) index(ctx context.Context, c routing.Case, events []routing.Event) error {
	named := map[string]bool{}
	call := []string{c.Number, strings.TrimLeft(c.Number, "JS"), c.District}
	if t.search.Names != nil {
		call = append(call, t.search.Names(c)...)
	}
	t.search.indexed(named, call...)
	said := map[string]bool{}
	texts := append(call, c.Text, c.Contact.Enterprise)
	for _, e := range events {
		if (e.Action == routing.ActionSupplement || e.Action == routing.ActionReply) && !e.Data.Internal {
			texts = append(texts, e.Data.Note)
			for _, a := range e.Data.Answers {
				texts = append(texts, a.Note)
			}
		}
	}
	t.search.indexed(said, texts...)
	if err := t.putWords(ctx, c.Number, lexemes(said), lexemes(named)); err != nil {
		return fmt.Errorf("index words of case %s: %w", c.Number, err)
	}
	return nil
}

// lexemes joins terms for either database. They are letters and digits, so nothing needs quoting.
func lexemes(terms map[string]bool) string {
	list := make([]string, 0, len(terms))
	for t := range terms {
		if utf8.ValidString(t) {
			list = append(list, t)
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func (t *tx) putWords(ctx context.Context, number, said, named string) error {
	if t.dialect == Postgres {
		return later(ctx, t.run, "put words", `INSERT INTO case_words (case_number, said, named) VALUES ($1, $2::text::tsvector, $3::text::tsvector)
			ON CONFLICT (case_number) DO UPDATE SET said = EXCLUDED.said, named = EXCLUDED.named`, nil, number, said, named)
	}
	put := `INSERT`
	id, err := one(ctx, t.run, value[int64], `INSERT INTO case_words (case_number) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id`, number)
	if errors.Is(err, routing.ErrNotFound) {
		put = `INSERT OR REPLACE`
		id, err = one(ctx, t.run, value[int64], `SELECT id FROM case_words WHERE case_number = $1`, number)
	}
	if err != nil {
		return err
	}
	_, err = run(ctx, t.run, put+` INTO case_terms (rowid, said, named) VALUES ($1, $2, $3)`, id, said, named)
	return err
}

// speaks reports whether the event changes what a case is found by.
func speaks(e routing.Event) bool {
	switch e.Action {
	case routing.ActionAssign, routing.ActionReassign, routing.ActionReply, routing.ActionSupplement, routing.ActionErase:
		return true
	}
	return false
}

// reindex writes the words of the case anew, so that none is left of what it says no more.
func (t *tx) reindex(ctx context.Context, c routing.Case, e routing.Event) error {
	if e.Seq == 1 { // nothing was said before
		return t.index(ctx, c, []routing.Event{e})
	}
	events, err := t.Events(ctx, c.Number)
	if err != nil {
		return fmt.Errorf("read what was said of case %s: %w", c.Number, err)
	}
	return t.index(ctx, c, events)
}

const (
	// glance is how many cases at the head of a list are looked at one by one before the index is asked. A common word stands in many of them, and
	// the index would gather hundreds of thousands of hits only to learn so. Measured: docs/performance.md.
	glance = 300
	// common is how many hits at the head say that the next one in the list is never far, so that the list is walked.
	common = 6
	// fewHits is how many hits a list takes from the index; where there are more, it is walked too.
	fewHits = 8000
	// countedHits is how many cases a search may find for them to be counted by state.
	countedHits = 5000
)

// pageFound reads the first n cases of the list that the query's text finds.
func (r reader) pageFound(ctx context.Context, c *conditions, q routing.Query, o listOrder, n int) ([]routing.Case, error) {
	terms := r.search.sought(q.Text)
	if len(terms) == 0 {
		return nil, nil
	}
	order := o.by(c)
	head, err := list(ctx, r.run, value[string], `SELECT `+c.column("number")+` FROM `+cmp.Or(c.few, c.from)+c.where()+order+
		` LIMIT `+strconv.Itoa(glance), c.args...)
	if err != nil {
		return nil, fmt.Errorf("read the head of the list: %w", err)
	}
	near := &conditions{from: "cases"}
	near.add(r.among(), asJSON{append([]string{}, head...)})
	r.match(near, q.Visible, terms)
	cases, err := r.page(ctx, near, o, n)
	if err != nil || len(cases) == n || len(head) < glance {
		return cases, err
	}
	if len(cases) < common {
		hits, few, err := r.hits(ctx, terms, fewHits)
		switch {
		case err != nil:
			return nil, err
		case few && o.down:
			return r.pageAmong(ctx, c, q.Visible, terms, hits, o, n)
		case few:
			c.add(r.among(), asJSON{hits})
			r.discreet(c, q.Visible, terms)
			return r.page(ctx, c, o, n)
		}
	}
	r.match(c, q.Visible, terms)
	return r.page(ctx, c, o, n)
}

// pageAmong reads the first n of the list's cases among the hits, day by day of filing from the newest, which their numbers tell: looking up
// thousands to show thirty would read pages of the disk for each.
func (r reader) pageAmong(ctx context.Context, c *conditions, visible routing.Actor, terms []term, hits []string, o listOrder, n int) ([]routing.Case, error) {
	r.discreet(c, visible, terms)
	slices.Sort(hits)
	slices.Reverse(hits)
	var found []routing.Case
	for first := true; first || len(hits) > 0 && len(found) < n; first = false { // once also for none, which would otherwise be told faster than one that is hidden
		some := min(glance, len(hits))
		for some > 0 && some < len(hits) && dayOf(hits[some]) == dayOf(hits[some-1]) {
			some++
		}
		days := &conditions{from: c.from, names: c.names, parts: slices.Clone(c.parts), args: slices.Clone(c.args)}
		days.add(r.among(), asJSON{hits[:some]})
		cases, err := r.page(ctx, days, o, n-len(found))
		if err != nil {
			return nil, err
		}
		found, hits = append(found, cases...), hits[some:]
	}
	return found, nil
}

// dayOf is what all cases of a day begin with.
func dayOf(number string) string { return number[:min(len(number), len("JS20060102"))] }

// find narrows a query to the cases that its text finds. ErrTooMany: they are so many that they can't be looked at each.
func (r reader) find(ctx context.Context, c *conditions, q routing.Query) error {
	c.few = "" // what is sought stands in the cases
	terms := r.search.sought(q.Text)
	if len(terms) == 0 {
		c.add("1 = 0")
		return nil
	}
	many, err := r.abounds(ctx, terms)
	if err != nil {
		return err
	}
	if many {
		return routing.ErrTooMany
	}
	hits, few, err := r.hits(ctx, terms, countedHits)
	if err != nil {
		return err
	}
	if !few {
		return routing.ErrTooMany
	}
	c.add(r.among(), asJSON{hits})
	r.discreet(c, q.Visible, terms)
	return nil
}

// abounds guesses from the newest cases of all whether the words stand in far more than can be looked at each. Only for a plain yes is the index
// spared.
func (r reader) abounds(ctx context.Context, terms []term) (bool, error) {
	all, err := one(ctx, r.run, value[int64], `SELECT CAST(coalesce(sum(cases), 0) AS BIGINT) FROM case_tally WHERE viewer = ''`)
	if err != nil {
		return false, fmt.Errorf("count cases: %w", err)
	}
	if all < 2*countedHits {
		return false, nil
	}
	newest, err := list(ctx, r.run, value[string], `SELECT number FROM cases ORDER BY filed_at DESC, number DESC LIMIT $1`, glance)
	if err != nil {
		return false, fmt.Errorf("read the newest cases: %w", err)
	}
	c := &conditions{}
	c.add(r.among(), asJSON{newest})
	c.add(r.has("said"), r.query("said", terms))
	found, err := one(ctx, r.run, value[int64], `SELECT count(*) FROM cases`+c.where(), c.args...)
	if err != nil {
		return false, fmt.Errorf("look at the newest cases: %w", err)
	}
	return found > 2*common && all/glance*found > 2*countedHits, nil
}

// match narrows a query to the cases that have the words, each looked at by itself. Of one that hides something from the reader, what it is called counts and
// nothing else is looked at: how long a search takes would tell.
func (r reader) match(c *conditions, visible routing.Actor, terms []term) {
	c.few = ""
	if hidden := hidesFrom(visible); hidden != "" {
		c.add("CASE WHEN "+hidden+" THEN "+r.has("named")+" ELSE "+r.has("said")+" END", r.query("named", terms), r.query("said", terms))
		return
	}
	c.add(r.has("said"), r.query("said", terms))
}

// discreet keeps out of the hits what the reader may not find by what was said: who may not read a text or a name may not find out about it
// by guessing either.
func (r reader) discreet(c *conditions, a routing.Actor, terms []term) {
	if hidden := hidesFrom(a); hidden != "" {
		c.add("(NOT ("+hidden+") OR "+r.has("named")+")", r.query("named", terms))
	}
}

// hidesFrom says which cases hide something that was said from the reader, "" for none.
func hidesFrom(a routing.Actor) string {
	switch {
	case a.Role == routing.RoleUnit:
		return "restricted OR confidential" // restricted: what went to a criminal or discipline body
	case !a.ReadsAll():
		return "restricted"
	}
	return ""
}

// query is the search in the language of the database. Terms are letters and digits.
func (r reader) query(column string, terms []term) string {
	parts := make([]string, len(terms))
	for i, t := range terms {
		switch {
		case r.dialect == Postgres && t.prefix:
			parts[i] = "'" + t.text + "':*"
		case r.dialect == Postgres:
			parts[i] = "'" + t.text + "'"
		case t.prefix:
			parts[i] = `"` + t.text + `"*`
		default:
			parts[i] = `"` + t.text + `"`
		}
	}
	if r.dialect == Postgres {
		return strings.Join(parts, " & ")
	}
	return column + " : (" + strings.Join(parts, " AND ") + ")"
}

// hits asks the index for the numbers of the cases that match, unless they are more than most.
func (r reader) hits(ctx context.Context, terms []term, most int) (numbers []string, few bool, err error) {
	query := `SELECT case_number FROM case_words WHERE id IN (SELECT rowid FROM case_terms WHERE case_terms MATCH $1 LIMIT $2)`
	if r.dialect == Postgres {
		query = `SELECT case_number FROM case_words WHERE said @@ $1::text::tsquery LIMIT $2`
	}
	hits, err := list(ctx, r.run, value[string], query, r.query("said", terms), most+1)
	if err != nil {
		return nil, false, fmt.Errorf("look for words: %w", err)
	}
	return append([]string{}, hits...), len(hits) <= most, nil
}

// has asks of one case whether it matches.
func (r reader) has(column string) string {
	if r.dialect == Postgres {
		return `(SELECT w.` + column + ` @@ ?::text::tsquery FROM case_words w WHERE w.case_number = cases.number)`
	}
	return `(SELECT w.id FROM case_words w WHERE w.case_number = cases.number) IN (SELECT rowid FROM case_terms WHERE case_terms MATCH ?)`
}

// among is for the numbers of a JSON list.
func (r reader) among() string { return r.listed("cases.number") }

// listed is for the values of a JSON list in a column.
func (r reader) listed(column string) string {
	if r.dialect == Postgres {
		return column + ` IN (SELECT json_array_elements_text(?::text::json))`
	}
	return column + ` IN (SELECT value FROM json_each(?))`
}
