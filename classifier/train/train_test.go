package train_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"jiesu/classifier"
	"jiesu/classifier/train"
)

func taxonomy(t testing.TB) classifier.Taxonomy {
	t.Helper()
	data, err := os.ReadFile("../../configs/plan/taxonomy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var tax classifier.Taxonomy
	if err := yaml.Unmarshal(data, &tax); err != nil {
		t.Fatal(err)
	}
	return tax
}

func corpus(t testing.TB) []train.Row {
	t.Helper()
	rows, err := train.ReadPath("../corpus", taxonomy(t))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// some returns the corpus' rows of a few items: enough to learn from, quick.
func some(t testing.TB, items ...string) []train.Row {
	t.Helper()
	return slices.DeleteFunc(corpus(t), func(r train.Row) bool { return !slices.Contains(items, r.Item) })
}

func learn(t testing.TB, rows []train.Row, o train.Options) (*classifier.Model, train.Report) {
	t.Helper()
	m, r, err := train.Train(context.Background(), rows, taxonomy(t), o)
	if err != nil {
		t.Fatal(err)
	}
	return m, r
}

func file(t testing.TB, m *classifier.Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.Save(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBadLineIsNamedByNumber(t *testing.T) {
	t.Parallel()
	tax := taxonomy(t)
	const good = `{"text":"街道欠款","item":"1.1","unit":"finance","district":"铁西区"}` + "\n"
	for name, c := range map[string]struct{ tsv, jsonl, want string }{
		"no JSON":        {jsonl: good + "\n街道欠款\n", want: "line 3"},
		"unknown item":   {jsonl: good + `{"text":"a","item":"9.9","unit":"finance"}`, want: `line 2: bad training row: label "9.9"/"finance"`},
		"foreign unit":   {jsonl: good + `{"text":"a","item":"8.1","unit":"finance"}`, want: "line 2"},
		"no unit":        {jsonl: `{"text":"a","item":"1.1"}`, want: "line 1"},
		"unit of other":  {jsonl: `{"text":"a","item":"other","unit":"finance"}`, want: "line 1"},
		"short district": {jsonl: good + good + `{"text":"a","item":"1.1","unit":"finance","district":"铁西"}`, want: "line 3"},
		"empty text":     {jsonl: `{"text":" ","item":"other"}`, want: "line 1"},
		"wrong type":     {jsonl: good + `{"text":1,"item":"other"}`, want: "line 2"},
		"no tab":         {tsv: "a\tb\nno label\n", want: "line 2"},
		"no label":       {tsv: "a\tb\n\tc\n", want: "line 2"},
		"line too long":  {tsv: "a\tb\na\t" + strings.Repeat("x", 5<<20), want: "line 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var err error
			if c.tsv != "" {
				_, err = train.ReadTSV(strings.NewReader(c.tsv), tax)
			} else {
				_, err = train.ReadJSONL(strings.NewReader(c.jsonl), tax)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || name != "line too long" && !errors.Is(err, train.ErrRow) {
				t.Fatalf("error %v doesn't say %s", err, c.want)
			}
			if strings.Contains(err.Error(), "街道欠款") {
				t.Errorf("error holds the text: %v", err)
			}
		})
	}
}

func TestRowsAreReadAsTheyAre(t *testing.T) {
	t.Parallel()
	tax := taxonomy(t)
	rows, err := train.ReadTSV(strings.NewReader("\ufeff1.1/finance\t街道\t欠款\r\n\n other \t你好\nsports/football\tgoal\n1.1/court\tx\n"), tax)
	if err != nil {
		t.Fatal(err)
	}
	want := []train.Row{{Item: "1.1", Unit: "finance", Text: "街道\t欠款"}, {Item: "other", Text: "你好"},
		{Item: "sports/football", Text: "goal"}, {Item: "1.1/court", Text: "x"}} // not a label of the plan: left alone
	if !slices.Equal(rows, want) {
		t.Errorf("got %+v, want %+v", rows, want)
	}
}

func TestFolderIsReadByBatch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("b.tsv", "other\t你好\n")
	write("a.jsonl", `{"text":"街道欠款","item":"1.1","unit":"finance","style":"chat","hard":true}`)
	write("README.md", "no corpus")
	rows, err := train.ReadPath(dir, taxonomy(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || rows[0].Batch != "a.jsonl" || rows[1].Batch != "b.tsv" || rows[0].Style != "chat" || !rows[0].Hard {
		t.Errorf("got %+v", rows)
	}
	write("c.tsv", "no label\n")
	if _, err := train.ReadPath(dir, taxonomy(t)); !errors.Is(err, train.ErrRow) || !strings.Contains(err.Error(), "c.tsv: line 1") {
		t.Errorf("bad file in a folder: %v", err)
	}
	if _, err := train.ReadPath(filepath.Join(dir, "none"), taxonomy(t)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := train.ReadPath(t.TempDir(), taxonomy(t)); !errors.Is(err, train.ErrRow) {
		t.Errorf("empty folder: %v", err)
	}
}

func TestTrainingIsTheSameToTheByte(t *testing.T) {
	t.Parallel()
	rows := some(t, "4.3", "5.7")
	first, report := learn(t, rows, train.DefaultOptions())
	second, again := learn(t, rows, train.DefaultOptions())
	if !bytes.Equal(file(t, first), file(t, second)) || first.Version() != second.Version() {
		t.Error("the same rows give another model")
	}
	a, errA := json.Marshal(report)
	b, errB := json.Marshal(again)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Error("the same rows give another report")
	}
	if other, _ := learn(t, rows[1:], train.DefaultOptions()); other.Version() == first.Version() {
		t.Error("other rows give the same model")
	}
	if first.Corpus() != train.Fingerprint(rows) || first.Corpus() == train.Fingerprint(rows[1:]) {
		t.Errorf("corpus %q", first.Corpus())
	}
}

// `make model` keeps the committed model up to date; this says when it was forgotten.
func TestEmbeddedModelIsTrainedOnTheCorpus(t *testing.T) {
	t.Parallel()
	m, err := classifier.Embedded(taxonomy(t))
	if err != nil {
		t.Fatal(err)
	}
	if want := train.Fingerprint(corpus(t)); m.Corpus() != want {
		t.Errorf("model of corpus %s, but the corpus is %s: run make model", m.Corpus(), want)
	}
}

// In the second batch the words mean the opposite: who learns from the first one only is wrong on every row of it, and the other way round.
func TestWholeBatchesAreHeldOut(t *testing.T) {
	t.Parallel()
	var rows []train.Row
	for i := range 20 {
		rows = append(rows,
			train.Row{Batch: "a", Item: "x", Text: fmt.Sprintf("苹果很红%d", i)}, train.Row{Batch: "a", Item: "y", Text: fmt.Sprintf("香蕉很黄%d", i)},
			train.Row{Batch: "b", Item: "y", Text: fmt.Sprintf("苹果很红%d", i)}, train.Row{Batch: "b", Item: "x", Text: fmt.Sprintf("香蕉很黄%d", i)})
	}
	if _, r := learn(t, rows, train.DefaultOptions()); r.Accuracy != 0 {
		t.Errorf("accuracy %v: rows of a batch were seen before they were judged", r.Accuracy)
	}
	for i := range rows {
		rows[i].Batch = "one"
	}
	if _, r := learn(t, rows[:2], train.DefaultOptions()); r.Rows != 2 {
		t.Errorf("two rows of one batch: %+v", r)
	}
}

func TestOddCorporaAreLearnt(t *testing.T) {
	t.Parallel()
	for name, rows := range map[string][]train.Row{
		"one row":   {{Item: "other", Text: "你好"}},
		"one label": {{Item: "1.1", Unit: "finance", Text: "街道欠款"}, {Item: "1.1", Unit: "finance", Text: "街道欠钱"}},
		"no text":   {{Item: "a"}, {Item: "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, r := learn(t, rows, train.DefaultOptions())
			if r.Rows != len(rows) || m.Classify("街道欠款").Item == "" || !(r.ECE >= 0) {
				t.Errorf("report %+v", r)
			}
			if d := m.Classify("街道欠款").Decision; d == classifier.Dispatch && m.Classify("").Confidence < 1 {
				t.Errorf("%s after %d rows", d, len(rows))
			}
		})
	}
	if _, _, err := train.Train(context.Background(), nil, taxonomy(t), train.DefaultOptions()); !errors.Is(err, train.ErrRow) {
		t.Errorf("no rows: %v", err)
	}
}

func TestForeignLabelsAreLearnt(t *testing.T) {
	t.Parallel()
	var tsv strings.Builder
	for i := range 60 {
		fmt.Fprintf(&tsv, "体育\t第%d场比赛踢进一个球\n财经\t第%d天股票又跌了\n", i, i)
	}
	rows, err := train.ReadTSV(strings.NewReader(tsv.String()), taxonomy(t))
	if err != nil {
		t.Fatal(err)
	}
	m, report := learn(t, rows, train.DefaultOptions())
	if r := m.Classify("这场比赛进了两个球"); report.Accuracy != 1 || r.Item != "体育" || r.Unit != "" || r.Category != "" {
		t.Errorf("accuracy %v, result %+v", report.Accuracy, r)
	}
}

func TestTrainingStopsWhenAsked(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	o := train.DefaultOptions()
	steps := 0
	o.Progress = func(done, total int) {
		steps++
		if done != steps || total < done {
			t.Errorf("step %d: %d of %d", steps, done, total)
		}
		cancel()
	}
	if _, _, err := train.Train(ctx, some(t, "1.1", "6.2"), taxonomy(t), o); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestProgressEndsAtTotal(t *testing.T) {
	t.Parallel()
	o := train.DefaultOptions()
	last, of := 0, -1
	o.Progress = func(done, total int) { last, of = done, total }
	learn(t, some(t, "5.7", "4.3"), o)
	if last != of {
		t.Errorf("ended at %d of %d", last, of)
	}
}

// Figures of a report on answers that are known: a model that has seen the rows, and one label turned wrong on purpose.
func TestReportCounts(t *testing.T) {
	t.Parallel()
	tax := taxonomy(t)
	rows := some(t, "5.7", "4.3")
	m, _ := learn(t, rows, train.DefaultOptions())
	var right []train.Row
	for _, row := range rows {
		if r := m.Classify(row.Text); r.Item == row.Item && r.Unit == row.Unit && r.District == row.District {
			right = append(right, row)
		}
	}
	r := train.Evaluate(m, right, tax)
	if r.Rows != len(right) || r.Accuracy != 1 || r.MacroF1 != 1 || r.UnitAccuracy != 1 || r.DistrictAccuracy != 1 || len(r.Confusions) != 0 {
		t.Errorf("all right: %+v", r)
	}
	wrong := slices.Clone(right)
	n := 0
	for i := range wrong {
		if wrong[i].Item == "5.7" {
			wrong[i].Item, wrong[i].Unit = "4.3", "market-regulation"
			if n++; n == 10 {
				break
			}
		}
	}
	r = train.Evaluate(m, wrong, tax)
	if want := 1 - 10/float64(len(wrong)); math.Abs(r.Accuracy-want) > 1e-9 || math.Abs(r.UnitAccuracy-want) > 1e-9 || math.Abs(r.CategoryAccuracy-want) > 1e-9 {
		t.Errorf("accuracy %v, unit %v, category %v, want %v", r.Accuracy, r.UnitAccuracy, r.CategoryAccuracy, want)
	}
	if want := []train.Confusion{{Truth: "4.3", Answer: "5.7", Rows: 10}}; !slices.Equal(r.Confusions, want) {
		t.Errorf("confusions %v, want %v", r.Confusions, want)
	}
	truth := r.PerLabel["4.3"].Rows
	given := r.PerLabel["5.7"].Rows + 10
	if s := r.PerLabel["4.3"]; s.Precision != 1 || math.Abs(s.Recall-float64(truth-10)/float64(truth)) > 1e-9 || math.Abs(s.F1-2*s.Recall/(1+s.Recall)) > 1e-9 {
		t.Errorf("4.3: %+v", s)
	}
	if s := r.PerLabel["5.7"]; s.Recall != 1 || math.Abs(s.Precision-float64(given-10)/float64(given)) > 1e-9 {
		t.Errorf("5.7: %+v", s)
	}
	if !(r.ECE > 0 && r.ECE <= 1) || len(r.PerStyle) == 0 {
		t.Errorf("ECE %v, styles %v", r.ECE, r.PerStyle)
	}
	var share float64
	for _, o := range r.Decisions {
		share += o.Share
	}
	if math.Abs(share-1) > 1e-9 {
		t.Errorf("decisions %v don't add up", r.Decisions)
	}
	if empty := train.Evaluate(m, nil, tax); empty.Rows != 0 || math.IsNaN(empty.Accuracy) {
		t.Errorf("no rows: %+v", empty)
	}
}

func TestReportIsReadByPeopleAndScripts(t *testing.T) {
	t.Parallel()
	rows := some(t, "5.7", "4.3")
	_, r := learn(t, rows, train.DefaultOptions())
	var text bytes.Buffer
	if err := r.Print(&text); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"accuracy (item)", "macro F1", "calibration error", "dispatch", "5.7", "confusions"} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("no %q in %s", part, text.String())
		}
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"rows", "accuracy", "macro_f1", "unit_accuracy", "category_accuracy", "both_accuracy", "top_three", "district_accuracy", "ece", "decisions", "per_label", "per_style", "confusions", "thresholds"} {
		if _, ok := got[name]; !ok {
			t.Errorf("no %q in %s", name, data)
		}
	}
}
