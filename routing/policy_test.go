package routing

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of docs/access.md anew")

// accessTable is all that anybody may do, role by role: deeds, steps on a case, steps on a problem. With what, says the cell.
func accessTable() string {
	roles := append([]Role{RoleComplainant}, append(StaffRoles(), RoleSystem)...)
	var b strings.Builder
	head := func(title string) {
		b.WriteString("\n| " + title)
		for _, r := range roles {
			b.WriteString(" | " + string(r))
		}
		b.WriteString(" |\n|---" + strings.Repeat("|---", len(roles)) + "|\n")
	}
	line := func(name string, cell func(Role) string) {
		b.WriteString("| `" + name + "`")
		for _, r := range roles {
			b.WriteString(" | " + cell(r))
		}
		b.WriteString(" |\n")
	}
	head("deed")
	for _, d := range Deeds() {
		line(string(d), func(r Role) string { return string(RelationOf(r, d)) })
	}
	head("step on a case")
	for _, t := range transitions {
		line(string(t.action), func(r Role) string {
			if !t.allows(r) {
				return ""
			}
			return string(stepRelation(r, t.action))
		})
	}
	head("step on a problem")
	for _, t := range problemTransitions {
		line(string(t.action), func(r Role) string {
			switch {
			case !(transition{roles: t.roles}).allows(r):
				return ""
			case r == RoleUnit:
				return string(RelationLead)
			}
			return string(RelationAny)
		})
	}
	return b.String()
}

const accessDoc = "../docs/access.md"

func TestTheAccessTableIsWhatTheDocumentSays(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(accessDoc)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- policy -->\n", "<!-- end of policy -->"
	before, rest, ok := strings.Cut(string(text), begin)
	old, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatal("the document has no place for the table")
	}
	if *update {
		if err := os.WriteFile(accessDoc, []byte(before+begin+accessTable()+"\n"+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if strings.TrimSpace(old) != strings.TrimSpace(accessTable()) {
		t.Errorf("docs/access.md is of another time: go test ./routing -run AccessTable -update")
	}
}

// Every cell: an actor of the role with a case that is theirs, one that their unit assists, one that they have nothing to do with.
func TestNobodyMayMoreThanThePolicySays(t *testing.T) {
	t.Parallel()
	roles := append([]Role{"", "stranger", RoleComplainant}, append(StaffRoles(), RoleSystem)...)
	for _, r := range roles {
		a := Actor{Role: r, ID: "me"}
		if r == RoleUnit {
			a.Unit = "mine"
		}
		own := Case{Number: "own", ComplainantID: "me", Unit: "mine"}
		assisted := Case{Number: "assisted", ComplainantID: "somebody", Unit: "other", Assisting: []string{"mine"}}
		foreign := Case{Number: "foreign", ComplainantID: "somebody", Unit: "other"}
		for _, c := range []Case{own, assisted, foreign} {
			for _, state := range States() {
				c.State = state
				for _, action := range Actions() {
					_, err := Next(a, c, action)
					table, _ := find(action)
					related := table.allows(r) && stepRelation(r, action).holds(a, c)
					if err == nil && !related {
						t.Errorf("%s may %s the %s case", r, action, c.Number)
					}
				}
			}
			if want := map[string]bool{"own": r != "" && r != "stranger", "assisted": r != RoleComplainant && r != "" && r != "stranger", "foreign": r == RoleOperator || r == RoleOffice || r == RoleAdmin || r == RoleSystem}[c.Number]; a.CanSee(c) != want {
				t.Errorf("%s sees the %s case: %v, want %v", r, c.Number, a.CanSee(c), want)
			}
		}
		for _, d := range Deeds() {
			if (r == "" || r == "stranger") && a.May(d) {
				t.Errorf("a stranger may %s", d)
			}
		}
	}
	for d, roles := range policy {
		if !oneOf(d, Deeds()) {
			t.Errorf("%s is in the policy and not listed", d)
		}
		for r, relation := range roles {
			if relation == "" {
				t.Errorf("%s %s: nothing", d, r)
			}
		}
	}
}
