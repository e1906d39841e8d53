package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A case that the office places otherwise becomes a row without names, the row teaches the next model, and a model that is worse for it is
// not written.
func TestCorrectionsAreLearntFrom(t *testing.T) {
	t.Parallel()
	env := serveEnv(t, "http://127.0.0.1:1")
	srv := start(t, env, "serve")
	operator, office := newKey(t, env, srv.URL, "operator", ""), newKey(t, env, srv.URL, "office", "")
	file := func(text string) map[string]any {
		return operator.do(201, "POST", "/api/v1/cases", map[string]any{"text": text, "channel": "hotline", "contact_name": "李小雪", "phone": "13800001111"})
	}
	right, wrong := file(complaint), file("李小雪反映，河边的水车转得太慢，打她电话13800001111")
	if right["state"] != "dispatched" {
		t.Fatalf("the plain complaint is %v", right["state"])
	}
	action := map[string]string{"triage": "assign", "dispatched": "reassign"}[wrong["state"].(string)]
	office.act(wrong["number"].(string), action, map[string]any{"item": "6.2", "unit": "water-group"})
	srv.stop()

	folder := t.TempDir()
	rows := filepath.Join(folder, "feedback.jsonl")
	if _, errs, code := command(t, env, "", "feedback", "--out", rows); code != 0 || !strings.Contains(errs, "1 corrections") {
		t.Fatalf("code %d: %s", code, errs)
	}
	text, err := os.ReadFile(rows)
	if err != nil {
		t.Fatal(err)
	}
	var row map[string]any
	if err := json.Unmarshal(text, &row); err != nil || row["item"] != "6.2" || row["unit"] != "water-group" {
		t.Errorf("row %s, %v", text, err)
	}
	if strings.Contains(string(text), "李小雪") || strings.Contains(string(text), "13800001111") || !strings.Contains(string(text), "水车") {
		t.Errorf("the row says %s", text)
	}

	corpus, frozen := filepath.Join(folder, "corpus.tsv"), filepath.Join(folder, "frozen.tsv")
	for path, content := range map[string]string{
		corpus: strings.Repeat("1.1/finance\t财政局拖欠工程款\n6.2/power\t停电没人修\nother\t你好请问\n", 5),
		frozen: "1.1/finance\t财政拖欠我工程款\n6.2/power\t停电三天没人修\n",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	model := filepath.Join(folder, "model")
	if _, errs, code := command(t, nil, "", "train", "--in", corpus, "--feedback", rows, "--out", model); code != 0 || !strings.Contains(errs, "16 texts") {
		t.Errorf("code %d: %s", code, errs)
	}
	if _, errs, code := command(t, nil, "", "train", "--in", corpus, "--frozen", frozen, "--than", model, "--out", filepath.Join(folder, "same")); code != 0 {
		t.Errorf("not worse, but refused: %s", errs)
	}
	spoilt := filepath.Join(folder, "spoilt.tsv")
	if err := os.WriteFile(spoilt, []byte(strings.Repeat("other\t财政局拖欠工程款\nother\t停电没人修\n1.1/finance\t你好请问\n", 5)), 0o600); err != nil {
		t.Fatal(err)
	}
	worse := filepath.Join(folder, "worse")
	if _, errs, code := command(t, nil, "", "train", "--in", spoilt, "--frozen", frozen, "--than", model, "--out", worse); code != 1 || !strings.Contains(errs, "worse") {
		t.Errorf("code %d: %s", code, errs)
	}
	if _, err := os.Stat(worse); err == nil {
		t.Error("a worse model was written")
	}
}
