package main

import (
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

// gate is the network between servers and a database of their own. Shut, it lets nothing through in either direction and says so to nobody, as a broken
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

// smallDisk is a folder on a disk of its own of a few hundred megabytes, "" where the test may not make one.
func smallDisk(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if os.Getuid() != 0 {
		return ""
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=256m", "none", folder).CombinedOutput(); err != nil {
		t.Logf("no disk of its own, so none that fills up: %v: %s", err, out)
		return ""
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", folder).CombinedOutput(); err != nil {
			t.Errorf("take the disk away: %v: %s", err, out)
		}
	})
	return folder
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
