package routing

// Role is what somebody does in the process (design: who uses it).
type Role string

// The roles. RoleSystem acts for the product itself (seeding, clocks, sweeps).
const (
	RoleComplainant Role = "complainant"
	RoleOperator    Role = "operator"
	RoleUnit        Role = "unit"
	RoleOffice      Role = "office"
	RoleAdmin       Role = "admin"
	RoleSystem      Role = "system"
)

// StaffRoles are the roles that accounts and API keys can have.
func StaffRoles() []Role { return []Role{RoleOperator, RoleUnit, RoleOffice, RoleAdmin} }

// Valid reports whether r is a role of staff.
func (r Role) Valid() bool {
	for _, s := range StaffRoles() {
		if r == s {
			return true
		}
	}
	return false
}

// Actor is who does something: a complainant (ID = complainant id), a member of staff or an outside system with an API key.
type Actor struct {
	Role Role   `json:"role"`
	Unit string `json:"unit,omitempty"` // lead unit id, for RoleUnit only
	ID   string `json:"id,omitempty"`   // complainant id, user id or key id
	Name string `json:"name,omitempty"` // shown in the timeline; never a complainant's name
}

// System is the actor of everything that nobody asked for.
func System() Actor { return Actor{Role: RoleSystem} }

// ReadsAll reports whether the actor reads also what is with a body before which nobody must be warned.
func (a Actor) ReadsAll() bool { return a.May(DeedReadAll) }

// CanSee reports whether the actor may know of the case at all: a complainant sees their own, a unit those it leads or assists,
// operators and the office all.
func (a Actor) CanSee(c Case) bool { return RelationOf(a.Role, DeedSee).holds(a, c) }

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}
