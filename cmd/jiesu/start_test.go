package main

import (
	"database/sql"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

func TestServeRefusesToStartWithOneClearLine(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = busy.Close() })
	folder := t.TempDir()
	file := filepath.Join(folder, "a-file")
	config, slip := filepath.Join(folder, "typo.yaml"), filepath.Join(folder, "slip.yaml")
	for path, text := range map[string]string{file: "not a folder", config: "listn: 127.0.0.1:0\n", slip: "hourz: {}\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	newer := newerDatabase(t)
	for _, tt := range []struct {
		name string
		env  []string
		args []string
		says []string
	}{
		{"no secret", []string{"JIESU_SECRET_KEY="}, nil, []string{"JIESU_SECRET_KEY", "openssl rand"}},
		{"short secret", []string{"JIESU_SECRET_KEY=short"}, nil, []string{"JIESU_SECRET_KEY", "32"}},
		{"secret file that isn't there", []string{"JIESU_SECRET_KEY=", "JIESU_SECRET_KEY_FILE=" + folder + "/none"}, nil, []string{"JIESU_SECRET_KEY_FILE"}},
		{"half an account", []string{"JIESU_WECHAT_TOKEN="}, nil, []string{"JIESU_WECHAT_TOKEN", "belong together"}},
		{"bad AES key", []string{"JIESU_WECHAT_AES_KEY=short"}, nil, []string{"JIESU_WECHAT_AES_KEY", "43"}},
		{"bad address", []string{"JIESU_LISTEN=8080"}, nil, []string{"JIESU_LISTEN", "host:port"}},
		{"busy port", []string{"JIESU_LISTEN=" + busy.Addr().String()}, nil, []string{busy.Addr().String(), "JIESU_LISTEN", "in use"}},
		{"folder that is a file", []string{"JIESU_DATABASE_URL=sqlite:" + file + "/jiesu.db"}, nil, []string{"database"}},
		{"unreachable PostgreSQL", []string{"JIESU_DATABASE_URL=postgres://u:s3cret@127.0.0.1:1/x"}, nil, []string{"PostgreSQL"}},
		{"no such database", []string{"JIESU_DATABASE_URL=mysql://x"}, nil, []string{"JIESU_DATABASE_URL", "sqlite:"}},
		{"newer database", []string{"JIESU_DATABASE_URL=sqlite:" + newer}, nil, []string{"newer"}},
		{"unknown key in the file", nil, []string{"--config", config}, []string{"listn", "1"}},
		{"clock rules that aren't there", []string{"JIESU_CLOCKS_FILE=" + folder + "/none.yaml"}, nil, []string{"JIESU_CLOCKS_FILE", "none.yaml"}},
		{"clock rules with a slip", []string{"JIESU_CLOCKS_FILE=" + slip}, nil, []string{"JIESU_CLOCKS_FILE", "slip.yaml", "hourz"}},
		{"no year in the calendar", []string{"JIESU_CLOCKS_CALENDAR=" + t.TempDir()}, nil, []string{"JIESU_CLOCKS_CALENDAR", "2027.yaml"}},
		{"no config file", nil, []string{"--config", folder + "/none.yaml"}, []string{"none.yaml"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := append(serveEnv(t, "http://127.0.0.1:1"), tt.env...)
			out, errs, code := command(t, env, "", append(tt.args, "serve")...)
			last := lastLine(errs)
			if code != 1 || out != "" || !strings.HasPrefix(last, "jiesu: ") {
				t.Fatalf("code %d, stdout %q, stderr %q", code, out, errs)
			}
			for _, word := range tt.says {
				if !strings.Contains(last, word) {
					t.Errorf("%q is not in %q", word, last)
				}
			}
			for _, secret := range []string{testSecret, testToken, testAESKey, testKey, "s3cret"} {
				if strings.Contains(errs, secret) {
					t.Error("a secret was printed")
				}
			}
			if strings.Contains(errs, "goroutine") {
				t.Error("a stack trace instead of a line")
			}
		})
	}
}

// An unwritable folder stops a start; root writes everywhere, so the test looks for a file system that nobody can write to.
func TestServeRefusesAFolderThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		folder = "/proc/self" // read-only for root too
	}
	env := append(serveEnv(t, "http://127.0.0.1:1"), "JIESU_DATABASE_URL=sqlite:"+folder+"/sub/jiesu.db")
	_, errs, code := command(t, env, "", "serve")
	if line := lastLine(errs); code != 1 || !strings.Contains(line, "database's folder") || strings.Count(errs, "\n") > 1 {
		t.Fatalf("code %d, stderr %q", code, errs)
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// newerDatabase is one that a later version has migrated.
func newerDatabase(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "jiesu.db")
	env := append(serveEnv(t, "http://127.0.0.1:1"), "JIESU_DATABASE_URL=sqlite:"+path)
	if _, errs, code := command(t, env, "", "migrate"); code != 0 {
		t.Fatalf("migrate: %s", errs)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)"); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDemoStartsFromNothingAndLeavesNothing(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	s := startDemo(t, "TMPDIR="+temp)
	welcome := s.out.String()
	for _, word := range []string{"/sandbox", "/console", "operator", "office", "admin", "finance", demoPassword} {
		if !strings.Contains(welcome, word) {
			t.Errorf("%q is not in the welcome", word)
		}
	}
	office := client{t, s.URL, regexp.MustCompile(`office\s+(jsk_\S+)`).FindStringSubmatch(welcome)[1]}
	states, cases := map[string]int{}, 0
	for cursor := ""; ; {
		page := office.do(200, "GET", "/api/v1/cases?limit=50&cursor="+cursor, nil)
		for _, c := range page["cases"].([]any) {
			states[c.(map[string]any)["state"].(string)]++
			cases++
		}
		if cursor, _ = page["next"].(string); cursor == "" {
			break
		}
	}
	if cases != 60 {
		t.Errorf("%d sample cases, want 60", cases)
	}
	for _, state := range []string{"triage", "dispatched", "signed", "refused", "replied", "closed", "struck_off", "withdrawn", "not_accepted", "transferred"} {
		if states[state] == 0 {
			t.Errorf("no sample case is %s", state)
		}
	}
	phone, err := http.Get(s.URL + "/sandbox/events") // a page that is open doesn't hold up the end
	if err != nil {
		t.Fatal(err)
	}
	defer phone.Body.Close()
	s.stop()
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestDemoKeepsItsFolderWhenToldTo(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "kept")
	first := startDemo(t, "", "--data", folder)
	first.stop()
	second := startDemo(t, "", "--data", folder) // its own key opens the personal data again
	second.stop()
}

func TestServeHasNeitherSandboxNorDemoAccounts(t *testing.T) {
	t.Parallel()
	s := start(t, serveEnv(t, "http://127.0.0.1:1"), "serve")
	if status := s.get("/sandbox"); status != 404 {
		t.Errorf("/sandbox answers %d", status)
	}
	if status := s.get("/sandbox/api/cgi-bin/menu/get"); status != 404 {
		t.Errorf("the sandbox's API answers %d", status)
	}
	if status := s.login("office", demoPassword); status == 303 {
		t.Error("the demonstration's password opens serve")
	}
}
