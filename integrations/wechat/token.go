package wechat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// opToken is the operation that gives access tokens: an error of it means our credentials are wrong, not our token.
const opToken = "stable_token"

// errNotSent marks a failure before the operation itself was asked for.
var errNotSent = errors.New("not sent")

// tokenTimeout bounds one request for a token, which may serve several callers and so follows none of their contexts.
const tokenTimeout = 10 * time.Second

func (c *Client) tokenKey() string { return "wechat:token:" + c.appID }

// authorized runs call with the access token, and once more with a new one when the platform says that it is stale.
func (c *Client) authorized(ctx context.Context, call func(token string) error) error {
	token, err := c.token(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotSent, err)
	}
	err = call(token)
	var refused *APIError
	if !errors.As(err, &refused) || !refused.staleToken() {
		return err
	}
	// Only if it is still the one we used: another caller may have fetched a new one meanwhile.
	if err := c.live.DeleteIf(ctx, c.tokenKey(), token); err != nil {
		c.log.Warn("drop stale wechat token", "error", err)
	}
	if token, err = c.token(ctx); err != nil {
		return fmt.Errorf("%w: %w", errNotSent, err)
	}
	return call(token)
}

// token returns the cached access token or fetches one, once for all callers that wait for it. A broken cache costs a request, not
// a message.
func (c *Client) token(ctx context.Context) (string, error) {
	cached, ok, err := c.live.Get(ctx, c.tokenKey())
	if err != nil {
		c.log.Warn("read wechat token from cache", "error", err)
	}
	if ok {
		return cached, nil
	}
	fetched := c.tokens.DoChan("token", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tokenTimeout)
		defer cancel()
		return c.fetchToken(ctx)
	})
	select {
	case r := <-fetched:
		if r.Err != nil {
			return "", r.Err
		}
		return r.Val.(string), nil
	case <-ctx.Done():
		return "", fmt.Errorf("wait for wechat token: %w", ctx.Err())
	}
}

// fetchToken asks for the stable token (api/base/api_getstableaccesstoken): asking again doesn't invalidate the one that other nodes use.
func (c *Client) fetchToken(ctx context.Context) (string, error) {
	payload, err := encode(map[string]any{"grant_type": "client_credential", "appid": c.appID, "secret": c.secret, "force_refresh": false})
	if err != nil {
		return "", err
	}
	answer, err := c.exchange(ctx, c.http, opToken, http.MethodPost, c.base+"/cgi-bin/stable_token", payload, maxAnswer)
	if err != nil {
		return "", err
	}
	var got struct {
		Token   string `json:"access_token"`
		Expires int64  `json:"expires_in"`
	}
	if err := decode(opToken, answer.body, &got); err != nil {
		return "", err
	}
	if got.Token == "" {
		return "", errors.New("wechat stable_token: no token in the answer")
	}
	if err := c.live.Set(ctx, c.tokenKey(), got.Token, keepFor(got.Expires)); err != nil {
		c.log.Warn("keep wechat token in cache", "error", err)
	}
	return got.Token, nil
}

// keepFor keeps a token until five minutes before it expires, when the platform gives a new one; at least half its life.
func keepFor(seconds int64) time.Duration {
	life := time.Duration(seconds) * time.Second
	return max(life-5*time.Minute, life/2, time.Second)
}
