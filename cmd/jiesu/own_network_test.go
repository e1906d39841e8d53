package main

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// network is what lies between servers and a database of their own.
type network interface {
	// cut lets nothing through for a while, and says so to nobody.
	cut(d time.Duration)
}

// cable is a network of its own (a namespace, with one cable to it) for a database. Cut, packets vanish and are sent again, connections grow old, new ones hang.
type cable struct {
	t     *testing.T
	space string
	far   string // its far end
	host  string // the address there
}

// layCable returns nil where the test may not make a network.
func layCable(t *testing.T) *cable {
	t.Helper()
	id := os.Getpid() % 10000
	c := &cable{t: t, space: fmt.Sprint("jiesu-", id), far: fmt.Sprint("jst", id), host: fmt.Sprintf("169.254.%d.%d", id/64%256, id%64*4+2)}
	here := fmt.Sprint("jsh", id)
	if os.Getuid() != 0 {
		return nil
	}
	for i, args := range []string{
		"netns add " + c.space,
		"link add " + here + " type veth peer name " + c.far + " netns " + c.space,
		fmt.Sprintf("address add 169.254.%d.%d/30 dev %s", id/64%256, id%64*4+1, here),
		"link set " + here + " up",
		"-n " + c.space + " address add " + c.host + "/30 dev " + c.far,
		"-n " + c.space + " link set lo up",
		"-n " + c.space + " link set " + c.far + " up",
		"netns exec " + c.space + " setpriv --reuid=postgres --regid=postgres --init-groups true", // as PostgreSQL will be started
	} {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			t.Logf("no network of its own, so a gate that shuts: ip %s: %v: %s", args, err, out)
			return nil
		}
		if i == 0 {
			t.Cleanup(func() {
				if out, err := exec.Command("ip", "netns", "delete", c.space).CombinedOutput(); err != nil {
					t.Errorf("take the network away: %v: %s", err, out)
				}
			})
		}
	}
	return c
}

func (c *cable) cut(d time.Duration) {
	for _, state := range []string{"down", "up"} {
		if out, err := exec.Command("ip", "-n", c.space, "link", "set", c.far, state).CombinedOutput(); err != nil {
			c.t.Errorf("cable %s: %v: %s", state, err, out)
		}
		if state == "down" {
			<-time.NewTimer(d).C // how long a fault lasts is part of it
		}
	}
}

// gate is such a network where no other can be made. Shut, it lets nothing through in either direction and says so to nobody, as a broken
// cable does; what was on its way arrives when it is opened again.
type gate struct {
	mu   sync.Mutex
	open chan struct{} // closed: open
}

// gateTo listens for connections to the database and returns its address by the gate.
func gateTo(t *testing.T, database string) (*gate, string) {
	t.Helper()
	address, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{open: make(chan struct{})}
	close(g.open)
	target := address.Host
	address.Host = l.Addr().String()
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go g.join(in, target)
		}
	}()
	return g, address.String()
}

func (g *gate) join(in net.Conn, target string) {
	g.wait()
	out, err := net.Dial("tcp", target)
	if err != nil {
		_ = in.Close()
		return
	}
	go g.pump(out, in)
	g.pump(in, out)
}

func (g *gate) pump(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		g.wait()
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (g *gate) wait() {
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	<-open
}

// cut shuts the gate for a while.
func (g *gate) cut(d time.Duration) {
	open := make(chan struct{})
	g.mu.Lock()
	g.open = open
	g.mu.Unlock()
	<-time.NewTimer(d).C // how long a fault lasts is part of it
	close(open)
}

// smallDisk puts a disk of half a gigabyte of its own at the folder, and reports whether the test may.
func smallDisk(t *testing.T, folder string) bool {
	t.Helper()
	if os.Getuid() != 0 {
		return false
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=512m", "none", folder).CombinedOutput(); err != nil {
		t.Logf("no disk of its own, so none that fills up: %v: %s", err, out)
		return false
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", folder).CombinedOutput(); err != nil {
			t.Errorf("take the disk away: %v: %s", err, out)
		}
	})
	return true
}

// fillDisk leaves nothing free for a while.
func fillDisk(t *testing.T, folder string, d time.Duration) {
	t.Helper()
	path := filepath.Join(folder, "full")
	f, err := os.Create(path)
	if err != nil {
		t.Error(err)
		return
	}
	for size := 1 << 20; size >= 512; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	<-time.NewTimer(d).C // how long a fault lasts is part of it
	if err := f.Close(); err != nil {
		t.Log(err) // it is full
	}
	if err := os.Remove(path); err != nil {
		t.Error(err)
	}
}

// steppedClock is a clock of servers that a test can set: they read how far it is off in a file.
type steppedClock struct{ path string }

// newSteppedClock returns the clock and what makes a server go by it.
func newSteppedClock(t *testing.T) (steppedClock, string) {
	t.Helper()
	c := steppedClock{filepath.Join(t.TempDir(), "clock")}
	c.set(t, 0)
	return c, "JIESU_TEST_CLOCK=" + c.path
}

func (c steppedClock) set(t *testing.T, off time.Duration) {
	t.Helper()
	if err := os.WriteFile(c.path+".new", []byte(strconv.FormatInt(int64(off), 10)), 0o600); err != nil {
		t.Error(err)
	}
	if err := os.Rename(c.path+".new", c.path); err != nil {
		t.Error(err)
	}
}

// now is the time in a server that goes by the clock of the file.
func (c steppedClock) now() time.Time {
	text, err := os.ReadFile(c.path)
	if err != nil {
		return clock() // the test is over
	}
	off, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return clock()
	}
	return clock().Add(time.Duration(off))
}
