package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"jiesu/routing"
)

// ringCommand plays a call centre: it tells a running server of one telephone call, from its ringing to its end, as a bridge would.
type ringCommand struct {
	URL       string        `default:"http://127.0.0.1:8080" help:"Address of the server."`
	Key       string        `required:"" env:"JIESU_KEY" help:"API key of an operator's role; the demo prints one."`
	From      string        `default:"13800138000" help:"Number that calls."`
	To        string        `default:"12345" help:"Number that is called."`
	User      string        `help:"Account of who answers; empty: nobody does."`
	Rings     time.Duration `default:"3s" help:"How long it rings."`
	Talk      time.Duration `default:"20s" help:"How long they talk."`
	Recording string        `help:"Address of the recording."`
}

// Run implements the command.
func (r ringCommand) Run(ctx context.Context, w world) error {
	id, client := "ring-"+routing.NewID(), &http.Client{Timeout: 10 * time.Second}
	tell := func(step string, more url.Values) error {
		form := url.Values{"callid": {id}, "from": {r.From}, "to": {r.To}, "direction": {"in"}}
		for name, v := range more {
			form[name] = v
		}
		q, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(r.URL, "/")+"/api/v1/calls/"+step, strings.NewReader(form.Encode()))
		if err != nil {
			return fmt.Errorf("tell of the call: %w", err)
		}
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		q.Header.Set("Authorization", "Bearer "+r.Key)
		resp, err := client.Do(q)
		if err != nil {
			return fmt.Errorf("tell of the call: %w", err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			text, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
			return fmt.Errorf("tell of the call: %s: %s", resp.Status, text)
		}
		_, err = fmt.Fprintf(w.stdout, "%s %s\n", step, id)
		return err
	}
	if err := tell("new", nil); err != nil {
		return err
	}
	cause := "noAnswer"
	if err := wait(ctx, r.Rings); err != nil {
		return err
	}
	if r.User != "" {
		cause = "normalClearing"
		if err := tell("answer", url.Values{"user": {r.User}}); err != nil {
			return err
		}
		if err := wait(ctx, r.Talk); err != nil {
			return err
		}
	}
	end := url.Values{"cause": {cause}}
	if r.Recording != "" && r.User != "" {
		end.Set("recording", r.Recording)
	}
	return tell("hangup", end)
}

// wait lets time go by, as between the steps of a call. Error: the context's.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
