package bot

import (
	"slices"
	"strconv"
	"strings"

	"jiesu/routing"
)

func (t *talk) askMore() {
	s := &t.s
	s.Mode = ModeThin
	s.Draft.Asked++
	switch {
	case len(s.Draft.Parts) == 0 && s.Draft.Voice:
		t.say("bot.voice_first")
	case len(s.Draft.Parts) == 0:
		t.say("bot.image_first")
	case s.Draft.Asked == 1 && t.angry(s.Draft.text()):
		t.say("bot.calm")
	case s.Draft.Asked > 2:
		t.say("bot.thin_more")
	case s.Draft.Asked > 1:
		t.say("bot.thin_again")
	default:
		t.say("bot.thin")
	}
}

// angry texts swear and name no matter for which there is another door.
func (t *talk) angry(text string) bool {
	d, _ := doorFor(t.w.Doors, text)
	return len(d.Cues) == 0 && t.w.Words.has("abuse", fold(text))
}

func (t *talk) askConfirm(j routing.Judgement) {
	t.s.Mode = ModeConfirm
	t.say("bot.understood", "item", t.itemName(j.Item), "category", t.w.Plan.CategoryName(t.w.Plan.CategoryOf(j.Item)))
	if j.District == "" {
		t.say("bot.understood.unit", "unit", t.w.Plan.UnitName(j.Unit))
		t.sayDistrict(j)
	} else {
		t.say("bot.understood.unit_district", "unit", t.w.Plan.UnitName(j.Unit), "district", j.District)
	}
	t.showFacts(j)
	t.saySecond(j)
	t.askToFile()
}

// askTriage says that a clerk will place it; of one whose item is clear, and only the unit isn't, that it is understood.
func (t *talk) askTriage(j routing.Judgement) {
	t.s.Mode = ModeTriage
	if t.onlyUnitOpen(j) {
		t.say("bot.understood", "item", t.itemName(j.Item), "category", t.w.Plan.CategoryName(t.w.Plan.CategoryOf(j.Item)))
		t.say("bot.triage_unit")
	} else {
		t.say("bot.triage")
	}
	t.sayDistrict(j)
	t.showFacts(j)
	t.saySecond(j)
	t.askToFile()
}

// onlyUnitOpen reports whether the candidates are one item with several units: that is for the office to decide, not for who complains.
func (t *talk) onlyUnitOpen(j routing.Judgement) bool {
	units := 0
	for _, a := range j.Alternatives {
		if a.Item == j.Item && t.placeable(a.Item, a.Unit) {
			units++
		}
	}
	return j.Decision == routing.DecisionAsk && units > 1 && len(t.options(j)) == 1
}

// sayDistrict names the district, or asks whether it is the one of a place that is named.
func (t *talk) sayDistrict(j routing.Judgement) {
	t.s.Draft.District = ""
	if j.District != "" {
		t.say("bot.understood.district", "district", j.District)
		return
	}
	if place, district := j.SuggestedDistrict(); district != "" && !t.s.Draft.Elsewhere {
		t.s.Draft.District = district
		t.say("bot.understood.place", "place", short(place, 20), "district", district)
	}
}

func (t *talk) saySecond(j routing.Judgement) {
	switch second, ok := t.second(j); {
	case ok && second == "":
		t.say("bot.second_some")
	case ok:
		t.say("bot.second", "item", t.itemName(second))
	}
}

func (t *talk) askToFile() {
	if t.s.Draft.Confidential {
		t.say("bot.confirm_hidden")
	} else {
		t.say("bot.confirm")
	}
}

// showFacts lists what the text names, so that a slip is seen before it is filed.
func (t *talk) showFacts(j routing.Judgement) {
	var e routing.Entities
	if j.Entities != nil {
		e = *j.Entities
	}
	c, sep := t.contact(j), t.w.Text.Text("bot.list_separator")
	for _, f := range []struct{ name, value string }{
		{"amounts", listed(e.Amounts, sep)}, {"dates", listed(e.Dates, sep)}, {"enterprise", c.Enterprise}, {"phone", routing.MaskPhone(c.Phone)},
	} {
		if f.value != "" {
			t.say("bot.understood."+f.name, f.name, short(f.value, 40))
		}
	}
	if n := len(t.s.Draft.Attachments); n > 0 {
		t.say("bot.understood.evidence", "count", strconv.Itoa(n))
	}
	if t.hidden() {
		t.say("bot.understood.hidden")
	}
}

// hidden reports the wish to stay hidden from the unit, said in an answer or in the text itself.
func (t *talk) hidden() bool {
	t.s.Draft.Confidential = t.s.Draft.Confidential || t.w.Words.hinted("hide", t.s.Draft.text())
	return t.s.Draft.Confidential
}

// options are the candidates to pick from, best first: each item once, with its likeliest unit. Beside an item that is in doubt only
// for its unit, one that is far less likely isn't worth a question.
func (t *talk) options(j routing.Judgement) []routing.Alternative {
	var list []routing.Alternative
	sum, units := map[string]float64{}, map[string]int{}
	for _, a := range j.Alternatives {
		if a.Item == routing.Other || !t.placeable(a.Item, a.Unit) {
			continue
		}
		if units[a.Item] == 0 {
			list = append(list, a)
		}
		sum[a.Item] += a.Confidence
		units[a.Item]++
	}
	if len(list) > 1 && units[list[0].Item] > 1 {
		list = slices.DeleteFunc(list, func(a routing.Alternative) bool { return sum[a.Item] < sum[list[0].Item]/farLess })
	}
	return list[:min(len(list), 3)]
}

// farLess is how many times less likely an item must be to be left out of the list.
const farLess = 4

func offers(list []routing.Alternative) []Offer {
	all := make([]Offer, len(list))
	for i, a := range list {
		all[i] = Offer{a.Item, a.Unit}
	}
	return all
}

func (t *talk) placeable(item, unit string) bool {
	return item != routing.Other && t.w.Plan.CheckPlacement(routing.Placement{Item: item, Unit: unit}) == nil
}

func (t *talk) askPick(j routing.Judgement) {
	list := offers(t.options(j))
	if t.s.Mode == ModePick && t.more && slices.Equal(list, t.s.Offered) { // more words, and the same list: it is on the screen
		t.askPickAgain()
		return
	}
	t.s.Mode, t.s.Offered = ModePick, list
	t.say("bot.pick")
	for i, a := range list {
		t.say("bot.pick.option", "n", strconv.Itoa(i+1), "item", t.itemName(a.Item), "unit", t.w.Plan.UnitName(a.Unit))
	}
	t.say("bot.pick.none", "n", strconv.Itoa(len(list)+1))
	t.sayDistrict(j)
	t.showFacts(j)
	t.saySecond(j)
	if !t.s.Draft.Confidential {
		t.say("bot.pick.hint")
	}
}

// askPickAgain takes note and asks for a number, without the list.
func (t *talk) askPickAgain() {
	t.say("bot.noted")
	if t.hidden() {
		t.say("bot.understood.hidden")
	}
	if t.more {
		t.saySecond(t.judge())
	}
	t.say("bot.pick.more", "n", strconv.Itoa(len(t.s.Offered)+1))
}

func (t *talk) showDoor(d Door) {
	t.s.Mode = ModeDoor
	t.say("bot.door", "when", d.When, "name", d.Name, "phone", d.Phone)
	t.say("bot.door.more")
}

func listed(values []string, sep string) string {
	if len(values) > 3 {
		values = values[:3]
	}
	return strings.Join(values, sep)
}

func onlyOne(values []string) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}
