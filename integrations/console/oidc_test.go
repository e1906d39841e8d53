package console

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"
	"golang.org/x/oauth2"

	"jiesu/routing"
)

// issuer is a provider of accounts that is as strict as the specification: a code is for one client, one address, one verifier and one use.
type issuer struct {
	t      *testing.T
	server *httptest.Server
	key    *ecdsa.PrivateKey
	grants map[string]url.Values // by code: what was asked for
	claims map[string]any        // of the next token, beside the usual ones
	down   bool
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	i := &issuer{t: t, key: key, grants: map[string]url.Values{}, claims: map[string]any{}}
	documents := &oidctest.Server{PublicKeys: []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "k", Algorithm: oidc.ES256}}, Algorithms: []string{oidc.ES256}}
	i.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case i.down:
			http.Error(w, "down", http.StatusServiceUnavailable)
		case r.URL.Path == "/token":
			i.token(w, r)
		default:
			documents.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(i.server.Close)
	documents.SetIssuer(i.server.URL)
	return i
}

// allow is the person's saying yes at the provider; it returns the address that their browser is sent back to.
func (i *issuer) allow(to string) string {
	i.t.Helper()
	u, err := url.Parse(to)
	must(i.t, err)
	q := u.Query()
	if q.Get("response_type") != "code" || q.Get("client_id") != "jiesu" || q.Get("redirect_uri") != publicURL+"/console/oidc/back" || q.Get("scope") != "openid" ||
		q.Get("code_challenge_method") != "S256" || len(q.Get("state")) < 20 || len(q.Get("nonce")) < 20 {
		i.t.Fatalf("asked with %v", q)
	}
	code := routing.NewToken()
	i.grants[code] = q
	return "/console/oidc/back?" + url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
}

func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	q, known := i.grants[r.PostFormValue("code")]
	delete(i.grants, r.PostFormValue("code"))
	w.Header().Set("Content-Type", "application/json")
	if !known || id != "jiesu" || secret != "s3cret" || r.PostFormValue("redirect_uri") != q.Get("redirect_uri") ||
		oauth2.S256ChallengeFromVerifier(r.PostFormValue("code_verifier")) != q.Get("code_challenge") {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_grant"})
		return
	}
	claims := map[string]any{"iss": i.server.URL, "aud": "jiesu", "sub": "42", "nonce": q.Get("nonce"), "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix()} //nolint:forbidigo // the library's clock
	for name, value := range i.claims {
		claims[name] = value
	}
	content, _ := json.Marshal(claims)
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": oidctest.SignIDToken(i.key, "k", oidc.ES256, string(content))})
}

// withIssuer is the strict console with a provider, and an account of it tied to the office's.
func withIssuer(t *testing.T) (*world, *issuer) {
	t.Helper()
	i := newIssuer(t)
	w := start(t, func(c *Config) {
		c.SecondFactor = []routing.Role{routing.RoleOffice, routing.RoleAdmin}
		c.Provider = NewProvider("市统一认证", i.server.URL, "jiesu", "s3cret", publicURL)
	})
	for name, sub := range map[string]string{"office": "42", "operator": "43"} {
		u := w.user(name)
		u.Subject = i.server.URL + " " + sub
		w.update(func(ctx context.Context, tx routing.Tx) error { return tx.UpdateUser(ctx, u) })
	}
	return w, i
}

func TestStaffSignInWithTheAccountThatTheyHave(t *testing.T) {
	t.Parallel()
	w, i := withIssuer(t)
	i.claims["sub"] = "43"
	p := w.person()
	p.get("/console/login?next=/console/file").want(200, "用市统一认证登录", `href="/console/oidc?next=%2fconsole%2ffile"`)
	a := p.get("/console/oidc?next=/console/file")
	back := i.allow(a.Header().Get("Location"))
	if len(p.cookies[cookieName]) > 0 {
		t.Fatal("signed in before the provider said yes")
	}
	p.get(back).to("/console/file")
	p.get("/console/file").want(200)
	p.get(back).want(400, "请重新登录") // an answer is good once
}

func TestWhoShowedNoSecondFactorElsewhereShowsOurs(t *testing.T) {
	t.Parallel()
	w, i := withIssuer(t)
	p := w.person()
	p.get(i.allow(p.get("/console/oidc").Header().Get("Location"))).to("/console")
	p.get("/console").to("/console/second/new?next=%2Fconsole")
	p.enrolled()
	q := w.person()
	q.get(i.allow(q.get("/console/oidc").Header().Get("Location"))).to("/console")
	q.get("/console").to("/console/second?next=%2Fconsole")
	i.claims["amr"] = []string{"pwd", "mfa"}
	q.get(i.allow(q.get("/console/oidc").Header().Get("Location"))).to("/console")
	q.get("/console").want(200)
}

func TestAProvidersAnswerThatIsNotOursIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(i *issuer, p *person, back string) string // returns the address that is opened
		status int
	}{
		"another browser's state":  {func(_ *issuer, p *person, back string) string { delete(p.cookies, askedName); return back }, 400},
		"a forged state":           {func(_ *issuer, _ *person, back string) string { return back + "x" }, 400},
		"no code":                  {func(_ *issuer, _ *person, back string) string { return strings.Replace(back, "code=", "none=", 1) }, 401},
		"refused there":            {func(_ *issuer, _ *person, back string) string { return back + "&error=access_denied" }, 401},
		"a code of another":        {func(_ *issuer, _ *person, back string) string { return strings.Replace(back, "code=", "code=x", 1) }, 502},
		"nonce of another sign-in": {func(i *issuer, _ *person, back string) string { i.claims["nonce"] = "other"; return back }, 502},
		"token for another client": {func(i *issuer, _ *person, back string) string { i.claims["aud"] = "other"; return back }, 502},
		"token of another issuer":  {func(i *issuer, _ *person, back string) string { i.claims["iss"] = "https://evil.example"; return back }, 502},
		"token that has run out":   {func(i *issuer, _ *person, back string) string { i.claims["exp"] = 1; return back }, 502},
		"token of another key": {func(i *issuer, _ *person, back string) string {
			key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			i.key = key
			return back
		}, 502},
		"no account tied":  {func(i *issuer, _ *person, back string) string { i.claims["sub"] = "44"; return back }, 403},
		"provider is down": {func(i *issuer, _ *person, back string) string { i.down = true; return back }, 502},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, i := withIssuer(t)
			p := w.person()
			back := i.allow(p.get("/console/oidc").Header().Get("Location"))
			p.get(c.change(i, p, back)).want(c.status, "用市统一认证登录")
			if p.cookies[cookieName] != "" {
				t.Error("signed in")
			}
			for _, secret := range []string{"s3cret", "id_token", i.server.URL + " 4"} {
				if strings.Contains(w.log.String(), secret) {
					t.Errorf("%q is in the log", secret)
				}
			}
		})
	}
}

func TestAProviderThatIsDownStopsNobodyElse(t *testing.T) {
	t.Parallel()
	w, i := withIssuer(t)
	i.down = true
	p := w.person()
	p.get("/console/oidc").want(502, "统一认证现在连不上", `name="password"`)
	p.signIn("operator").to("/console")
	i.down = false
	p.get(i.allow(p.get("/console/oidc?next=//evil.example").Header().Get("Location"))).to("/console")
}
