package openapi

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// keyPrefix lets people and secret scanners recognise a key that turns up where it shouldn't.
const keyPrefix = "jsk_"

// NewKey draws an API key: "jsk_" and 256 random bits in base64url. The plain key is shown once; only its hash is stored.
func NewKey() (plain, hash string) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	plain = keyPrefix + base64.RawURLEncoding.EncodeToString(b[:])
	return plain, HashKey(plain)
}

// HashKey is the SHA-256 of the key in hex. A key has 256 random bits: a slow hash would protect nothing more.
func HashKey(plain string) string {
	sum := sha256.Sum256([]byte(plain))
	return hex.EncodeToString(sum[:])
}

// caller is who asks and what for, carried by the request's context.
type caller struct {
	actor   routing.Actor
	request string // method and path, for the log; the query may hold what people said
}

type callerKey struct{}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// authenticated lets a request pass that carries a known key, and puts its actor into the context.
func (a *API) authenticated(g *gin.Context) {
	g.Header("Cache-Control", "private, no-cache")
	g.Header("Vary", "Authorization")
	g.Header("X-Content-Type-Options", "nosniff")
	plain, ok := bearer(g.GetHeader("Authorization"))
	if !ok {
		a.refuseKey(g, `Bearer realm="jiesu"`)
		return
	}
	ctx := g.Request.Context()
	who := caller{request: g.Request.Method + " " + g.FullPath()}
	key, err := a.Store.APIKeyByHash(ctx, HashKey(plain))
	switch {
	case errors.Is(err, routing.ErrNotFound):
		a.refuseKey(g, `Bearer realm="jiesu", error="invalid_token"`)
		return
	case err != nil:
		write(g, a.internal(ctx, who, fmt.Errorf("look up key: %w", err)))
		return
	}
	if !key.Good(a.Now()) {
		a.refuseKey(g, `Bearer realm="jiesu", error="invalid_token"`)
		return
	}
	if need := scopeOf(g.Request.Method, g.Request.URL.Path); !key.Covers(need) {
		write(g, newProblem("forbidden", "The key lacks the scope "+string(need)+"."))
		return
	}
	a.used(ctx, key)
	who = caller{actor: key.Actor(), request: g.Request.Method + " " + g.Request.URL.Path}
	g.Request = g.Request.WithContext(context.WithValue(ctx, callerKey{}, who))
}

// scopeOf is what a request needs.
func scopeOf(method, path string) routing.Scope {
	switch {
	case method == http.MethodGet, method == http.MethodHead:
		return routing.ScopeRead
	case path == Prefix+"/cases":
		return routing.ScopeFile
	case strings.HasPrefix(path, Prefix+"/calls"):
		return routing.ScopeCalls
	case strings.HasPrefix(path, Prefix+"/webhooks"):
		return routing.ScopeWebhooks
	}
	return routing.ScopeAct
}

// used notes that the key is in use, once an hour. Requests pass when that fails.
func (a *API) used(ctx context.Context, key routing.APIKey) {
	now := a.Now()
	if now.Sub(key.UsedAt) < time.Hour {
		return
	}
	key.UsedAt = now
	if err := a.Store.Update(ctx, func(tx routing.Tx) error { return tx.UpdateAPIKey(ctx, key) }); err != nil {
		a.Logger.WarnContext(ctx, "use of a key not noted", "key_id", key.ID, "err", err)
	}
}

// wrongKeys is how many requests without a good key one address may send in a minute. A key can't be guessed; who tries keeps others waiting.
const wrongKeys = 60

func (a *API) refuseKey(g *gin.Context, challenge string) {
	within, err := a.Live.Allow(g.Request.Context(), "api-wrong:"+g.ClientIP(), wrongKeys, time.Minute)
	if err == nil && !within {
		g.Header("Retry-After", "60")
		write(g, newProblem("too-many-requests", "Too many requests without a valid key came from this address."))
		return
	}
	g.Header("WWW-Authenticate", challenge)
	write(g, newProblem("unauthorized", "Send a valid API key as Authorization: Bearer KEY."))
}

// bearer takes the key out of the header; the scheme's case doesn't matter (RFC 9110, 11.1). A client that knows passwords only sends the key as one
// (RFC 7617), under any name.
func bearer(header string) (string, bool) {
	scheme, key, _ := strings.Cut(header, " ")
	key = strings.TrimSpace(key)
	if strings.EqualFold(scheme, "Basic") {
		pair, err := base64.StdEncoding.DecodeString(key)
		if err != nil {
			return "", false
		}
		_, key, _ = strings.Cut(string(pair), ":")
		return key, strings.HasPrefix(key, keyPrefix)
	}
	return key, strings.EqualFold(scheme, "Bearer") && strings.HasPrefix(key, keyPrefix)
}

// keyInPath takes the key out of an address that ends in it, as bridges are given one that can send no header, and out of sight of all that follows.
func keyInPath(g *gin.Context) {
	g.Request.Header.Set("Authorization", "Bearer "+g.Param("key"))
	g.Request.URL.Path, g.Request.URL.RawPath = Prefix+"/calls", ""
}

// limited counts the key's requests by minutes of the clock, so that Retry-After is exact. When the counter fails, requests pass:
// the limit protects the service and must not be what takes it down.
func (a *API) limited(g *gin.Context) {
	ctx, now := g.Request.Context(), a.Now()
	who := callerOf(ctx)
	minute := now.Truncate(time.Minute)
	key := "api:" + who.actor.ID + ":" + strconv.FormatInt(minute.Unix(), 10)
	ok, err := a.Live.Allow(ctx, key, a.PerMinute, time.Minute)
	if err != nil {
		a.Logger.WarnContext(ctx, "request limit not checked", "key_id", who.actor.ID, "err", err)
		return
	}
	if !ok {
		wait := minute.Add(time.Minute).Sub(now)
		g.Header("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		write(g, newProblem("too-many-requests", "This key has used up its requests for this minute."))
	}
}
