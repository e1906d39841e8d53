package routing

import "time"

// KeptAnswer is the answer to a request that carried an idempotency key: sent again, the request gets it again and is not done again.
type KeptAnswer struct {
	Owner   string // who asked
	Key     string // as the asker drew it
	Request string // hash of what was asked: the same key with another request is a mistake
	Answer  []byte // may hold personal data
	At      time.Time
}

// AnswersKept is how long answers are kept at least.
const AnswersKept = 48 * time.Hour

// Scope is a part of what a key's role may do.
type Scope string

// The scopes of API keys.
const (
	ScopeRead     Scope = "read"     // read cases, problems and the plan
	ScopeFile     Scope = "file"     // file complaints
	ScopeAct      Scope = "act"      // do steps on cases and problems
	ScopeCalls    Scope = "calls"    // tell of telephone calls
	ScopeWebhooks Scope = "webhooks" // keep webhook endpoints
)

// Scopes lists every scope.
func Scopes() []Scope { return []Scope{ScopeRead, ScopeFile, ScopeAct, ScopeCalls, ScopeWebhooks} }

// Good reports whether the key may be used at the moment.
func (k APIKey) Good(now time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt))
}

// Covers reports whether the key's scopes hold the scope; a key without any covers all.
func (k APIKey) Covers(s Scope) bool { return len(k.Scopes) == 0 || oneOf(s, k.Scopes) }
