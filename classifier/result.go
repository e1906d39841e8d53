package classifier

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
	Evidence []Span   `json:"evidence"`
	Entities Entities `json:"entities"`
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

// maxLength bounds the characters that are read of one text; a WeChat message has at most some 2,000, a letter rarely more, and what a
// complaint is about is said by then.
const maxLength = 20000

// Classify reads one text. It never fails: an empty or senseless text has whatever answer the priors give, with low confidence (see
// also Thin).
func (m *Model) Classify(s string) Result {
	r := m.featurizer.read(shorten(s))
	m.focus(&r)
	terms := m.terms(count(r.occurrences))
	probabilities := Softmax(m.score(terms), m.temperature)
	order := ranked(probabilities)
	result := m.answer(order, probabilities)
	result.Evidence = m.evidence(r, terms, probabilities, order[0])
	found := m.places.find(r)
	result.District = found.district
	result.Entities = m.finder.find(r)
	result.Entities.PlaceHints = found.hints
	result.ModelVersion = m.version
	result.substance = m.finder.substance(r)
	return result
}

// District returns only the district of a text, as Classify would.
func (m *Model) District(s string) string {
	return m.places.find(m.featurizer.read(shorten(s))).district
}

func shorten(s string) string {
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
	const alternatives = 3
	var result Result
	for _, i := range order[:min(alternatives, len(order))] {
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
