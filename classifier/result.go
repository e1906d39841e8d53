package classifier

import "unicode"

// Decision says who acts on a Result.
type Decision string

const (
	// Dispatch: sure enough for the lead unit to get the case at once.
	Dispatch Decision = "dispatch"
	// Ask: the right answer is probably among the alternatives; let the complainant pick.
	Ask Decision = "ask"
	// Triage: a person decides. Always so for texts outside the plan (item other), however confident: there is no unit to send
	// them to, and the bot answers with the right door or an operator looks.
	Triage Decision = "triage"
)

// Result is what the model says about one text. The JSON names are those of `jiesu classify`.
type Result struct {
	// Category is the plan's category id, "" outside the plan.
	Category string `json:"category"`
	// Item is the plan's item id, or other.
	Item string `json:"item"`
	// Unit is the lead unit's id, one of the category's; "" for other.
	Unit string `json:"unit"`
	// District is the full name of the district of the matter, "" when none is named or several are and it isn't clear.
	District string `json:"district"`
	// Confidence is the calibrated probability, 0 to 1, that Item and Unit are both right.
	Confidence float64  `json:"confidence"`
	Decision   Decision `json:"decision"`
	// Alternatives are the three most probable answers, the first being this one.
	Alternatives []Alternative `json:"alternatives"`
	// Evidence are the words that spoke most for this answer, strongest first; at most five.
	Evidence []Span `json:"evidence"`
	// Contrary are the words that spoke most for the second of the Alternatives against this answer, strongest first; at most three, none
	// when the second is out of the question.
	Contrary []Span   `json:"contrary"`
	Entities Entities `json:"entities"`
	// Matter tells what the text is about from what other texts are about, in order of hash; of the same matter told twice, some is the same.
	Matter []Trait `json:"-"`
	// ModelVersion is Model.Version of the model that answered.
	ModelVersion string `json:"model_version"`
	// substance is for Thin.
	substance int
}

// Alternative is one possible answer.
type Alternative struct {
	Item       string  `json:"item"`
	Unit       string  `json:"unit"`
	Confidence float64 `json:"confidence"`
}

// Span is a stretch of the original text: Start and End count characters (runes; an invalid byte is one), not bytes, so that a browser
// or a script needs no UTF-8 arithmetic. Text is exactly that stretch.
type Span struct {
	Text  string `json:"text"`
	Start int    `json:"start"`
	End   int    `json:"end"`
	// Weight is the share of the evidence, 0 to 1.
	Weight float64 `json:"weight"`
}

// possible is the probability from which a second answer is worth a word.
const possible = 0.05

// alternatives is how many answers a Result has.
const alternatives = 3

// maxLength bounds the characters that are read of one text; a WeChat message has at most some 2,000, a letter rarely more, and what a
// complaint is about is said by then.
const maxLength = 20000

// Classify reads one text. It never fails: an empty or senseless text has whatever answer the priors give, with low confidence (see
// also Thin).
func (m *Model) Classify(s string) Result {
	w := m.free.take()
	m.featurizer.read(&w.reading, shorten(s))
	m.find(w.occurrences)
	share := m.focus(w)
	matter := m.matter(w)
	w.count(w.occurrences)
	m.weigh(w)
	if share > 0 {
		w.blend(share)
	}
	m.score(w)
	m.refine(w)
	probabilities := Softmax(w.scores, m.temperature)
	w.order = ranked(w.order[:0], probabilities, alternatives)
	result := m.answer(w.order, probabilities)
	if result.Decision == Dispatch && foreign(w.Normalized.Runes) {
		result.Decision = Ask
	}
	m.towards(w, w.order[0])
	result.Evidence = m.evidence(w, 5)
	result.Contrary = []Span{}
	if len(w.order) > 1 && probabilities[w.order[1]] >= possible {
		m.between(w, w.order[1], w.order[0])
		result.Contrary = m.evidence(w, 3)
	}
	w.forgetTerms()
	found := m.places.find(&w.reading, &w.search)
	result.District = found.district
	result.Entities = m.finder.find(&w.reading, &w.search)
	result.Entities.PlaceHints = found.hints
	result.Matter = matter
	result.ModelVersion = m.version
	result.substance = m.finder.substance(&w.reading)
	m.free.release(w)
	return result
}

// foreign tells a text of which most letters aren't Chinese: some of its words may be known, but not what it says of them.
func foreign(runes []rune) bool {
	letters, chinese := 0, 0
	for _, r := range runes {
		switch {
		case r >= '\u4e00' && r <= '\u9fff':
			letters++
			chinese++
		case unicode.IsLetter(r):
			letters++
		}
	}
	return 2*chinese < letters
}

// District returns only the district of a text, as Classify would.
func (m *Model) District(s string) string {
	w := m.free.take()
	defer m.free.release(w)
	m.featurizer.read(&w.reading, shorten(s))
	return m.places.find(&w.reading, &w.search).district
}

func shorten(s string) string {
	if len(s) <= maxLength {
		return s
	}
	characters := 0
	for i := range s {
		if characters == maxLength {
			return s[:i]
		}
		characters++
	}
	return s
}

func (m *Model) answer(order []int, probabilities []float64) Result {
	result := Result{Alternatives: make([]Alternative, 0, len(order))}
	for _, i := range order {
		unit := m.unit(m.labels[i])
		result.Alternatives = append(result.Alternatives, Alternative{m.labels[i].Item, unit, probabilities[i]})
	}
	first := result.Alternatives[0]
	result.Item, result.Unit, result.Confidence = first.Item, first.Unit, first.Confidence
	if category, ok := m.tax.category(result.Item); ok {
		result.Category = category.ID
	}
	result.Decision = m.thresholds.Decide(result.Item, result.Confidence)
	return result
}

// unit is the label's own, or the only one that its category has.
func (m *Model) unit(label Label) string {
	if category, ok := m.tax.category(label.Item); ok && label.Unit == "" && len(category.Leads) == 1 {
		return category.Leads[0]
	}
	return label.Unit
}

// Decide says who acts on an answer. Thresholds apply to items of the plan; other is always for a person (see Triage).
func (t Thresholds) Decide(item string, confidence float64) Decision {
	switch {
	case item == Other:
		return Triage
	case confidence >= t.Dispatch:
		return Dispatch
	case confidence >= t.Ask:
		return Ask
	}
	return Triage
}
