package report

import (
	"cmp"
	"slices"
	"strings"

	"jiesu/routing"
)

// key is a way to tell places apart.
type key struct {
	name  string // in the catalogue: "paper.by.<name>"
	of    func(Place) string
	place func(string) Place
	title func(writer, string) string
	order func(*routing.Plan) []string // nil: the most first
}

func filter(v string) string {
	if v == "" {
		return Nowhere
	}
	return v
}

var (
	categoryKey = key{"category", func(p Place) string { return p.Category }, func(v string) Place { return Place{Category: filter(v)} },
		func(w writer, v string) string {
			if v == "" {
				return w.t("paper.outside")
			}
			return w.plan.CategoryName(v)
		}, func(plan *routing.Plan) []string {
			var ids []string
			for _, c := range plan.Categories {
				ids = append(ids, c.ID)
			}
			return append(ids, "")
		}}
	itemKey = key{"item", func(p Place) string { return p.Item }, func(v string) Place { return Place{Item: filter(v)} },
		func(w writer, v string) string {
			if name := w.plan.ItemName(v); name != "" {
				return v + " " + name
			}
			return w.t("paper.outside")
		}, func(plan *routing.Plan) []string {
			var ids []string
			for _, c := range plan.Categories {
				for _, i := range c.Items {
					ids = append(ids, i.ID)
				}
			}
			return append(ids, routing.Other)
		}}
	unitKey = key{"unit", func(p Place) string { return p.Unit }, func(v string) Place { return Place{Unit: filter(v)} },
		func(w writer, v string) string {
			if v == "" {
				return w.t("paper.undispatched")
			}
			return w.plan.UnitName(v)
		}, nil}
	districtKey = key{"district", func(p Place) string { return p.District }, func(v string) Place { return Place{District: filter(v)} },
		func(w writer, v string) string {
			if v == "" {
				return w.t("paper.unnamed")
			}
			return v
		}, nil}
	channelKey = key{"channel", func(p Place) string { return string(p.Channel) }, func(v string) Place { return Place{Channel: routing.Channel(v)} },
		func(w writer, v string) string { return w.t("channel." + v) }, nil}
)

// line is what is counted under one value of a key.
type line struct {
	key    string
	title  string
	counts Counts
}

// lines are the scope's figures apart by the key, where the figures named have something to say.
func (w writer) lines(k key, of ...Figure) []line {
	var list []line
	for v, c := range w.f.by(w.filter, k.of) {
		n := 0
		for _, f := range of {
			n += c[f]
		}
		if n > 0 {
			list = append(list, line{v, k.title(w, v), *c})
		}
	}
	var order []string
	if k.order != nil {
		order = k.order(w.plan)
	}
	slices.SortFunc(list, func(a, b line) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.key), slices.Index(order, b.key)), cmp.Compare(b.counts[of[0]], a.counts[of[0]]),
			strings.Compare(a.key, b.key))
	})
	return list
}
