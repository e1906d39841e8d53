package main

import (
	"jiesu/classifier"
	"jiesu/routing"
)

// judge lets the domain ask the classifier without either knowing the other.
type judge struct{ model *classifier.Model }

// Judge implements routing.Judge.
func (j judge) Judge(text string) routing.Judgement {
	r := j.model.Classify(text)
	out := routing.Judgement{Item: r.Item, Unit: r.Unit, District: r.District, Confidence: r.Confidence,
		Decision: routing.Decision(r.Decision), Thin: classifier.Thin(text, r), Model: r.ModelVersion, Entities: entities(r.Entities)}
	for _, a := range r.Alternatives {
		out.Alternatives = append(out.Alternatives, routing.Alternative(a))
	}
	for _, e := range r.Evidence {
		out.Evidence = append(out.Evidence, routing.Evidence(e))
	}
	return out
}

// entities keeps the words of what is named; where they stand is of no use beyond the classifier. Of several enterprises and places the
// first is taken: people name themselves before others.
func entities(e classifier.Entities) *routing.Entities {
	out := &routing.Entities{Enterprise: first(e.Enterprise), PlaceHint: first(e.PlaceHints), Phones: texts(e.Phones), People: texts(e.People)}
	for _, a := range e.Amounts {
		out.Amounts = append(out.Amounts, a.Text)
	}
	for _, d := range e.Dates {
		out.Dates = append(out.Dates, d.Text)
	}
	return out
}

func first(list []classifier.Entity) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].Text
}

func texts(list []classifier.Entity) []string {
	var all []string
	for _, e := range list {
		all = append(all, e.Text)
	}
	return all
}
