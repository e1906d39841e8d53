package main

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// rowsOf is every row of every table of ours, as text.
func rowsOf(t *testing.T, path string) map[string][]string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	names, err := db.Query(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'river%' AND name NOT LIKE 'sqlite%' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			t.Fatal(err)
		}
		all[name] = nil
	}
	for name := range all {
		rows, err := db.Query(`SELECT * FROM ` + name)
		if err != nil {
			t.Fatal(err)
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			all[name] = append(all[name], fmt.Sprintf("%q", values))
		}
		slices.Sort(all[name])
	}
	return all
}

// A backup taken while cases are filed is whole: every case that was acknowledged before it began is in it, with all that belongs to it, and a server runs on it.
func TestABackupTakenUnderLoadIsWholeAndRestores(t *testing.T) {
	t.Parallel()
	env := serveEnv(t, "http://127.0.0.1:1")
	_, _, code := command(t, env, "", "migrate")
	if code != 0 {
		t.Fatal("migrate")
	}
	key, errs, code := command(t, env, "", "key", "create", "--role", "operator", "--name", "hotline")
	if code != 0 {
		t.Fatal(errs)
	}
	srv := start(t, env, "serve")
	api := client{t, srv.URL, strings.TrimSpace(key)}
	file := func(i int) string {
		c := api.do(201, "POST", "/api/v1/cases", map[string]any{"text": complaint + fmt.Sprint(i), "channel": "hotline", "external_id": fmt.Sprint(i), "phone": fmt.Sprintf("138%08d", i)})
		return c["number"].(string)
	}
	var before []string
	for i := range 20 {
		before = append(before, file(i))
	}
	done := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 20; ; i++ {
			select {
			case <-done:
				return
			default:
				file(i)
			}
		}
	})
	out := filepath.Join(t.TempDir(), "backup.db")
	said, errs, code := command(t, env, "", "backup", "--out", out)
	close(done)
	writer.Wait()
	if code != 0 || !strings.Contains(said, out) {
		t.Fatalf("%d: %s%s", code, said, errs)
	}
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if _, errs, code := command(t, env, "", "backup", "--out", out); code != 1 || !strings.Contains(errs, "is there already") {
		t.Errorf("over another backup: %d %s", code, errs)
	}
	if _, errs, code := command(t, env, "", "restore", "--in", out); code != 1 || !strings.Contains(errs, "--force") {
		t.Errorf("over a database: %d %s", code, errs)
	}
	srv.stop()
	kept := rowsOf(t, out)
	for _, number := range before {
		if !slices.ContainsFunc(kept["cases"], func(row string) bool { return strings.Contains(row, number) }) {
			t.Errorf("%s is not in the backup", number)
		}
	}
	path := databaseFile(env)
	if _, errs, code := command(t, env, "", "restore", "--in", out, "--force"); code != 0 {
		t.Fatal(errs)
	}
	restored := rowsOf(t, path)
	for table, rows := range kept {
		if !slices.Equal(rows, restored[table]) {
			t.Errorf("%s differs: %d rows, %d in the backup", table, len(restored[table]), len(rows))
		}
	}
	if _, err := os.Stat(path + ".before-restore"); err != nil {
		t.Errorf("the database that was there: %v", err)
	}
	again := start(t, env, "serve")
	if c := (client{t, again.URL, strings.TrimSpace(key)}).do(200, "GET", "/api/v1/cases/"+before[0], nil); c["number"] != before[0] {
		t.Errorf("%v", c)
	}
	again.stop()

	// What is no backup, or another key's, takes nobody's place.
	junk := filepath.Join(t.TempDir(), "junk.db")
	if err := os.WriteFile(junk, []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	other := slices.Concat(env, []string{"JIESU_DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "new.db")})
	if _, errs, code := command(t, other, "", "restore", "--in", junk); code != 1 {
		t.Errorf("junk: %d %s", code, errs)
	}
	stranger := slices.Concat(other, []string{"JIESU_SECRET_KEY=" + strings.Repeat("another", 8)})
	if _, errs, code := command(t, stranger, "", "restore", "--in", out); code != 1 || !strings.Contains(errs, "can't be used") {
		t.Errorf("another key: %d %s", code, errs)
	}
	if _, err := os.Stat(databaseFile(other)); !os.IsNotExist(err) {
		t.Errorf("a database was left: %v", err)
	}
}

func databaseFile(env []string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if path, ok := strings.CutPrefix(env[i], "JIESU_DATABASE_URL=sqlite:"); ok {
			return path
		}
	}
	return ""
}

// Two processes share the work: one takes in and shows, the other delivers. Neither does the other's.
func TestWebAndWorkerShareTheWork(t *testing.T) {
	t.Parallel()
	env := append(serveEnv(t, "http://127.0.0.1:1"), "JIESU_DATABASE_URL="+freshPostgres(t))
	_, errs, code := command(t, env, "", "migrate")
	if code != 0 {
		t.Fatal(errs)
	}
	key, errs, code := command(t, env, "", "key", "create", "--role", "office", "--name", "hotline")
	if code != 0 {
		t.Fatal(errs)
	}
	web := start(t, env, "serve", "--role", "web")
	api := client{t, web.URL, strings.TrimSpace(key)}
	c := api.do(201, "POST", "/api/v1/cases", map[string]any{"text": complaint, "channel": "hotline", "phone": "13800001111"})
	number := c["number"].(string)
	api.do(200, "POST", "/api/v1/cases/"+number+"/actions/supervise", map[string]any{"version": c["version"], "note": "请抓紧"})
	told := func() string {
		list, _ := api.do(200, "GET", "/api/v1/cases/"+number+"/notices", nil)["notices"].([]any)
		if len(list) != 1 {
			return fmt.Sprint(len(list), " notices")
		}
		return fmt.Sprint(list[0].(map[string]any)["state"])
	}
	if state := told(); state != "pending" {
		t.Errorf("before there is a worker: %s", state)
	}
	worker := start(t, env, "serve", "--role", "worker")
	eventually(t, func() error { // without WeChat and SMS it is given to an operator
		if state := told(); state != "failed" {
			return fmt.Errorf("the worker has not delivered: %s", state)
		}
		return nil
	})
	if status := worker.get("/console/login"); status != 404 {
		t.Errorf("the worker answers people: %d", status)
	}
	for _, s := range []*server{web, worker} {
		if s.get("/healthz") != 200 || s.get("/metrics") != 200 {
			t.Error("a process says nothing of how it is")
		}
	}
	worker.stop()
	web.stop()
	if _, errs, code := command(t, serveEnv(t, "http://127.0.0.1:1"), "", "serve", "--role", "web"); code != 1 || !strings.Contains(errs, "PostgreSQL") {
		t.Errorf("half a process on SQLite: %d %s", code, errs)
	}
}
