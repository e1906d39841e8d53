package routing

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"
)

// legalForProblems is the ledger's table as people read it: action: roles: states > state.
const legalForProblems = `
plan:       unit office admin system: open > =
note:       unit: open > =
answer:     unit: open > =
mechanism:  unit office admin system: open struck_off > =
apply:      unit office admin system: open > applied
send-back:  office admin system: applied > open
strike-off: office admin system: applied > struck_off
merge:      unit: open > open
merge:      office admin system: open struck_off > open
split:      unit office admin system: open > =
`

func TestEveryPairOfProblemStateAndActionIsDecided(t *testing.T) {
	t.Parallel()
	want := map[string]ProblemState{}
	for line := range strings.Lines(strings.TrimSpace(legalForProblems)) {
		parts := strings.Split(strings.TrimSpace(line), ":")
		from, to, _ := strings.Cut(parts[2], ">")
		for _, role := range strings.Fields(parts[1]) {
			for _, state := range strings.Fields(from) {
				next := ProblemState(strings.TrimSpace(to))
				if next == "=" {
					next = ProblemState(state)
				}
				want[parts[0]+" "+role+" "+state] = next
			}
		}
	}
	for _, action := range ProblemActions() {
		for _, role := range []Role{RoleComplainant, RoleOperator, RoleUnit, RoleOffice, RoleAdmin, RoleSystem} {
			for _, state := range ProblemStates() {
				p := Problem{State: state, Unit: "finance", Applicant: &Actor{Role: RoleUnit, ID: "applicant"}}
				got, err := NextProblem(Actor{Role: role, Unit: "finance", ID: "1"}, p, action)
				if w := want[fmt.Sprint(action, " ", role, " ", state)]; got != w || (err == nil) != (w != "") {
					t.Errorf("%s by %s from %s: %q, %v, want %q", action, role, state, got, err, w)
				}
			}
		}
	}
}

func TestNobodyChecksTheirOwnApplication(t *testing.T) {
	t.Parallel()
	office := Actor{Role: RoleOffice, ID: "1"}
	for _, tt := range []struct {
		name      string
		applicant Actor
		checker   Actor
		may       bool
	}{
		{"the same account", office, office, false},
		{"an account that was given another role", Actor{Role: RoleUnit, Unit: "finance", ID: "1"}, office, false},
		{"another account", office, Actor{Role: RoleOffice, ID: "2"}, true},
		{"two without an account, of one desk", Actor{Role: RoleOffice}, Actor{Role: RoleOffice}, false},
		{"two without an account, of two desks", Actor{Role: RoleUnit, Unit: "finance"}, Actor{Role: RoleOffice}, true},
		{"the system", System(), System(), false},
	} {
		p := Problem{State: ProblemApplied, Unit: "finance", Applicant: &tt.applicant}
		_, err := NextProblem(tt.checker, p, ProblemStrikeOff)
		if tt.may != (err == nil) || !tt.may && (!errors.Is(err, ErrSamePerson) || !errors.Is(err, ErrForbidden)) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestWeeksBeginOnMondayInBeijing(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]string{
		"2026-11-22T15:59:59Z": "2026-11-15T16:00:00Z", // Sunday night
		"2026-11-22T16:00:00Z": "2026-11-22T16:00:00Z", // Monday, 0:00
		"2026-11-26T03:00:00Z": "2026-11-22T16:00:00Z",
		"2026-12-31T18:00:00Z": "2026-12-27T16:00:00Z", // New Year in Beijing
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := WeekOf(when).Format(time.RFC3339); got != want {
			t.Errorf("the week of %s begins %s, want %s", at, got, want)
		}
	}
}

func TestTheExportedLedgerNamesNoComplainant(t *testing.T) {
	t.Parallel()
	cases := []Case{
		{Text: "匿名的说法", Confidential: true, Contact: Contact{Name: "孙某某", Phone: "13700000000"}, Channel: ChannelWeChat},
		{Text: "我是赵大有，辽河保温公司的，电话13800001234，账号6222020200112233445", Contact: Contact{Name: "赵大有", Enterprise: "辽河保温公司"}, Channel: ChannelHotline, District: "铁西区"},
		{Text: "后来的", Channel: ChannelHotline, District: "铁西区"},
	}
	e := entryOf(Problem{Measure: "已联系孙某某和赵大有", LastNote: "回电13900000000", Cause: "辽河保温公司合同未备案", Person: "王处长"}, cases)
	all := e.Said + e.Measure + e.LastNote + e.Cause
	for _, secret := range []string{"赵大有", "孙某某", "辽河保温", "13800001234", "13900000000", "6222020200112233445", "匿名的说法"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q stands in %q", secret, all)
		}
	}
	if len(e.Sources) != 3 || len(e.Districts) != 1 || e.Person != "王处长" || !strings.HasPrefix(e.Said, "我是") {
		t.Errorf("%+v", e)
	}
	if hidden := entryOf(Problem{}, cases[:1]); hidden.Said != "" {
		t.Errorf("of a confidential case alone: %q", hidden.Said)
	}
}

func TestEvidenceIsKnownByItsFirstBytes(t *testing.T) {
	t.Parallel()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string]string{"%PDF-1.7": "application/pdf", picture.String(): "image/png", string(photo(t, 1)): "image/jpeg", "<svg>": "", "": "", "%PDF": ""} {
		if f, err := NewFile([]byte(content)); f.ContentType != want || (err == nil) != (want != "") {
			t.Errorf("%q is taken for %q, want %q", content, f.ContentType, want)
		}
	}
}
