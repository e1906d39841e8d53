package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	goredis "github.com/redis/go-redis/v9"
)

// ownPostgres is a PostgreSQL that belongs to one test, which may break it.
type ownPostgres struct {
	t    *testing.T
	bin  string // folder of its programs
	data string
	disk string // the folder of its own disk, "" when it has none
	wire *cable // the network of its own, nil when it has none
	host string
	port int
}

// startPostgres makes a cluster and starts it; apart: on a disk and a network of its own, where the test may make them.
func startPostgres(t *testing.T, apart bool) *ownPostgres {
	t.Helper()
	service(t, "JIESU_TEST_POSTGRES_URL") // where there is none, none is wanted
	programs, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, missing := exec.LookPath("initdb"); missing == nil {
		programs = append(programs, path)
	}
	if err != nil || len(programs) == 0 {
		t.Fatal("PostgreSQL's server programs are not installed")
	}
	slices.Sort(programs)
	folder, err := os.MkdirTemp("", "jiesu-postgres-") // not the test's folder: the user postgres may not be able to enter that
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	p := &ownPostgres{t: t, bin: filepath.Dir(programs[len(programs)-1]), data: filepath.Join(folder, "data"), host: "127.0.0.1", port: freePort(t)}
	if apart {
		p.wire = layCable(t)
		if smallDisk(t, folder) {
			p.disk = folder
		}
	}
	if p.wire != nil {
		p.host = p.wire.host
	}
	t.Cleanup(func() { p.signal(syscall.SIGKILL) })
	if id := postgresID(t); id != nil {
		if err := os.Chown(folder, int(id.Uid), int(id.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	p.run("initdb", "-D", p.data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
	if err := p.allow("host all all samenet trust"); err != nil {
		t.Fatal(err)
	}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// postgresID is who runs PostgreSQL, which refuses to be root; nil: whoever runs the test.
func postgresID(t *testing.T) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, err1 := strconv.ParseUint(who.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(who.Gid, 10, 32)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func (p *ownPostgres) run(name string, args ...string) {
	p.t.Helper()
	if err := p.try(name, args...); err != nil {
		p.t.Fatal(err)
	}
}

func (p *ownPostgres) try(name string, args ...string) error {
	cmd := exec.Command(filepath.Join(p.bin, name), args...)
	cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: postgresID(p.t)}
	if p.wire != nil { // only root enters a network
		inside := append([]string{"netns", "exec", p.wire.space, "setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"}, cmd.Args...)
		cmd = exec.Command("ip", inside...)
		cmd.Dir = "/"
	}
	// No pipes: the server that is started would hold them.
	said, err := os.CreateTemp(p.t.TempDir(), "postgres-*")
	if err != nil {
		return err
	}
	defer said.Close()
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(said.Name())
		return fmt.Errorf("%s: %w\n%s", name, err, text)
	}
	return nil
}

func (p *ownPostgres) start() error {
	return p.try("pg_ctl", "-D", p.data, "-w", "-t", "60", "-l", p.data+"/log", "start", "-o", fmt.Sprintf("-p %d -k %s -c listen_addresses=%s -c max_connections=200 -c max_wal_size=64MB", p.port, p.data, p.host))
}

// restart ends every transaction under way and starts it again.
func (p *ownPostgres) restart() {
	p.t.Helper()
	p.run("pg_ctl", "-D", p.data, "-w", "-t", "60", "-m", "fast", "-l", p.data+"/log", "restart")
}

// kill ends it as a power cut would, and starts it again.
func (p *ownPostgres) kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	eventually(p.t, p.start) // its processes notice one by one; the shared memory is free when all are gone
}

// runsOut has its disk full for a while, and starts it again if that has ended it, as a service manager does.
func (p *ownPostgres) runsOut(d time.Duration) {
	p.t.Helper()
	fillDisk(p.t, p.disk, d)
	eventually(p.t, func() error {
		if p.try("pg_ctl", "-D", p.data, "status") == nil {
			return nil
		}
		return p.start()
	})
}

// allow adds a line about who may connect.
func (p *ownPostgres) allow(line string) error {
	f, err := os.OpenFile(filepath.Join(p.data, "pg_hba.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, line)
	return errors.Join(err, f.Close())
}

// signal reaches the postmaster, if it runs.
func (p *ownPostgres) signal(s syscall.Signal) {
	text, err := os.ReadFile(filepath.Join(p.data, "postmaster.pid"))
	if err != nil {
		return
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if pid, err := strconv.Atoi(line); err == nil {
		_ = syscall.Kill(pid, s)
	}
}

// database makes a database and returns its address.
func (p *ownPostgres) database(name string) string {
	p.t.Helper()
	address := func(name string) string {
		return fmt.Sprintf("postgres://postgres@%s:%d/%s?sslmode=disable", p.host, p.port, name)
	}
	db, err := pgx.Connect(p.t.Context(), address("postgres"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer db.Close(context.Background())
	if _, err := db.Exec(p.t.Context(), "CREATE DATABASE "+name); err != nil {
		p.t.Fatal(err)
	}
	return address(name)
}

// ownRedis is a Redis that belongs to one test.
type ownRedis struct {
	t    *testing.T
	port int
	cmd  *exec.Cmd
}

func startRedis(t *testing.T) *ownRedis {
	t.Helper()
	service(t, "JIESU_TEST_REDIS_URL")
	r := &ownRedis{t: t, port: freePort(t)}
	t.Cleanup(r.end)
	r.start()
	return r
}

func (r *ownRedis) url() string { return fmt.Sprintf("redis://127.0.0.1:%d/0", r.port) }

func (r *ownRedis) start() {
	r.t.Helper()
	r.cmd = exec.Command("redis-server", "--port", strconv.Itoa(r.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	if err := r.cmd.Start(); err != nil {
		r.t.Fatalf("start Redis: %v", err)
	}
	client := goredis.NewClient(&goredis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", r.port)})
	defer client.Close()
	eventually(r.t, func() error { return client.Ping(context.Background()).Err() })
}

func (r *ownRedis) end() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
}

// kill ends it with all that it knew, and starts it again after a while.
func (r *ownRedis) kill(away time.Duration) {
	r.t.Helper()
	r.end()
	<-time.NewTimer(away).C // how long a fault lasts is part of it
	r.start()
}

func (r *ownRedis) flush() {
	r.t.Helper()
	client := goredis.NewClient(&goredis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", r.port)})
	defer client.Close()
	if err := client.FlushDB(context.Background()).Err(); err != nil {
		r.t.Error(err)
	}
}

// freePort is one that nobody listens at.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
