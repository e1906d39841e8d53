package report

import (
	"net/url"

	"jiesu/routing"
)

// Path is the address of a paper on the console.
func Path(p Period, s Scope) string {
	return "/console/papers/" + p.String() + "/" + url.PathEscape(s.String())
}

// LinksTo lead from the paper to the console at base, scheme://host, or "" on the console itself.
func (d Document) LinksTo(base string) Links {
	return Links{
		Number: func(number string) string {
			if routing.IsProblemNumber(number) {
				return base + "/console/problems/" + number
			}
			return base + "/console/cases/" + number
		},
		Figure: func(l Link) string { return base + Path(d.Period, d.Scope) + "/cases?" + l.query().Encode() },
	}
}

// query is the link as PlaceOf and ParseFigure read it.
func (l Link) query() url.Values {
	v := url.Values{"figure": {l.Figure.String()}}
	p := l.Place
	for name, value := range map[string]string{"category": p.Category, "item": p.Item, "unit": p.Unit, "district": p.District, "channel": string(p.Channel)} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

// PlaceOf reads the place of a link's address.
func PlaceOf(v url.Values) Place {
	return Place{Category: v.Get("category"), Item: v.Get("item"), Unit: v.Get("unit"), District: v.Get("district"), Channel: routing.Channel(v.Get("channel"))}
}
