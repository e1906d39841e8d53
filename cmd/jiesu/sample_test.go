package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The sample is written as a workbook, the same each time; a period that is none is refused before anything is opened.
func TestASampleIsWrittenForAThirdParty(t *testing.T) {
	t.Parallel()
	env := serveEnv(t, "http://127.0.0.1:1")
	srv := start(t, env, "serve")
	operator := newKey(t, env, srv.URL, "operator", "")
	unit := newKey(t, env, srv.URL, "unit", "finance")
	c := operator.do(201, "POST", "/api/v1/cases", map[string]any{"text": complaint, "channel": "hotline", "contact_name": "李小雪", "phone": "13800001111"})
	number := c["number"].(string)
	unit.act(number, "sign", nil)
	answered := unit.act(number, "reply", map[string]any{"note": "已拨付"})
	srv.stop()
	period := answered["updated_at"].(string)[:4]

	var books [2][]byte
	for i := range books {
		path := filepath.Join(t.TempDir(), "sample.xlsx")
		if _, errs, code := command(t, env, "", "sample", "--period", period, "--out", path); code != 0 || !strings.Contains(errs, "1 cases of "+period) {
			t.Fatalf("code %d: %s", code, errs)
		}
		var err error
		if books[i], err = os.ReadFile(path); err != nil || !bytes.HasPrefix(books[i], []byte("PK")) {
			t.Fatalf("%d bytes, %v", len(books[i]), err)
		}
	}
	if !bytes.Equal(books[0], books[1]) {
		t.Error("drawn again, the sample is another")
	}
	if _, errs, code := command(t, env, "", "sample", "--period", "last week", "--out", filepath.Join(t.TempDir(), "x")); code == 0 || !strings.Contains(errs, "must be a month") {
		t.Errorf("code %d: %s", code, errs)
	}
}
