package bot_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"jiesu/classifier"
	"jiesu/configs"
	"jiesu/routing"
)

// model is the classifier that the product ships with. The scripts have a judge of their own (testdata/judge.yaml): a model that is
// trained again must not change what a script says. What has to hold with any model is tested with the real one, here.
type model struct{ *classifier.Model }

func (m model) Judge(text string) routing.Judgement {
	r := m.Classify(text)
	out := routing.Judgement{Item: r.Item, Unit: r.Unit, District: r.District, Confidence: r.Confidence,
		Decision: routing.Decision(r.Decision), Entities: &routing.Entities{}}
	for _, a := range r.Alternatives {
		out.Alternatives = append(out.Alternatives, routing.Alternative(a))
	}
	for _, m := range r.Matter {
		out.Matter = append(out.Matter, routing.Trait(m))
	}
	for _, p := range r.Entities.Phones {
		out.Entities.Phones = append(out.Entities.Phones, p.Text)
	}
	for _, h := range r.Entities.PlaceHints {
		if out.Entities.PlaceDistrict == "" {
			out.Entities.PlaceHint, out.Entities.PlaceDistrict = h.Text, h.District
		}
	}
	return out
}

func embeddedModel(t testing.TB) model {
	t.Helper()
	var tax classifier.Taxonomy
	if err := configs.Decode("plan/taxonomy.yaml", &tax); err != nil {
		t.Fatal(err)
	}
	places, err := configs.Read("plan/places.tsv")
	if err != nil {
		t.Fatal(err)
	}
	if tax.Places, err = classifier.ReadPlaces(bytes.NewReader(places)); err != nil {
		t.Fatal(err)
	}
	m, err := classifier.Embedded(tax)
	if err != nil {
		t.Fatal(err)
	}
	return model{m}
}

// TestEnoughSaidNeedsFewTurnsWithTheRealModel: whoever says enough and then confirms whatever is proposed has a number in time,
// whether the model is sure, unsure or wrong.
func TestEnoughSaidNeedsFewTurnsWithTheRealModel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, embeddedModel(t))
	var turns []int
	for _, s := range scripts(t) {
		if s.Enough {
			turns = append(turns, s.confirmAll(w))
		}
	}
	slices.Sort(turns)
	if m := turns[len(turns)/2]; m > 3 {
		t.Errorf("median of %d turns to a number: %v", m, turns)
	}
	if most := turns[len(turns)-1]; most > 5 {
		t.Errorf("a script needs %d turns to a number", most)
	}
	t.Logf("turns to a number: %v", turns)
}

// confirmAll says the script's first words, with the evidence before them, then `1` until there is a number.
func (s script) confirmAll(w *world) (turns int) {
	w.t.Helper()
	confirm := "1"
	said := false
	for i := 0; turns < 10; i++ {
		l := line{Say: &confirm}
		if !said {
			l = s.Lines[i]
			said = l.Say != nil
		}
		l.Who = s.Name // everybody speaks for themselves
		turns++
		if numbers.MatchString(l.play(w)) {
			return turns
		}
	}
	w.t.Errorf("%s: no number after %d turns", s.Name, turns)
	return turns
}

// Who says the same again in other words is asked whether it is the same; what it is about decides, not how it is put.
func TestAMatterSaidAgainInOtherWordsIsAskedAbout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, embeddedModel(t))
	const first, again, another = "我们给于洪区平罗街道修的三公里村路，2022年就验收了，八十六万工程款拖到现在一分没付，说财政没钱。",
		"上个月反映过平罗街道欠修路钱的事，到今天还是没人给答复，八十六万啊，工人天天堵我家门口要工资。",
		"2021年给大东区二台子街道做老旧小区外墙保温，审计都出完了，街道还差我公司四十二万尾款，去一次推一次。"
	file := func(text string) {
		t.Helper()
		n := len(w.cases())
		reply := w.say("fan", text)
		if strings.Contains(reply, "同一件事") {
			t.Errorf("%s: %s", text, reply)
		}
		for range 6 {
			if w.say("fan", "1"); len(w.cases()) > n {
				break
			}
		}
		w.say("fan", "跳过")
		w.say("fan", "跳过")
		w.pass(48 * time.Hour)
	}
	file(first)
	file(another)
	number := w.cases()[0].Number
	if reply := w.say("fan", again); !strings.Contains(reply, number) || !strings.Contains(reply, "好像是同一件事") {
		t.Fatalf("said again: %s", reply)
	}
	w.say("fan", "1")
	if events := w.events(number); len(w.cases()) != 2 || events[len(events)-1].Data.Note != again {
		t.Errorf("%d cases, %+v", len(w.cases()), events[len(events)-1])
	}
	if reply := w.say("someone else", again); strings.Contains(reply, number) {
		t.Errorf("somebody else is told of it: %s", reply)
	}
}

// TestPlaceSuggestsItsDistrictWithTheRealModel: the street that is named is asked about, and whatever is answered holds.
func TestPlaceSuggestsItsDistrictWithTheRealModel(t *testing.T) {
	t.Parallel()
	m := embeddedModel(t)
	for answer, want := range map[string]string{
		"1": "和平区", "2": "和平区", "对": "和平区", "是的，是在和平区": "和平区", "铁西": "铁西区", "不对，是沈河": "沈河区", "不是，在大东区": "大东区",
		"不是": "", "不在和平区": "", "跳过": "",
	} {
		w := newWorld(t, m)
		if first := w.say("甲", "我们在三好街开电脑店，门口修地铁的围挡挡了两年多，一点生意没有，没人管"); !strings.Contains(first, "三好街") || !strings.Contains(first, "和平区") {
			t.Fatalf("the place isn't asked about: %s", first)
		}
		w.say("甲", answer)
		if len(w.cases()) == 0 {
			w.say("甲", "1")
		}
		if cases := w.cases(); len(cases) != 1 || cases[0].District != want {
			t.Errorf("%s: %d cases, want one in %q", answer, len(cases), want)
		}
	}
}
