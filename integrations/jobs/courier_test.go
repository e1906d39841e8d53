package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"jiesu/routing"
)

var errBroken = errors.New("broken")

func TestTheFirstChannelThatTakesItIsTheLast(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		c := w.file()
		template, sms := &channel{name: "template"}, &channel{name: "sms"}
		w.settle(w.courier(template, sms), w.notice(c.Number).ID)
		if n := w.notice(c.Number); n.State != routing.NoticeDelivered {
			t.Errorf("state %s", n.State)
		}
		if len(template.letters()) != 1 || len(sms.letters()) != 0 || len(w.tasks()) != 0 {
			t.Error("another channel was used")
		}
		l := template.letters()[0]
		if l.Recipient.OpenID != w.fan.OpenID || l.Case.Number != c.Number || l.PageURL != "https://jiesu.example/p/"+c.Token {
			t.Errorf("letter to %q about %q at %q", l.Recipient.ID, l.Case.Number, l.PageURL)
		}
	})
}

func TestALetterTellsOfItsStepThoughTheCaseHasGoneOn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		c := w.file()
		second := w.desk.Plan().Categories[0].Leads[1]
		office, lead := routing.Actor{Role: routing.RoleOffice, ID: "o"}, routing.Actor{Role: routing.RoleUnit, Unit: second, ID: "u"}
		for _, s := range []struct {
			actor routing.Actor
			step  routing.Step
		}{
			{office, routing.Step{Action: routing.ActionReassign, Unit: second}}, {lead, routing.Step{Action: routing.ActionSign}},
			{lead, routing.Step{Action: routing.ActionReply, Note: "款项已经拨付。"}},
		} {
			_, err := w.desk.Act(t.Context(), s.actor, c.Number, s.step)
			must(t, err)
		}
		notices, err := w.store.NoticesOf(t.Context(), c.Number)
		must(t, err)
		template := &channel{name: "template"}
		for _, n := range notices {
			w.settle(w.courier(template), n.ID)
		}
		var got []string
		for _, l := range template.letters() {
			got = append(got, fmt.Sprint(l.Notice.Kind, " ", l.Case.State, " ", l.Case.Unit))
		}
		want := []string{"file dispatched " + w.unit, "reassign dispatched " + second, "sign signed " + second, "reply replied " + second}
		if !slices.Equal(got, want) {
			t.Errorf("letters %q, want %q", got, want)
		}
		if first := template.letters()[0]; !strings.Contains(first.Text, w.words.Text("state.dispatched")) || strings.Contains(first.Text, w.words.Text("state.replied")) {
			t.Errorf("the first says %q", first.Text)
		}
	})
}

func TestALetterNamesTheRightDoor(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		w.desk.Plan().Routes = []routing.Route{{ID: "court", Name: "法院诉讼服务", Phone: "12368", When: "已经起诉或判决的案件"}}
		office := routing.Actor{Role: routing.RoleOffice, ID: "o"}
		for note, want := range map[string]string{"": "案件，请找法院诉讼服务（电话 12368）。\n", "先找您的律师。": "（电话 12368）。\n先找您的律师。"} {
			c, _, err := w.desk.File(t.Context(), routing.Actor{Role: routing.RoleComplainant, ID: w.fan.ID},
				routing.Complaint{Text: "法院判了不执行", Channel: routing.ChannelWeChat, ComplainantID: w.fan.ID})
			must(t, err)
			_, err = w.desk.Act(t.Context(), office, c.Number, routing.Step{Action: routing.ActionNotAccept, Route: "court", Note: note})
			must(t, err)
			template := &channel{name: "template"}
			w.settle(w.courier(template), w.notice(c.Number).ID)
			if text := template.letters()[0].Text; !strings.Contains(text, want) {
				t.Errorf("the letter says %q", text)
			}
		}
	})
}

func TestEachReactionLeadsOn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		reaction  routing.Reaction
		trail     []string
		following bool
		alarms    float64
	}{
		{routing.ReactNext, []string{"template failed 7", "customer delivered 0"}, true, 0},
		{routing.ReactRefuse, []string{"template refused 7", "customer delivered 0"}, true, 0},
		{routing.ReactGone, []string{"template failed 7", "customer delivered 0"}, false, 0},
		{routing.ReactAlarm, []string{"template failed 7", "customer delivered 0"}, true, 1},
		{"unheard-of", []string{"template failed 7", "customer delivered 0"}, true, 1},
	} {
		t.Run(string(tt.reaction), func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(w *world) {
				c := w.file()
				courier := w.courier(refusing("template", 7, tt.reaction), unreachable("sms"), &channel{name: "customer"})
				reg := prometheus.NewRegistry()
				must(t, reg.Register(courier.count.alarms))
				w.settle(courier, w.notice(c.Number).ID)
				if got := w.trail(c.Number); !slices.Equal(got, tt.trail) {
					t.Errorf("trail %q", got)
				}
				who, err := w.store.Complainant(t.Context(), w.fan.ID)
				must(t, err)
				if who.Following != tt.following {
					t.Errorf("following: %v", who.Following)
				}
				if n := total(t, reg, "jiesu_delivery_alarms_total"); n != tt.alarms {
					t.Errorf("%v alarms", n)
				}
			})
		})
	}
}

func TestRetriesAreBoundedAndThenTheNextChannelTakesIt(t *testing.T) {
	t.Parallel()
	for _, name := range []string{channelTemplate, channelCustomer} { // with and without recognition of repetitions
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(w *world) {
				c := w.file()
				busy, sms := refusing(name, -1, routing.ReactRetry), &channel{name: "sms"}
				waits := w.settle(w.courier(busy, sms), w.notice(c.Number).ID)
				if len(waits) != maxRetries || waits[0] != time.Millisecond {
					t.Errorf("waited %v", waits)
				}
				want := append(slices.Repeat([]string{name + " retry -1"}, maxRetries), name+" failed -1", "sms delivered 0")
				if got := w.trail(c.Number); !slices.Equal(got, want) {
					t.Errorf("trail %q", got)
				}
			})
		})
	}
}

func TestAnErrorOfUnknownFateIsRepeatedOnlyWhereItIsRecognised(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		c := w.file()
		silent := func(name string) *channel {
			return &channel{name: name, answer: func(routing.Letter) (routing.Receipt, error) {
				return routing.Receipt{}, context.DeadlineExceeded
			}}
		}
		template, customer, sms := silent(channelTemplate), silent(channelCustomer), &channel{name: "sms"}
		id := w.notice(c.Number).ID
		w.settle(w.courier(template, customer, sms), id)
		if a, b, c := len(template.letters()), len(customer.letters()), len(sms.letters()); a != maxRetries+1 || b != 1 || c != 1 {
			t.Errorf("sent %d, %d and %d times", a, b, c)
		}
		for _, l := range template.letters() {
			if l.Notice.ID != id {
				t.Errorf("sent again as %s", l.Notice.ID)
			}
		}
	})
}

func TestWhenNoChannelTakesItAnOperatorCalls(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		c := w.file()
		courier := w.courier(refusing("template", 43004, routing.ReactGone), unreachable("customer"))
		w.settle(courier, w.notice(c.Number).ID)
		if got := w.trail(c.Number); !slices.Equal(got, []string{"template failed 43004", "call_back sent 0"}) {
			t.Errorf("trail %q", got)
		}
		if n := w.notice(c.Number); n.State != routing.NoticeFailed {
			t.Errorf("state %s", n.State)
		}
		tasks := w.tasks()
		if len(tasks) != 1 || tasks[0].Kind != routing.TaskCallBack || tasks[0].CaseNumber != c.Number || !strings.Contains(tasks[0].Note, c.Number) {
			t.Fatalf("tasks %+v", tasks)
		}

		w.progress(c.Number, "已联系税务所") // a second message that doesn't arrive needs no second call
		list, err := w.store.NoticesOf(t.Context(), c.Number)
		must(t, err)
		for _, n := range list {
			w.settle(courier, n.ID)
		}
		if n := len(w.tasks()); n != 1 {
			t.Errorf("%d tasks for one case", n)
		}
		must(t, w.desk.FinishTask(t.Context(), routing.System(), tasks[0].ID))
		w.progress(c.Number, "已退还费用") // the call was made: what comes now needs another
		list, err = w.store.NoticesOf(t.Context(), c.Number)
		must(t, err)
		for _, n := range list {
			w.settle(courier, n.ID)
		}
		if n := len(w.tasks()); n != 1 {
			t.Errorf("%d open tasks after the first call", n)
		}
	})
}

func TestWordsOfTheConversationStayInIt(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		chat := func(text string) string {
			var id string
			must(t, w.store.Update(t.Context(), func(tx routing.Tx) error {
				id = routing.NewID()
				return tx.InsertNotice(t.Context(), routing.Notice{ID: id, Kind: routing.NoticeChat, ComplainantID: w.fan.ID, Text: text,
					State: routing.NoticePending, CreatedAt: time.Now()})
			}))
			return id
		}
		template, customer := &channel{name: "template"}, &channel{name: "customer"}
		w.settle(w.courier(template, customer), chat("您还在吗？"))
		if got := customer.letters(); len(got) != 1 || got[0].Text != "您还在吗？" || got[0].PageURL != "" {
			t.Fatalf("letters %+v", got)
		}
		busy := refusing("customer", -1, routing.ReactRetry)
		id := chat("这是您要的答复")
		if waits := w.settle(w.courier(template, busy), id); len(waits) != maxRetries {
			t.Errorf("waited %v", waits)
		}
		n, err := w.store.Notice(t.Context(), id)
		must(t, err)
		tasks := w.tasks()
		if n.State != routing.NoticeFailed || len(tasks) != 1 || tasks[0].Kind != routing.TaskChat || !strings.Contains(tasks[0].Note, "这是您要的答复") {
			t.Errorf("state %s, tasks %+v", n.State, tasks)
		}
		if len(template.letters()) != 0 {
			t.Error("a template message carried words of the conversation")
		}
	})
}

func TestAReportMayOvertakeOurRecord(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]struct {
		state routing.NoticeState
		trail []string
	}{
		"success":           {routing.NoticeDelivered, []string{"template delivered 0"}},
		"failed:user block": {routing.NoticeDelivered, []string{"template refused 0", "sms delivered 0"}},
		"":                  {routing.NoticeSent, []string{"template sent 0"}}, // none yet
	} {
		t.Run("status "+status, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(w *world) {
				c := w.file()
				template := &channel{name: "template", answer: func(l routing.Letter) (routing.Receipt, error) {
					if status != "" {
						must(t, w.store.Update(t.Context(), func(tx routing.Tx) error {
							return w.desk.ReportedIn(t.Context(), tx, "p-"+l.Notice.ID, status)
						}))
					}
					return routing.Receipt{ProviderID: "p-" + l.Notice.ID}, nil
				}}
				courier := w.courier(template, &channel{name: "sms"})
				id := w.notice(c.Number).ID
				w.settle(courier, id)
				w.settle(courier, id) // the job that a failure enqueues
				if n := w.notice(c.Number); n.State != want.state {
					t.Errorf("state %s, want %s", n.State, want.state)
				}
				if got := w.trail(c.Number); !slices.Equal(got, want.trail) {
					t.Errorf("trail %q", got)
				}
			})
		})
	}
}

// dying is a store whose process "dies" before the next transaction but so many.
type dying struct {
	routing.Store
	left int
}

func (d *dying) Update(ctx context.Context, fn func(routing.Tx) error) error {
	if d.left--; d.left < 0 {
		return errBroken
	}
	return d.Store.Update(ctx, fn)
}

func TestDeathBetweenSendingAndRecording(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		channel   string
		survives  int // transactions before the end: the claim, then a channel without recognition is left first
		sent, sms int
	}{
		{channelTemplate, 1, 2, 0}, // sent again under the same id, which the platform recognises
		{channelCustomer, 2, 1, 1}, // never the same words twice: the next channel takes it
		{channelCustomer, 1, 1, 0}, // died before it was sent at all
	} {
		t.Run(fmt.Sprint(tt.channel, tt.survives), func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(w *world) {
				c := w.file()
				first, sms := &channel{name: tt.channel}, &channel{name: "sms"}
				courier := w.courier(first, sms)
				courier.store = &dying{w.store, tt.survives}
				id := w.notice(c.Number).ID
				if _, err := courier.deliver(t.Context(), id, run{attempt: 1}); !errors.Is(err, errBroken) {
					t.Fatalf("err %v", err)
				}
				if n := w.notice(c.Number); n.State != routing.NoticePending {
					t.Fatalf("state %s", n.State)
				}
				w.settle(w.courier(first, sms), id)
				if a, b := len(first.letters()), len(sms.letters()); a != tt.sent || b != tt.sms {
					t.Errorf("sent %d times, by SMS %d", a, b)
				}
				for _, l := range first.letters() {
					if l.Notice.ID != id {
						t.Error("sent again under another id")
					}
				}
				if n := w.notice(c.Number); n.State != routing.NoticeDelivered {
					t.Errorf("state %s", n.State)
				}
			})
		})
	}
}

func TestASettledNoticeIsLeftAlone(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		c := w.file()
		template := &channel{name: "template"}
		id := w.notice(c.Number).ID
		w.settle(w.courier(template), id)
		w.settle(w.courier(template), id)
		if n := len(template.letters()); n != 1 {
			t.Errorf("sent %d times", n)
		}
	})
}

func TestAnAttemptIsRecordedThoughTheJobIsCutOff(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		c := w.file()
		ctx, cut := context.WithCancel(t.Context())
		template := &channel{name: "template", answer: func(routing.Letter) (routing.Receipt, error) {
			cut()
			return routing.Receipt{Final: true}, nil
		}}
		_, err := w.courier(template).deliver(ctx, w.notice(c.Number).ID, run{attempt: 1})
		must(t, err)
		if got := w.trail(c.Number); len(got) != 1 {
			t.Errorf("trail %q", got)
		}
	})
}

func TestANoticeThatBreaksUsGoesToAPerson(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		c := w.file()
		template := &channel{name: "template"}
		_, err := w.courier(template).deliver(t.Context(), w.notice(c.Number).ID, run{attempt: poisoned + 1})
		must(t, err)
		if len(template.letters()) != 0 || len(w.tasks()) != 1 {
			t.Errorf("%d letters, %d tasks", len(template.letters()), len(w.tasks()))
		}
	})
}

func TestALaterNoticeWaitsForTheEarlier(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		c := w.file()
		w.progress(c.Number, "已联系税务所")
		list, err := w.store.NoticesOf(t.Context(), c.Number)
		must(t, err)
		courier := w.courier(&channel{name: "template"})
		wait, err := courier.deliver(t.Context(), list[1].ID, run{attempt: 1})
		if err != nil || wait != 500*time.Millisecond {
			t.Fatalf("wait %v, %v", wait, err)
		}
		w.settle(courier, list[0].ID)
		if wait, err := courier.deliver(t.Context(), list[1].ID, run{attempt: 1, snoozes: 1}); err != nil || wait != 0 {
			t.Fatalf("wait %v, %v", wait, err)
		}
	})
}

func TestAReportedFailureIsTakenUpByAnotherJobAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		c := w.file()
		id := w.notice(c.Number).ID
		template := &channel{name: "template", answer: func(routing.Letter) (routing.Receipt, error) { return routing.Receipt{ProviderID: "p1"}, nil }}
		courier := w.courier(template, &channel{name: "sms"})
		if _, err := courier.deliver(t.Context(), id, run{job: 1, attempt: 1}); err != nil {
			t.Fatal(err)
		}
		must(t, w.store.Update(t.Context(), func(tx routing.Tx) error {
			return w.desk.ReportedIn(t.Context(), tx, "p1", "failed: system failed")
		}))
		if wait, err := courier.deliver(t.Context(), id, run{job: 2, attempt: 1}); err != nil || wait != 0 {
			t.Fatalf("wait %v, %v", wait, err)
		}
		if got := w.trail(c.Number); !slices.Equal(got, []string{"template failed 0", "sms delivered 0"}) {
			t.Errorf("trail %q", got)
		}
	})
}

func TestTwoJobsNeverDeliverOneNoticeAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		c := w.file()
		id := w.notice(c.Number).ID
		started, release := make(chan struct{}), make(chan struct{})
		sms := &channel{name: "sms", answer: func(routing.Letter) (routing.Receipt, error) {
			close(started)
			<-release
			return routing.Receipt{Final: true}, nil
		}}
		courier := w.courier(sms)
		done := make(chan error, 1)
		go func() {
			_, err := courier.deliver(context.Background(), id, run{job: 1, attempt: 1})
			done <- err
		}()
		<-started
		if wait, err := courier.deliver(t.Context(), id, run{job: 2, attempt: 1}); err != nil || wait == 0 {
			t.Errorf("the second job: wait %v, %v", wait, err)
		}
		close(release)
		must(t, <-done)
		if n := len(sms.letters()); n != 1 {
			t.Errorf("sent %d times", n)
		}
	})
}
