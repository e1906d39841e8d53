package routing

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// tasksStore is as much of a store as tasks need. Whatever else is called is a mistake and panics.
type tasksStore struct {
	Store
	open    []Task
	who     map[string]Complainant
	quotas  map[string][]Quota
	cases   map[string]Case
	events  []Event
	notices []Notice
	records []Task
}

func (s *tasksStore) Update(_ context.Context, fn func(Tx) error) error { return fn(tasksTx{nil, s}) }

type tasksTx struct {
	Tx
	*tasksStore
}

func (t tasksTx) AfterCommit(fn func())                               { fn() }
func (t tasksTx) OpenTasksOf(context.Context, string) ([]Task, error) { return t.open, nil }
func (t tasksTx) Task(_ context.Context, id string) (Task, error) {
	if i := slices.IndexFunc(t.open, func(t Task) bool { return t.ID == id }); i >= 0 {
		return t.open[i], nil
	}
	return Task{}, ErrNotFound
}
func (t tasksTx) Enqueue(context.Context, Job) error             { return nil }
func (t tasksTx) Case(_ context.Context, n string) (Case, error) { return t.cases[n], nil }
func (t tasksTx) InsertNotice(_ context.Context, n Notice) error {
	t.notices = append(t.notices, n)
	return nil
}
func (tasksTx) Endpoints(context.Context) ([]Endpoint, error) { return nil, nil }

func (t tasksTx) InsertTask(_ context.Context, x Task) error {
	t.records = append(t.records, x)
	return nil
}
func (t tasksTx) UpdateCase(_ context.Context, _ Case, e Event) error {
	t.events = append(t.events, e)
	return nil
}

func (t tasksTx) Complainant(_ context.Context, id string) (Complainant, error) {
	who, ok := t.who[id]
	if !ok {
		return who, ErrNotFound
	}
	return who, nil
}

func (t tasksTx) Quotas(_ context.Context, id string, _ time.Time) ([]Quota, error) {
	return t.quotas[id], nil
}

// taskWorld has a task of a fan without a case, one of a fan's case and one of a caller.
func taskWorld() (*Desk, *tasksStore) {
	s := &tasksStore{
		open: []Task{{ID: "chat", Kind: TaskChat, ComplainantID: "fan"}, {ID: "call", Kind: TaskCallBack, CaseNumber: "JS20261124-000001", ComplainantID: "fan"},
			{ID: "caller", Kind: TaskChat, ComplainantID: "caller"}, {ID: "gone", Kind: TaskChat, ComplainantID: "gone"}},
		who: map[string]Complainant{"fan": {ID: "fan", OpenID: "o", Following: true, Phone: "02423456789", Name: "张三"},
			"caller": {ID: "caller", Phone: "13800001234"}, "gone": {ID: "gone", OpenID: "p"}},
		quotas: map[string][]Quota{"fan": {{Trigger: TriggerMessage, Left: 2}}, "caller": {{Trigger: TriggerMessage, Left: 5}}, "gone": {{Trigger: TriggerMessage, Left: 5}}},
		cases: map[string]Case{"JS20261124-000001": {Number: "JS20261124-000001", State: StateSigned, Version: 3, Unit: "finance", ComplainantID: "fan",
			Contact: Contact{Enterprise: "甲公司", Phone: "13900001234"}}},
	}
	now := func() time.Time { return time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC) }
	return NewDesk(s, &Plan{}, NewMemory(now), now), s
}

var taskOperator = Actor{Role: RoleOperator, ID: "op", Name: "小王"}

func wantInvalid(t *testing.T, what string, err error, key string) {
	t.Helper()
	var bad *InvalidError
	if !errors.As(err, &bad) || bad.Key != key {
		t.Errorf("%s: %v, want %s", what, err, key)
	}
}

func TestALookAtANumberIsOnRecordWithItsReason(t *testing.T) {
	t.Parallel()
	d, s := taskWorld()
	contact, err := d.RevealTask(t.Context(), taskOperator, "call", "电话回访")
	if want := (Contact{Enterprise: "甲公司", Name: "张三", Phone: "13900001234"}); err != nil || contact != want {
		t.Errorf("through the case: %+v, %v", contact, err)
	}
	if len(s.events) != 1 || s.events[0].Action != ActionReveal || s.events[0].Data.Note != "电话回访" || s.events[0].Actor != taskOperator || len(s.records) != 0 {
		t.Errorf("on record %+v %+v", s.events, s.records)
	}
	contact, err = d.RevealTask(t.Context(), taskOperator, "caller", "  回电  ")
	if err != nil || contact.Phone != "13800001234" {
		t.Errorf("without a case: %+v, %v", contact, err)
	}
	if len(s.events) != 1 || len(s.records) != 1 || s.records[0].Kind != TaskRevealed || s.records[0].ComplainantID != "caller" ||
		s.records[0].Note != "回电" || s.records[0].DoneBy != "小王" || s.records[0].DoneAt.IsZero() {
		t.Errorf("on record %+v %+v", s.events, s.records)
	}
}

func TestNobodyLooksAtANumberWithoutRoleOrReason(t *testing.T) {
	t.Parallel()
	d, s := taskWorld()
	for _, a := range []Actor{{Role: RoleUnit, Unit: "finance"}, {Role: RoleComplainant, ID: "fan"}, {}} {
		for _, id := range []string{"chat", "call"} {
			if contact, err := d.RevealTask(t.Context(), a, id, "看看"); !errors.Is(err, ErrForbidden) || contact != (Contact{}) {
				t.Errorf("by %q: %+v, %v", a.Role, contact, err)
			}
		}
	}
	_, err := d.RevealTask(t.Context(), taskOperator, "caller", " ")
	wantInvalid(t, "no reason", err, "error.note_empty")
	_, err = d.RevealTask(t.Context(), taskOperator, "caller", strings.Repeat("长", MaxText+1))
	wantInvalid(t, "a long reason", err, "error.text_too_long")
	if contact, err := d.RevealTask(t.Context(), taskOperator, "done", "回电"); !errors.Is(err, ErrConflict) || contact != (Contact{}) {
		t.Errorf("done already: %+v, %v", contact, err)
	}
	if len(s.events)+len(s.records) != 0 {
		t.Errorf("on record %+v %+v", s.events, s.records)
	}
}

func TestTheVoiceOfSomebodyHiddenIsNotForTheUnit(t *testing.T) {
	t.Parallel()
	unit := Actor{Role: RoleUnit, Unit: "finance"}
	hidden, open := Case{Unit: "finance", Confidential: true}, Case{Unit: "finance"}
	for _, tc := range []struct {
		kind, contentType string
		actor             Actor
		of                Case
		want              bool
	}{
		{"voice", "audio/amr", unit, hidden, false}, {"voice", "", unit, hidden, false}, {"image", "audio/mpeg", unit, hidden, false},
		{"image", "image/png", unit, hidden, true}, {"video", "video/mp4", unit, hidden, true}, {"voice", "audio/amr", unit, open, true},
		{"voice", "audio/amr", Actor{Role: RoleOperator}, hidden, true}, {"voice", "audio/amr", Actor{Role: RoleOffice}, hidden, true},
		{"voice", "audio/amr", Actor{Role: RoleComplainant, ID: "c"}, hidden, true},
	} {
		if got := (Attachment{Kind: tc.kind, ContentType: tc.contentType}).VisibleTo(tc.actor, tc.of); got != tc.want {
			t.Errorf("%s %s to %s, confidential %t: %t", tc.kind, tc.contentType, tc.actor.Role, tc.of.Confidential, got)
		}
	}
}
