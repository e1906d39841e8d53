package routing

import "time"

// User is an account of staff. Name is what one signs in with. Hash is the argon2id hash of the password.
type User struct {
	ID        string
	Name      string
	Role      Role
	Unit      string // for RoleUnit
	Extension string // at which they answer the telephone; ""
	Hash      string
	Initial   bool     // somebody else chose the password: it must be changed
	Secret    string   // of the codes that their telephone shows (RFC 6238), base32; "": none
	Step      int64    // time step of the last code that was taken, so that none is taken twice
	Recovery  []string // SHA-256 of the recovery codes that are left
	Subject   string   // who they are at the provider of staff's accounts (OpenID Connect: issuer, a space, sub); ""
	CreatedAt time.Time
}

// Actor is the user as an actor.
func (u User) Actor() Actor { return Actor{Role: u.Role, Unit: u.Unit, ID: u.ID, Name: u.Name} }

// Session is a signed-in browser. Hash is the SHA-256 of the cookie's token, which is stored nowhere.
type Session struct {
	Hash      string
	UserID    string
	Second    bool   // the second factor was shown
	Browser   string // SHA-256 of the name that the browser gives itself: a token that was carried to another one is worthless
	Secret    string // of codes, while a telephone is being set up
	CreatedAt time.Time
	SeenAt    time.Time
}

// Browser is one that the user has signed in with before. Hash is the SHA-256 of its cookie's token.
type Browser struct {
	Hash      string
	UserID    string
	CreatedAt time.Time
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
