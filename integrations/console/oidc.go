package console

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/gin-gonic/gin"
	"golang.org/x/oauth2"

	"jiesu/routing"
)

const (
	providerPath     = "/console/oidc"
	providerBackPath = "/console/oidc/back"
	askedName        = "jiesu_oidc" // cookie of what was asked of the provider
	askedFor         = 10 * time.Minute
)

// Provider is where staff have accounts already, by OpenID Connect. Its document is fetched when somebody first signs in, so that a provider that is down
// stops nobody else.
type Provider struct {
	name   string
	client *http.Client
	config oauth2.Config
	issuer string

	mu       sync.Mutex
	provider *oidc.Provider
}

// NewProvider returns the provider at the issuer's address, named so on the button; publicURL is where browsers find Jiesu.
func NewProvider(name, issuer, clientID, secret, publicURL string) *Provider {
	return &Provider{name: name, issuer: issuer, client: &http.Client{Timeout: 10 * time.Second}, config: oauth2.Config{ClientID: clientID, ClientSecret: secret,
		RedirectURL: strings.TrimSuffix(publicURL, "/") + providerBackPath, Scopes: []string{oidc.ScopeOpenID}}}
}

// discover fetches the provider's document once.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, oauth2.Config, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	config := p.config
	if p.provider == nil {
		// Its keys are fetched later under this context, so it must outlive the request.
		found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.issuer)
		if err != nil {
			return nil, config, fmt.Errorf("read what the provider of accounts says of itself: %w", err)
		}
		p.provider = found
	}
	config.Endpoint = p.provider.Endpoint()
	return p.provider, config, nil
}

// errand is what ties the provider's answer to the browser that was sent there.
type errand struct {
	State, Nonce, Verifier, Next string
}

// identity is who somebody is at the provider.
type identity struct {
	subject string
	second  bool // they showed a second factor there
}

// begin is the address to send the browser to.
func (p *Provider) begin(ctx context.Context, a errand) (string, error) {
	_, config, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	return config.AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), nil
}

var errProvider = errors.New("the provider of accounts didn't answer as it should")

// finish exchanges the code and checks the token that comes for it.
func (p *Provider) finish(ctx context.Context, a errand, code string) (identity, error) {
	provider, config, err := p.discover(ctx)
	if err != nil {
		return identity{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return identity{}, fmt.Errorf("%w: exchange the code: %s", errProvider, sayWhy(err))
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return identity{}, fmt.Errorf("%w: no id token", errProvider)
	}
	verified, err := provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(ctx, raw)
	if err != nil {
		return identity{}, fmt.Errorf("%w: %w", errProvider, err)
	}
	var claims struct {
		Methods []string `json:"amr"` // RFC 8176
	}
	if err := verified.Claims(&claims); err != nil {
		return identity{}, fmt.Errorf("%w: read the token: %w", errProvider, err)
	}
	if verified.Nonce != a.Nonce {
		return identity{}, fmt.Errorf("%w: the token answers another sign-in", errProvider)
	}
	second := slices.ContainsFunc(claims.Methods, func(m string) bool { return slices.Contains([]string{"mfa", "otp", "hwk", "swk", "sc"}, m) })
	return identity{verified.Issuer + " " + verified.Subject, second}, nil
}

// sayWhy is the error without the provider's whole answer, which may hold secrets.
func sayWhy(err error) string {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response != nil {
		return refused.Response.Status + " " + refused.ErrorCode
	}
	return "no answer"
}

func (s *Console) providerName() string {
	if s.Provider == nil {
		return ""
	}
	return s.Provider.name
}

// toProvider sends the browser to sign in at the provider.
func (s *Console) toProvider(c *gin.Context) {
	a := errand{State: routing.NewToken(), Nonce: routing.NewToken(), Verifier: oauth2.GenerateVerifier(), Next: inside(c.Query("next"))}
	to, err := s.Provider.begin(c.Request.Context(), a)
	if err != nil {
		s.Logger.Error("provider of accounts is not working", "error", err)
		s.refuseProvider(c, http.StatusBadGateway, a.Next, "console.oidc.down")
		return
	}
	content, err := json.Marshal(a)
	if err != nil {
		s.fail(c, routing.Actor{}, err)
		return
	}
	s.setCookie(c, askedName, base64.RawURLEncoding.EncodeToString(content), int(askedFor.Seconds()))
	c.Redirect(http.StatusSeeOther, to)
}

// fromProvider signs in who the provider says it is, if they have an account here that was tied to theirs there.
func (s *Console) fromProvider(c *gin.Context) {
	ctx := c.Request.Context()
	var a errand
	cookie, _ := c.Cookie(s.cookie(askedName))
	content, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil || json.Unmarshal(content, &a) != nil || a.State == "" || a.State != c.Query("state") {
		s.refuseProvider(c, http.StatusBadRequest, "", "console.oidc.again")
		return
	}
	s.setCookie(c, askedName, "", -1)
	if c.Query("error") != "" || c.Query("code") == "" {
		s.refuseProvider(c, http.StatusUnauthorized, a.Next, "console.oidc.refused")
		return
	}
	who, err := s.Provider.finish(ctx, a, c.Query("code"))
	if err != nil {
		s.Logger.Error("sign-in at the provider of accounts failed", "error", err)
		s.refuseProvider(c, http.StatusBadGateway, a.Next, "console.oidc.down")
		return
	}
	user, err := s.Store.UserBySubject(ctx, who.subject)
	if errors.Is(err, routing.ErrNotFound) {
		s.Logger.Info("no account is tied to who signed in at the provider")
		s.refuseProvider(c, http.StatusForbidden, a.Next, "console.oidc.unknown")
		return
	}
	if err == nil {
		err = s.open(c, user, who.second)
	}
	if err != nil {
		s.fail(c, routing.Actor{}, fmt.Errorf("sign in by the provider: %w", err))
		return
	}
	s.Logger.Info("signed in by the provider", "user_id", user.ID, "role", user.Role)
	c.Redirect(http.StatusSeeOther, inside(a.Next))
}

func (s *Console) refuseProvider(c *gin.Context, status int, next, key string) {
	s.render(c, status, "login", page{Title: "console.login.title", Data: loginView{Next: inside(next), Provider: s.providerName(), Problem: s.Wording.Text(key)}})
}
