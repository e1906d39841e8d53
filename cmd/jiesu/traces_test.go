package main

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a thief of the disk, of a backup or of the logs would look for isn't there in clear, nor in the files beside the database while the server runs.
func TestNothingThatNamesAPersonIsInClearOnDiskOrInLogs(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		nothingInClear(t, "sqlite:"+filepath.Join(folder, "jiesu.db"), folder, func(env []string) {
			if _, errs, code := command(t, env, "", "backup", "--out", filepath.Join(folder, "backup.db")); code != 0 {
				t.Fatal(errs)
			}
		})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		p := startPostgres(t, false)
		nothingInClear(t, p.database("jiesu"), p.data, func([]string) { p.restart() }) // which writes everything to its files
	})
}

// nothingInClear runs a server on the database, plants names and numbers, and looks for them in the folder's files and in the log. write has the database write
// down what it has.
func nothingInClear(t *testing.T, url, folder string, write func(env []string)) {
	t.Helper()
	env := append(serveEnv(t, "http://127.0.0.1:1"), "JIESU_DATABASE_URL="+url, "JIESU_LOG_LEVEL=debug")
	planted := map[string]string{"telephone": "13912345670", "name": "端木试之", "openid": "oPLANTED_abcdefghijklmnopqrs", "another name": "公良测之"}
	srv := start(t, env, "serve")
	api := newKey(t, env, srv.URL, "operator", "")
	c := api.do(201, "POST", "/api/v1/cases", map[string]any{"text": complaint, "channel": "hotline", "external_id": "1", "phone": planted["telephone"], "contact_name": planted["name"]})
	number := c["number"].(string)
	api.do(200, "GET", "/api/v1/cases/"+number, nil)
	api.do(201, "POST", "/api/v1/cases", map[string]any{"text": complaint, "channel": "hotline", "external_id": "2", "confidential": true, "contact_name": planted["another name"]})
	api.call("GET", "/api/v1/cases?q="+planted["telephone"], nil)
	for i, text := range []string{complaint, "1", "我的工单"} {
		e := sealed(t, testAppID, strings.NewReplacer(complaint, text, "<MsgId>77", "<MsgId>7"+string(rune('0'+i))).Replace(textFrom(planted["openid"])))
		resp, err := http.Post(srv.URL+"/wechat/callback?"+e.query.Encode(), "text/xml", strings.NewReader(e.body))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("callback: %d", resp.StatusCode)
		}
	}
	write(env)
	search := func(when string) {
		t.Helper()
		files := 0
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) || err == nil && !d.Type().IsRegular() {
				return nil
			}
			if err != nil {
				return err
			}
			content, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) { // PostgreSQL works meanwhile
				return nil
			}
			if err != nil {
				return err
			}
			files++
			for what, text := range planted {
				if strings.Contains(string(content), text) {
					t.Errorf("%s: the %s is in %s", when, what, filepath.Base(path))
				}
			}
			return nil
		})
		if err != nil || files < 2 {
			t.Fatalf("%s: %d files, %v", when, files, err)
		}
	}
	search("while it runs")
	srv.stop()
	search("after it stopped")
	log := srv.out.String()
	for what, text := range planted {
		if strings.Contains(log, text) {
			t.Errorf("the %s is in the log", what)
		}
	}
	if !strings.Contains(log, number) && !strings.Contains(log, "listen=") {
		t.Errorf("that isn't the log: %s", log)
	}
}
