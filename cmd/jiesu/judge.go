package main

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"jiesu/classifier"
	"jiesu/configs"
	"jiesu/routing"
)

// judge lets the domain ask the classifier without either knowing the other. Its model can be replaced while it is asked.
type judge struct {
	cfg   configs.Classifier
	log   *slog.Logger
	model atomic.Pointer[classifier.Model]
	seen  fs.FileInfo // of the model file that was looked at last; only refresh touches it
}

// newJudge loads the configured model, or the built-in one.
func newJudge(cfg configs.Classifier, log *slog.Logger) (*judge, error) {
	j := &judge{cfg: cfg, log: log}
	if cfg.Model != "" {
		var err error
		if j.seen, err = os.Stat(cfg.Model); err != nil {
			return nil, fmt.Errorf("find model (JIESU_CLASSIFIER_MODEL): %w", err)
		}
	}
	model, err := loadModel(cfg.Model)
	if err != nil {
		return nil, err
	}
	j.model.Store(model.AtRisk(cfg.MaxWrongUnits))
	return j, nil
}

// watch looks for another model file until ctx ends.
func (j *judge) watch(ctx context.Context) {
	if j.cfg.Model == "" {
		return
	}
	tick := time.NewTicker(30 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			j.refresh(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// refresh takes the model file if it is another one than before. One that can't be read is told of once, and the old model stays.
func (j *judge) refresh(ctx context.Context) {
	now, err := os.Stat(j.cfg.Model)
	if err != nil {
		j.log.WarnContext(ctx, "model file is gone, the model in use stays", "error", err)
		return
	}
	if j.seen != nil && os.SameFile(now, j.seen) && now.ModTime().Equal(j.seen.ModTime()) && now.Size() == j.seen.Size() {
		return
	}
	j.seen = now
	model, err := loadModel(j.cfg.Model)
	if err != nil {
		j.log.ErrorContext(ctx, "new model file is unusable, the model in use stays", "error", err)
		return
	}
	before := j.model.Swap(model.AtRisk(j.cfg.MaxWrongUnits))
	j.log.InfoContext(ctx, "model replaced", "before", before.Version(), "now", model.Version())
}

// Judge implements routing.Judge.
func (j *judge) Judge(text string) routing.Judgement {
	r := j.model.Load().Classify(text)
	out := routing.Judgement{Item: r.Item, Unit: r.Unit, District: r.District, Confidence: r.Confidence,
		Decision: routing.Decision(r.Decision), Thin: classifier.Thin(text, r), Model: r.ModelVersion, Entities: entities(r.Entities)}
	for _, a := range r.Alternatives {
		out.Alternatives = append(out.Alternatives, routing.Alternative(a))
	}
	for _, e := range r.Evidence {
		out.Evidence = append(out.Evidence, routing.Evidence(e))
	}
	for _, e := range r.Contrary {
		out.Contrary = append(out.Contrary, routing.Evidence(e))
	}
	out.Matter = make(routing.Matter, len(r.Matter))
	for i, t := range r.Matter {
		out.Matter[i] = routing.Trait(t)
	}
	return out
}

// entities keeps the words of what is named; where they stand is of no use beyond the classifier. Of several enterprises the
// first is taken: people name themselves before others.
func entities(e classifier.Entities) *routing.Entities {
	out := &routing.Entities{Enterprise: first(e.Enterprise), Phones: texts(e.Phones), People: texts(e.People)}
	out.PlaceHint, out.PlaceDistrict = place(e.PlaceHints)
	for _, a := range e.Amounts {
		out.Amounts = append(out.Amounts, a.Text)
	}
	for _, d := range e.Dates {
		out.Dates = append(out.Dates, d.Text)
	}
	return out
}

// place returns the first place that lies in a known district, if all such places lie in the same; else the first, without a district.
func place(hints []classifier.PlaceHint) (name, district string) {
	for _, h := range hints {
		switch {
		case name == "", district == "" && h.District != "":
			name, district = h.Text, h.District
		case h.District != "" && h.District != district:
			return hints[0].Text, ""
		}
	}
	return name, district
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
