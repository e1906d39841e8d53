package routing

import (
	"errors"
	"strings"
	"testing"
)

// legal spells out, apart from the code's own table, every legal step: "action: roles: from > to". A person of the office can read it.
const legal = `
assign:     office admin system: triage > dispatched
not-accept: office admin system: triage > not_accepted
transfer:   office admin system: triage dispatched signed refused > transferred
sign:       unit: dispatched > signed
refuse:     unit: dispatched > refused
reassign:   office admin system: dispatched signed refused replied > dispatched
uphold:     office admin system: refused > dispatched
contact:    unit office admin system: dispatched signed > =
points:     unit: dispatched signed > =
decline:    office admin system: dispatched signed > =
progress:   unit office admin system: dispatched signed replied > =
extend:     unit office admin system: dispatched signed > =
reply:      unit: signed > replied
close:      unit office admin system: replied > closed
strike-off: office admin system: closed > struck_off
send-back: office admin system: closed > replied
redo:       complainant operator: replied closed > dispatched
redo:       office admin system: replied closed struck_off > dispatched
withdraw:   complainant operator system: triage dispatched signed refused replied > withdrawn
call-back:  operator office admin: replied closed struck_off > =
rate:       complainant operator system: replied closed struck_off > =
urge:       complainant operator office admin system: triage dispatched signed refused > =
supervise:  office admin system: triage dispatched signed refused replied closed > =
supplement: complainant operator system: triage dispatched signed refused replied closed > =
doubt:      office admin system: triage dispatched signed refused replied closed struck_off withdrawn not_accepted transferred > =
relink:     complainant operator office admin system: triage dispatched signed refused replied closed struck_off withdrawn not_accepted transferred > =
reveal:     operator unit office admin: triage dispatched signed refused replied closed struck_off withdrawn not_accepted transferred > =
`

func parseLegal(t *testing.T) map[[3]string]string {
	t.Helper()
	table := map[[3]string]string{}
	for _, line := range strings.Split(strings.TrimSpace(legal), "\n") {
		parts := strings.SplitN(line, ":", 3)
		fromTo := strings.Split(parts[2], ">")
		for _, role := range strings.Fields(parts[1]) {
			for _, from := range strings.Fields(fromTo[0]) {
				table[[3]string{parts[0], role, from}] = strings.TrimSpace(fromTo[1])
			}
		}
	}
	return table
}

func TestEveryPairOfStateAndActionIsDecided(t *testing.T) {
	t.Parallel()
	want := parseLegal(t)
	roles := append(StaffRoles(), RoleComplainant, RoleSystem)
	for _, role := range roles {
		actor := Actor{Role: role, Unit: "finance", ID: "c1"}
		for _, from := range States() {
			for _, action := range Actions() {
				c := Case{State: from, Unit: "finance", ComplainantID: "c1"}
				if action == ActionDecline {
					c.Asked = 3 // without an application there is nothing to decline
				}
				to, err := Next(actor, c, action)
				expected, ok := want[[3]string{string(action), string(role), string(from)}]
				if expected == "=" {
					expected = string(from)
				}
				if ok != (err == nil) || string(to) != expected {
					t.Errorf("%s by %s from %s: got (%q, %v), want %q", action, role, from, to, err, expected)
				}
			}
		}
	}
}

func TestAUnitActsOnlyOnItsOwnCases(t *testing.T) {
	t.Parallel()
	c := Case{State: StateDispatched, Unit: "finance", Assisting: []string{"tax"}}
	for unit, want := range map[string]error{"finance": nil, "tax": ErrForbidden, "police": ErrNotFound, "": ErrNotFound} {
		if _, err := Next(Actor{Role: RoleUnit, Unit: unit}, c, ActionSign); !errors.Is(err, want) {
			t.Errorf("sign by %q: %v, want %v", unit, err, want)
		}
	}
	if _, err := Next(Actor{Role: RoleUnit, Unit: "tax"}, c, ActionProgress); err != nil {
		t.Errorf("an assisting unit reports progress: %v", err)
	}
}

func TestAUnitRefusesACaseOnce(t *testing.T) {
	t.Parallel()
	c := Case{State: StateDispatched, Unit: "finance", RefusedBy: []string{"finance"}}
	var illegal *IllegalStepError
	if _, err := Next(Actor{Role: RoleUnit, Unit: "finance"}, c, ActionRefuse); !errors.As(err, &illegal) {
		t.Fatalf("second refusal: %v", err)
	}
	c.Unit = "tax"
	if _, err := Next(Actor{Role: RoleUnit, Unit: "tax"}, c, ActionRefuse); err != nil {
		t.Fatalf("another unit may refuse: %v", err)
	}
}

func TestASecondRefusalGoesOnTheSupervisionList(t *testing.T) {
	t.Parallel()
	c, plan := Case{}, &Plan{}
	c.Apply(Event{Action: ActionRefuse, Actor: Actor{Unit: "finance"}, To: StateRefused}, plan)
	if c.Supervised {
		t.Fatal("supervised after one refusal")
	}
	c.Apply(Event{Action: ActionRefuse, Actor: Actor{Unit: "tax"}, To: StateRefused}, plan)
	if !c.Supervised {
		t.Fatal("not supervised after two refusals")
	}
}

func TestAnUnknownActionIsInvalid(t *testing.T) {
	t.Parallel()
	var bad *InvalidError
	if _, err := Next(System(), Case{State: StateTriage}, "explode"); !errors.As(err, &bad) {
		t.Fatal(err)
	}
}
