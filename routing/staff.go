package routing

import "time"

// User is an account of staff. Name is what one signs in with. Hash is the argon2id hash of the password.
type User struct {
	ID          string
	Name        string
	Role        Role
	Unit        string // for RoleUnit
	Extension   string // at which they answer the telephone; ""
	Hash        string
	Failures    int
	LockedUntil time.Time
	CreatedAt   time.Time
}

// Actor is the user as an actor.
func (u User) Actor() Actor { return Actor{Role: u.Role, Unit: u.Unit, ID: u.ID, Name: u.Name} }

// Session is a signed-in browser. Hash is the SHA-256 of the cookie's token, which is stored nowhere.
type Session struct {
	Hash      string
	UserID    string
	CreatedAt time.Time
	SeenAt    time.Time
}

// APIKey lets an outside system act. Hash is the SHA-256 of the key, which is shown once.
type APIKey struct {
	ID        string
	Name      string
	Role      Role
	Unit      string
	Hash      string
	Scopes    []Scope // none: all that its role may
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
	RevokedAt time.Time // zero: it is good
	UsedAt    time.Time // to the hour; zero: never
}

// Actor is the key as an actor.
func (k APIKey) Actor() Actor { return Actor{Role: k.Role, Unit: k.Unit, ID: k.ID, Name: k.Name} }
