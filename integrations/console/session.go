package console

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

const (
	cookieName = "jiesu_session"
	// background marks requests that a script makes on its own: they must not keep an empty chair signed in.
	background = "Jiesu-Background"
)

var errSignedOut = errors.New("not signed in")

// staff lets signed-in members of the roles through, all roles when none is named.
func (s *Console) staff(h func(*gin.Context, routing.Actor) error, roles ...routing.Role) gin.HandlerFunc {
	return func(c *gin.Context) {
		actor, err := s.signedIn(c)
		if err == nil && len(roles) > 0 && !slices.Contains(roles, actor.Role) {
			err = routing.ErrForbidden
		}
		if err == nil {
			err = h(c, actor)
		}
		if err != nil {
			s.fail(c, actor, err)
		}
	}
}

// signedIn returns who the request's cookie belongs to, errSignedOut when to nobody.
func (s *Console) signedIn(c *gin.Context) (routing.Actor, error) {
	token, err := c.Cookie(cookieName)
	if err != nil || token == "" {
		return routing.Actor{}, errSignedOut
	}
	session, actor, err := s.alive(c.Request.Context(), digest(token))
	if err != nil {
		return routing.Actor{}, err
	}
	now := s.Now()
	// A write a minute is exact enough for an hour of idleness.
	if unattended(c) || now.Sub(session.SeenAt) < min(time.Minute, s.SessionIdle/4) {
		return actor, nil
	}
	err = s.Store.Update(c.Request.Context(), func(tx routing.Tx) error {
		return tx.TouchSession(c.Request.Context(), session.Hash, now)
	})
	if err != nil {
		return routing.Actor{}, fmt.Errorf("touch session: %w", err)
	}
	return actor, nil
}

// unattended reports whether nobody asked for this: a refresh in the background or a live stream that connects again.
func unattended(c *gin.Context) bool {
	return c.GetHeader(background) != "" || c.FullPath() == eventsPath
}

// alive loads a session that has not run out, and its user as they are now.
func (s *Console) alive(ctx context.Context, hash string) (routing.Session, routing.Actor, error) {
	session, err := s.Store.Session(ctx, hash)
	if errors.Is(err, routing.ErrNotFound) {
		return session, routing.Actor{}, errSignedOut
	}
	if err != nil {
		return session, routing.Actor{}, fmt.Errorf("load session: %w", err)
	}
	now := s.Now()
	if now.Sub(session.SeenAt) > s.SessionIdle || now.Sub(session.CreatedAt) > s.SessionAbsolute {
		return session, routing.Actor{}, errSignedOut
	}
	user, err := s.Store.User(ctx, session.UserID)
	if errors.Is(err, routing.ErrNotFound) {
		return session, routing.Actor{}, errSignedOut
	}
	if err != nil {
		return session, routing.Actor{}, fmt.Errorf("load user of session: %w", err)
	}
	return session, user.Actor(), nil
}

// open starts a session under a fresh token, which only the browser keeps.
func (s *Console) open(c *gin.Context, user routing.User) error {
	token, now := routing.NewToken()+routing.NewToken(), s.Now()
	session := routing.Session{Hash: digest(token), UserID: user.ID, CreatedAt: now, SeenAt: now}
	err := s.Store.Update(c.Request.Context(), func(tx routing.Tx) error { return tx.InsertSession(c.Request.Context(), session) })
	if err != nil {
		return fmt.Errorf("open session: %w", err)
	}
	s.setCookie(c, token, int(s.SessionAbsolute.Seconds()))
	return nil
}

func (s *Console) logout(c *gin.Context) {
	token, err := c.Cookie(cookieName)
	if err == nil && token != "" {
		err := s.Store.Update(c.Request.Context(), func(tx routing.Tx) error {
			return tx.DeleteSession(c.Request.Context(), digest(token))
		})
		if err != nil && !errors.Is(err, routing.ErrNotFound) {
			s.fail(c, routing.Actor{}, fmt.Errorf("close session: %w", err))
			return
		}
	}
	s.setCookie(c, "", -1)
	c.Redirect(http.StatusSeeOther, "/console/login")
}

func (s *Console) setCookie(c *gin.Context, token string, age int) {
	http.SetCookie(c.Writer, &http.Cookie{Name: cookieName, Value: token, Path: "/console", MaxAge: age,
		HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode})
}

// digest is what the store knows a token by.
func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
