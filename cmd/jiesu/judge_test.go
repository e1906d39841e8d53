package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"jiesu/configs"
)

// trained makes a small model that knows two labels and nothing of the plan.
func trained(t *testing.T, path string, label string) {
	t.Helper()
	corpus := filepath.Join(t.TempDir(), "corpus.tsv")
	rows := strings.Repeat(label+"\t球队进了三个球\nother\t股票今天涨了\n", 4)
	if err := os.WriteFile(corpus, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := command(t, nil, "", "train", "--in", corpus, "--out", path); code != 0 {
		t.Fatal(errs)
	}
}

func TestPlaceOfAJudgement(t *testing.T) {
	t.Parallel()
	j, err := newJudge(configs.Classifier{MaxWrongUnits: 0.03}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][2]string{
		"三好街的电脑店被围挡挡住了两年":      {"三好街", "和平区"},
		"青年大街上的店，西塔也有一家，被挡住了":  {"西塔", "和平区"},
		"西塔和中街两家店都被围挡挡住了":      {"", ""}, // two districts
		"青年大街的店被围挡挡住了":         {"", ""}, // through several
		"铁西区的店在三好街也有分店，被围挡挡住了": {"", ""}, // names its district
		"大东区的店停电三天没人修":         {"", ""},
		"电脑店被围挡挡住了两年，没有人来说一句话": {"", ""},
	} {
		if place, district := j.Judge(text).SuggestedDistrict(); place != want[0] || district != want[1] {
			t.Errorf("%s: %q in %q, want %v", text, place, district, want)
		}
	}
}

func TestTheModelIsReplacedWhileItIsAsked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "model")
	trained(t, path, "sport")
	var log bytes.Buffer
	j, err := newJudge(configs.Classifier{Model: path, MaxWrongUnits: 0.03}, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	before := j.Judge("球队进了三个球")
	stop := make(chan struct{})
	var asking sync.WaitGroup
	asking.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				j.Judge("球队进了三个球")
			}
		}
	})
	trained(t, path, "ballgame")
	j.refresh(t.Context())
	j.refresh(t.Context()) // nothing new: nothing happens
	close(stop)
	asking.Wait()
	after := j.Judge("球队进了三个球")
	if before.Item != "sport" || after.Item != "ballgame" || before.Model == after.Model || strings.Count(log.String(), "model replaced") != 1 {
		t.Errorf("%s by %s, then %s by %s; log: %s", before.Item, before.Model, after.Item, after.Model, log.String())
	}

	if err := os.WriteFile(path, []byte("half a mod"), 0o600); err != nil {
		t.Fatal(err)
	}
	j.refresh(t.Context())
	j.refresh(t.Context())
	if got := j.Judge("球队进了三个球"); got.Model != after.Model || strings.Count(log.String(), "unusable") != 1 {
		t.Errorf("a broken file: %s; log: %s", got.Model, log.String())
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	j.refresh(t.Context())
	if got := j.Judge("球队进了三个球"); got.Model != after.Model {
		t.Errorf("no file: %s", got.Model)
	}
	if _, err := newJudge(configs.Classifier{Model: path}, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("started without its model")
	}
}

func TestLessRiskMeansLessDispatchedUnseen(t *testing.T) {
	t.Parallel()
	sent := map[float64]int{}
	for _, share := range []float64{0, 0.01, 0.03, 0.1} {
		j, err := newJudge(configs.Classifier{MaxWrongUnits: share}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		samples := bytes.Split(bytes.TrimSpace(samplesFile), []byte("\n"))
		for _, line := range samples {
			if j.Judge(string(line)).Decision == "dispatch" {
				sent[share]++
			}
		}
	}
	if sent[0] != 0 || sent[0.01] > sent[0.03] || sent[0.03] > sent[0.1] || sent[0.1] == 0 {
		t.Errorf("dispatched unseen by accepted risk: %v", sent)
	}
}
