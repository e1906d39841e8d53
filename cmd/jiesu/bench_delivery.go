package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"jiesu/integrations/wechat/sandbox"
	"jiesu/routing"
)

// noticesOfACase is how many notices a case of the benchmark has: that it was filed, signed and answered.
const noticesOfACase = 3

// noticesOfAFan is how many of them one telephone gets: the stand-in's show the last few hundred.
const noticesOfAFan = 60

// delivery measures how fast notices that have piled up reach the platform's stand-in, each with the platform's report on it, on one process; and holds
// that each came once and those of a case in their order.
func (b benchCommand) delivery(ctx context.Context, w world, database string) (r benchRow, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return r, fmt.Errorf("find a port: %w", err)
	}
	cfg := benchConfig(database)
	settleWeChat(&cfg.WeChat, l.Addr())
	a, err := newApp(ctx, cfg, world{stdout: io.Discard, stderr: w.stderr}, roleAll, false)
	if err != nil {
		return r, errors.Join(err, l.Close())
	}
	phone := a.buildSandbox(l.Addr())
	fans := make([]*sandbox.Fan, 1+b.Notices/noticesOfAFan)
	for i := range fans {
		fans[i] = phone.Fan(fmt.Sprint("fan ", i))
	}
	waiting, err := b.pileUp(ctx, a, fans)
	if err != nil {
		return r, errors.Join(err, l.Close(), a.close())
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	before, began := cpuTime(), time.Now()
	go func() { ended <- a.Run(running, l) }()
	pending := waiting
	for err == nil && pending > 0 {
		if err = wait(ctx, 50*time.Millisecond+time.Duration(pending)*100*time.Microsecond); err == nil { // counting takes turns from what is measured
			err = a.db.Write().QueryRowContext(ctx, `SELECT count(*) FROM notices WHERE state = 'pending'`).Scan(&pending)
		}
	}
	took := time.Since(began)
	r = benchRow{PerSecond: float64(waiting) / took.Seconds(), CPU: float64((cpuTime() - before).Microseconds()) / 1000 / float64(waiting), Memory: residentOf(os.Getpid())}
	if err == nil {
		err = arrived(ctx, fans, waiting)
	}
	stop()
	return r, errors.Join(err, <-ended)
}

// pileUp files cases of the fans and answers them while nobody delivers.
func (b benchCommand) pileUp(ctx context.Context, a *app, fans []*sandbox.Fan) (notices int, err error) {
	var people []routing.Complainant
	for _, f := range fans {
		people = append(people, routing.Complainant{ID: routing.NewID(), OpenID: f.OpenID(), Following: true, CreatedAt: clock()})
	}
	err = a.db.store.Update(ctx, func(tx routing.Tx) error {
		for i, who := range people {
			known, err := tx.ComplainantByOpenID(ctx, who.OpenID)
			if errors.Is(err, routing.ErrNotFound) {
				known, err = who, tx.InsertComplainant(ctx, who)
			}
			if err != nil {
				return err
			}
			people[i] = known
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("add fans: %w", err)
	}
	operator, unit := routing.Actor{Role: routing.RoleOperator, ID: "bench"}, routing.Actor{Role: routing.RoleUnit, Unit: "finance", ID: "bench"}
	for i := range max(1, b.Notices/noticesOfACase) {
		c, _, err := a.desk.File(ctx, operator, routing.Complaint{Text: fmt.Sprint("complaint ", i), Channel: routing.ChannelHotline, ComplainantID: people[i%len(people)].ID,
			Placement: &routing.Placement{Item: "1.1", Unit: unit.Unit}})
		if err != nil {
			return 0, fmt.Errorf("file case: %w", err)
		}
		for _, s := range []routing.Step{{Action: routing.ActionSign}, {Action: routing.ActionReply, Note: "done"}} {
			if _, err := a.desk.Act(ctx, unit, c.Number, s); err != nil {
				return 0, fmt.Errorf("act on case: %w", err)
			}
		}
		notices += noticesOfACase
	}
	return notices, nil
}

// fieldOf is the value of the card's field whose key begins so.
func fieldOf(c *sandbox.Card, kind string) string {
	for _, f := range c.Fields {
		if strings.HasPrefix(f.Key, kind) {
			return f.Value
		}
	}
	return ""
}

// arrived waits for what the platform shows and holds that everything came, once and in order.
func arrived(ctx context.Context, fans []*sandbox.Fan, want int) error {
	for range 500 {
		steps, n := map[string][]string{}, 0
		for _, f := range fans {
			for _, e := range f.Transcript() {
				if e.Kind == sandbox.KindCard {
					number := fieldOf(e.Card, "character_string")
					steps[number] = append(steps[number], fieldOf(e.Card, "phrase"))
					n++
				}
			}
		}
		if n < want {
			if err := wait(ctx, 20*time.Millisecond); err != nil {
				return err
			}
			continue
		}
		order := ""
		for number, list := range steps {
			if got := strings.Join(list, ", "); order == "" {
				order = got
			} else if got != order || len(list) != noticesOfACase {
				return fmt.Errorf("case %s was told %s, another one %s", number, got, order)
			}
		}
		if n > want {
			return fmt.Errorf("%d notices came, there were %d", n, want)
		}
		return nil
	}
	return errors.New("the platform has not shown every notice")
}
