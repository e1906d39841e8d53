package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/silenceper/wechat/v2/util"
)

// load sends complaints over so many connections, to one of the addresses after the other, for as long as the benchmark says. What a series says no other one does.
func (b benchCommand) load(ctx context.Context, addresses []string, connections int, series int64) (benchRow, int, error) {
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	var sent atomic.Int64
	said, err := complaints()
	if err != nil {
		return benchRow{}, 0, err
	}
	var late, again atomic.Int64
	r, err := b.measure(ctx, connections, func(n int64) error {
		words := said(n / 2)
		if n%2 == 1 {
			words = "1"
		}
		sent.Add(1)
		// The platform's ids are unique for ever, and so are ours on a database that stays from load to load.
		var err error
		for range deliveries {
			_, err = benchPost(client, addresses[n/2%int64(len(addresses))], fmt.Sprintf("fan-%d-%d", series, n/2), series*1_000_000_000+n+1, words)
			if !errors.Is(err, errRefused) {
				break
			}
			again.Add(1)
		}
		if errors.Is(err, errLate) {
			late.Add(1)
			return nil
		}
		return err
	})
	r.Late, r.Again = int(late.Load()), int(again.Load())
	return r, int(sent.Load()), err
}

// complaints makes texts that no two people would send: five phrases each of those that the demo's samples are made of.
func complaints() (func(n int64) string, error) {
	all, err := samples()
	if err != nil {
		return nil, err
	}
	var phrases []string
	for _, sm := range all {
		phrases = append(phrases, strings.FieldsFunc(sm.Text, func(r rune) bool { return strings.ContainsRune("\uff0c\u3002\uff1b\uff01\uff1f\n", r) })...)
	}
	if len(phrases) < 100 {
		return nil, errors.New("the samples say too little")
	}
	return func(n int64) string {
		r := mathrand.New(mathrand.NewPCG(1, uint64(n))) //nolint:gosec // the same texts in every run
		var text strings.Builder
		for range 5 {
			text.WriteString(phrases[r.IntN(len(phrases))] + "\uff0c")
		}
		return text.String()
	}, nil
}

// measure runs do from so many goroutines. Each worker has pairs of numbers of its own, one after the other.
func (b benchCommand) measure(ctx context.Context, connections int, do func(n int64) error) (benchRow, error) {
	var (
		next    atomic.Int64
		mu      sync.Mutex
		took    []time.Duration
		failed  error
		workers sync.WaitGroup
	)
	// Before it counts, every connection of everybody has had its first statements, which the database has to make ready.
	began := time.Now().Add(time.Duration(b.Warm) * time.Second)
	end := began.Add(time.Duration(b.Seconds) * time.Second)
	var before time.Duration
	workers.Go(func() {
		if wait(ctx, time.Until(began)) == nil {
			before = cpuTime()
		}
	})
	for range connections {
		workers.Go(func() {
			var mine []time.Duration
			for time.Now().Before(end) && ctx.Err() == nil {
				pair := next.Add(2) - 2
				for n := pair; n < pair+2; n++ {
					at := time.Now()
					if err := do(n); err != nil {
						mu.Lock()
						failed = errors.Join(failed, err)
						mu.Unlock()
						return
					}
					if at.After(began) {
						mine = append(mine, time.Since(at))
					}
				}
			}
			mu.Lock()
			took = append(took, mine...)
			mu.Unlock()
		})
	}
	workers.Wait()
	if failed != nil || len(took) == 0 {
		return benchRow{}, errors.Join(failed, ctx.Err())
	}
	elapsed := time.Since(began)
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1000
	}
	return benchRow{PerSecond: float64(len(took)) / elapsed.Seconds(), P50: at(0.5), P99: at(0.99), P999: at(0.999),
		CPU: float64((cpuTime() - before).Microseconds()) / 1000 / float64(len(took)), Memory: residentOf(os.Getpid())}, nil
}

// cpuTime is the processor time of this process so far.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// errLate: the message was acknowledged in time, and its answer will be a message of its own.
var errLate = errors.New("answered late")

// errRefused: the message isn't stored, and is to be sent again, as the platform does.
var errRefused = errors.New("not acknowledged")

// deliveries is how often the platform sends a message that isn't acknowledged.
const deliveries = 4

// benchPost sends one encrypted message and checks that it was answered by words. Errors: errLate, errRefused.
func benchPost(client *http.Client, address, fan string, id int64, words string) (string, error) {
	now := strconv.FormatInt(time.Now().Unix(), 10)
	plain := fmt.Sprintf("<xml><ToUserName>gh</ToUserName><FromUserName>%s</FromUserName><CreateTime>%s</CreateTime><MsgType>text</MsgType><Content>%s</Content><MsgId>%d</MsgId></xml>", fan, now, words, id)
	encrypted, err := util.EncryptMsg([]byte("0123456789abcdef"), []byte(plain), benchAppID, benchAESKey)
	if err != nil {
		return "", fmt.Errorf("seal message: %w", err)
	}
	query := url.Values{"timestamp": {now}, "nonce": {"1"}, "encrypt_type": {"aes"}, "signature": {util.Signature(benchToken, now, "1")},
		"msg_signature": {util.Signature(benchToken, now, "1", string(encrypted))}}
	resp, err := client.Post(address+"?"+query.Encode(), "text/xml", bytes.NewReader([]byte("<xml><ToUserName>gh</ToUserName><Encrypt>"+string(encrypted)+"</Encrypt></xml>")))
	if err != nil {
		return "", fmt.Errorf("send message: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode == http.StatusOK && string(answer) == "success" {
		return "", errLate
	}
	if err == nil && resp.StatusCode == http.StatusInternalServerError {
		return "", errRefused
	}
	var sealed struct{ Encrypt string }
	if err != nil || resp.StatusCode != http.StatusOK || xml.Unmarshal(answer, &sealed) != nil || sealed.Encrypt == "" {
		return "", errors.Join(err, fmt.Errorf("message %d: status %d, %d bytes", id, resp.StatusCode, len(answer)))
	}
	return sealed.Encrypt, nil
}
