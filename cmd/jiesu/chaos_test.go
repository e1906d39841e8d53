package main

import (
	"database/sql"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/silenceper/wechat/v2/util"
)

// fleet is several processes of the product on one database, and the platform's way to them: any of them, as a proxy would choose.
type fleet struct {
	t       *testing.T
	env     []string
	mu      sync.Mutex
	members []*server
}

func newFleet(t *testing.T, env []string, size int) *fleet {
	t.Helper()
	f := &fleet{t: t, env: env, members: make([]*server, size)}
	for i := range f.members {
		f.members[i] = start(t, env, "serve")
	}
	return f
}

// any is the address of one of them, alive or not.
func (f *fleet) any() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.members[rand.IntN(len(f.members))].URL
}

// pick is one of them, by its place.
func (f *fleet) pick() (int, *server) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := rand.IntN(len(f.members))
	return i, f.members[i]
}

func (f *fleet) put(i int, s *server) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.members[i] = s
}

// book is what a client was told: an independent record, kept nowhere near the server.
type book struct {
	mu       sync.Mutex
	accepted map[string]string // case number by fan, as it was answered
	silent   int               // acknowledged without words: the answer went another way
	refused  atomic.Int64      // deliveries that got no answer, or an error
}

// deliver sends a message as the platform does: the same again until somebody acknowledges it. It returns the answer's words, "" for none.
func (b *book) deliver(f *fleet, client *http.Client, fan string, id int64, words string) string {
	plain := fmt.Sprintf("<xml><ToUserName>gh</ToUserName><FromUserName>%s</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>%s</Content><MsgId>%d</MsgId></xml>", fan, words, id)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(patience); time.Now().Before(limit); <-tick.C {
		e := sealed(f.t, testAppID, plain)
		resp, err := client.Post(f.any()+"/wechat/callback?"+e.query.Encode(), "text/xml", strings.NewReader(e.body))
		if err != nil {
			b.refused.Add(1)
			continue
		}
		answer, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			b.refused.Add(1)
			continue
		}
		var envelope struct{ Encrypt string }
		if xml.Unmarshal(answer, &envelope) != nil || envelope.Encrypt == "" {
			return "" // acknowledged, and answered later or by an earlier delivery
		}
		return opened(f.t, envelope.Encrypt)
	}
	f.t.Errorf("nobody acknowledged message %d", id)
	return ""
}

// opened is what a sealed answer says.
func opened(t *testing.T, encrypted string) string {
	_, plain, err := util.DecryptMsg(testAppID, encrypted, testAESKey)
	var answer struct{ Content string }
	if err == nil {
		err = xml.Unmarshal(plain, &answer)
	}
	if err != nil {
		t.Errorf("an answer that can't be read: %v", err)
	}
	return answer.Content
}

// converse files one complaint in two messages.
func (b *book) converse(f *fleet, client *http.Client, n int64) {
	fan := fmt.Sprint("fan-", n)
	b.deliver(f, client, fan, n*2, complaint+strconv.FormatInt(n, 10))
	number := caseNumber.FindString(b.deliver(f, client, fan, n*2+1, "1"))
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accepted[fan] = number
	if number == "" {
		b.silent++
	}
}

// fault is something that goes wrong, and mends itself.
type fault struct {
	name string
	do   func(t *testing.T, f *fleet)
}

func again(f *fleet, i int) {
	f.put(i, start(f.t, f.env, "serve"))
}

// services are what several processes share.
type services struct {
	*ownPostgres
	url     string // of the database
	redis   *ownRedis
	network network // between the processes and the database
}

// faults are what can go wrong; postgres is nil for one process on SQLite, whose disk may be its own.
func faults(postgres *services, disk string, c steppedClock) []fault {
	pause := func(d time.Duration) { <-time.NewTimer(d).C } // how long a fault lasts is part of it
	list := []fault{
		{"kill -9", func(_ *testing.T, f *fleet) {
			i, s := f.pick()
			s.kill()
			again(f, i)
		}},
		{"SIGTERM", func(_ *testing.T, f *fleet) {
			i, s := f.pick()
			s.stop()
			again(f, i)
		}},
		{"frozen and thawed", func(t *testing.T, f *fleet) {
			_, s := f.pick()
			if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Error(err)
			}
			pause(300 * time.Millisecond)
			if err := s.cmd.Process.Signal(syscall.SIGCONT); err != nil {
				t.Error(err)
			}
		}},
		{"clock set forward and back", func(t *testing.T, _ *fleet) {
			for _, off := range []time.Duration{4 * time.Minute, -4 * time.Minute, 0} {
				c.set(t, off)
				pause(300 * time.Millisecond)
			}
		}},
	}
	if disk != "" {
		list = append(list, fault{"disk full", func(t *testing.T, _ *fleet) { fillDisk(t, disk, 500*time.Millisecond) }})
	}
	if postgres != nil {
		list = append(list,
			fault{"every connection to PostgreSQL cut", func(t *testing.T, _ *fleet) {
				db, err := sql.Open("pgx", postgres.url)
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				if _, err := db.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
					t.Error(err)
				}
			}},
			fault{"PostgreSQL killed", func(*testing.T, *fleet) { postgres.kill() }},
			fault{"Redis flushed", func(*testing.T, *fleet) { postgres.redis.flush() }},
			fault{"PostgreSQL restarted", func(*testing.T, *fleet) { postgres.restart() }},
			fault{"Redis killed", func(*testing.T, *fleet) { postgres.redis.kill(time.Second) }},
			fault{"network to PostgreSQL cut", func(*testing.T, *fleet) { postgres.network.cut(1500 * time.Millisecond) }})
		if postgres.disk != "" {
			list = append(list, fault{"PostgreSQL's disk full", func(*testing.T, *fleet) { postgres.runsOut(500 * time.Millisecond) }})
		}
	}
	return list
}

// Under load and whatever happens to processes, database and Redis, what was acknowledged is there once, and nothing is stuck afterwards. JIESU_TEST_FAULTS says
// how many faults; make chaos has two hundred.
func TestNothingAcknowledgedIsLostOrDoubledWhateverBreaks(t *testing.T) {
	t.Parallel()
	count := 0 // each once
	if n, err := strconv.Atoi(os.Getenv("JIESU_TEST_FAULTS")); err == nil {
		count = n
	}
	forEachKind(t, func(t *testing.T, databaseURL, disk string, postgres *services) {
		_, apiBase, _ := platformVia(t, &reaper{})
		wound, byClock := newSteppedClock(t)
		env, size := append(serveEnv(t, apiBase), byClock, "JIESU_DATABASE_URL="+databaseURL), 1
		if postgres != nil {
			size, env = 2, append(env, "JIESU_REDIS_URL="+postgres.redis.url())
		}
		f := newFleet(t, env, size)
		office := newKey(t, env, f.any(), "office", "")
		b, client := &book{accepted: map[string]string{}}, &http.Client{Timeout: 5 * time.Second}
		stop := make(chan struct{})
		var next atomic.Int64
		var clients sync.WaitGroup
		for range 8 {
			clients.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						b.converse(f, client, next.Add(1))
					}
				}
			})
		}
		count, all := count, faults(postgres, disk, wound)
		if count == 0 {
			count = len(all)
		}
		for n := range count {
			before := next.Load()
			eventually(t, func() error { // something is under way, and got through since the last one
				if next.Load() < before+4 {
					return fmt.Errorf("nothing gets through")
				}
				return nil
			})
			all[n%len(all)].do(t, f)
		}
		close(stop)
		clients.Wait()
		office.base = f.any()
		eventually(t, func() error {
			err := whole(office, b)
			if err != nil {
				<-time.NewTimer(time.Second).C // a key has so many requests a minute
			}
			return err
		})
		eventually(t, func() error { return settled(databaseURL) })
		t.Logf("%d faults, %d complaints acknowledged, %d of them answered another way, %d deliveries refused", count, len(b.accepted), b.silent, b.refused.Load())
		for _, s := range f.members {
			s.stop()
		}
	})
}

// forEachKind runs the test for one process on SQLite, on a disk of its own where there can be one, and for several on PostgreSQL and Redis, which are its
// own to break, over a network that is, too.
func forEachKind(t *testing.T, test func(t *testing.T, databaseURL, disk string, postgres *services)) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		folder, disk := t.TempDir(), ""
		if smallDisk(t, folder) {
			disk = folder
		}
		test(t, "sqlite:"+filepath.Join(folder, "jiesu.db"), disk, nil)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		own := startPostgres(t, true)
		s := &services{own, own.database("jiesu"), startRedis(t), own.wire}
		if own.wire == nil {
			s.network, s.url = gateTo(t, s.url)
		}
		test(t, s.url, "", s)
	})
}

// whole compares the book with what the product says: one case for each complaint, with its words.
func whole(office client, b *book) error {
	texts, numbers := map[string]string{}, map[string]bool{}
	for cursor := ""; ; {
		page := office.do(200, "GET", "/api/v1/cases?limit=200&cursor="+cursor, nil)
		list, _ := page["cases"].([]any)
		for _, item := range list {
			c := item.(map[string]any)
			text, number := c["text"].(string), c["number"].(string)
			if texts[text] != "" || numbers[number] {
				return fmt.Errorf("doubled: %s", number)
			}
			texts[text], numbers[number] = number, true
		}
		if cursor, _ = page["next"].(string); cursor == "" {
			break
		}
	}
	if len(texts) != len(b.accepted) {
		return fmt.Errorf("%d cases of %d complaints", len(texts), len(b.accepted))
	}
	for fan, number := range b.accepted {
		have := texts[complaint+strings.TrimPrefix(fan, "fan-")]
		if have == "" || number != "" && have != number {
			return fmt.Errorf("%s was told %q and has %q", fan, number, have)
		}
	}
	return nil
}

// settled reports jobs that are still to be worked, and notices and events out of order.
func settled(databaseURL string) error {
	driver, address := "pgx", databaseURL
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		driver, address = "sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		return err
	}
	defer db.Close()
	for what, query := range map[string]string{
		"jobs that wait or run":               `SELECT count(*) FROM river_job WHERE kind <> 'periodic' AND state NOT IN ('completed', 'cancelled', 'discarded')`,
		"jobs given up":                       `SELECT count(*) FROM river_job WHERE kind <> 'periodic' AND state IN ('cancelled', 'discarded')`,
		"notices that wait":                   `SELECT count(*) FROM notices WHERE state = 'pending'`,
		"gaps in the events of a case":        `SELECT count(*) FROM (SELECT case_number FROM events GROUP BY case_number HAVING count(*) <> max(seq)) AS gaps`,
		"cases behind their last event":       `SELECT count(*) FROM cases WHERE version <> (SELECT max(seq) FROM events WHERE case_number = number)`,
		"notices of one step of a case twice": `SELECT count(*) FROM (SELECT case_number FROM notices WHERE case_number <> '' GROUP BY case_number, seq, kind HAVING count(*) > 1) AS twice`,
	} {
		var n int
		if err := db.QueryRow(query).Scan(&n); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if n != 0 {
			return fmt.Errorf("%d %s", n, what)
		}
	}
	return nil
}
