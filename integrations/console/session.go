package console

import (
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
	knownName  = "jiesu_browser" // of a browser that somebody has signed in with before
	// background marks requests that a script makes on its own: they must not keep an empty chair signed in.
	background = "Jiesu-Background"
)

const (
	// KnownFor is how long a browser stays known to an account.
	KnownFor = 180 * 24 * time.Hour
	// codeTime is how long a sign-in may wait for its second factor.
	codeTime = 10 * time.Minute
)

var errSignedOut = errors.New("not signed in")

// staff lets signed-in members of the roles through, all roles when none is named.
func (s *Console) staff(h func(*gin.Context, routing.Actor) error, deeds ...routing.Deed) gin.HandlerFunc {
	return func(c *gin.Context) {
		actor, err := s.signedIn(c)
		if err == nil && slices.ContainsFunc(deeds, func(d routing.Deed) bool { return !actor.May(d) }) {
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
	token, err := c.Cookie(s.cookie(cookieName))
	if err != nil || token == "" {
		return routing.Actor{}, errSignedOut
	}
	session, actor, err := s.finished(c, digest(token))
	if err != nil {
		return actor, err
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

// halfway lets those through who have signed in with a password but may have more to do before they get to their desk.
func (s *Console) halfway(h func(*gin.Context, routing.Session, routing.User) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		token, err := c.Cookie(s.cookie(cookieName))
		if err != nil || token == "" {
			s.fail(c, routing.Actor{}, errSignedOut)
			return
		}
		session, user, err := s.alive(c, digest(token))
		if err == nil {
			err = h(c, session, user)
		}
		if err != nil {
			s.fail(c, user.Actor(), err)
		}
	}
}

// unfinished is the page of what is still to be done before this sign-in counts, "" for nothing.
func (s *Console) unfinished(session routing.Session, user routing.User) string {
	switch {
	case user.Secret != "" && !session.Second:
		return secondPath
	case user.Initial:
		return passwordPath
	case user.Secret == "" && !session.Second && slices.Contains(s.SecondFactor, user.Role):
		return enrolPath
	}
	return ""
}

// finished is alive for a sign-in with which everything has been done.
func (s *Console) finished(c *gin.Context, hash string) (routing.Session, routing.Actor, error) {
	session, user, err := s.alive(c, hash)
	if err != nil {
		return session, user.Actor(), err
	}
	if to := s.unfinished(session, user); to != "" {
		return session, user.Actor(), &unfinishedError{to}
	}
	return session, user.Actor(), nil
}

// unfinishedError: a page was asked for before the sign-in was complete.
type unfinishedError struct{ to string }

func (e *unfinishedError) Error() string {
	return "the sign-in isn't complete, " + e.to + " comes first"
}

// alive loads a session that has not run out and is in the browser that it was begun in, and its user as they are now.
func (s *Console) alive(c *gin.Context, hash string) (routing.Session, routing.User, error) {
	ctx := c.Request.Context()
	session, err := s.Store.Session(ctx, hash)
	if errors.Is(err, routing.ErrNotFound) {
		return session, routing.User{}, errSignedOut
	}
	if err != nil {
		return session, routing.User{}, fmt.Errorf("load session: %w", err)
	}
	now := s.Now()
	if now.Sub(session.SeenAt) > s.SessionIdle || now.Sub(session.CreatedAt) > s.SessionAbsolute {
		return session, routing.User{}, errSignedOut
	}
	if session.Browser != "" && session.Browser != digest(c.Request.UserAgent()) {
		s.Logger.Warn("a session's token came from another browser", "user_id", session.UserID)
		return session, routing.User{}, errSignedOut
	}
	user, err := s.Store.User(ctx, session.UserID)
	if errors.Is(err, routing.ErrNotFound) {
		return session, routing.User{}, errSignedOut
	}
	if err != nil {
		return session, routing.User{}, fmt.Errorf("load user of session: %w", err)
	}
	if user.Secret != "" && !session.Second && now.Sub(session.CreatedAt) > codeTime {
		return session, routing.User{}, errSignedOut
	}
	return session, user, nil
}

// open starts a session under a fresh token, which only the browser keeps. It ends the one that the browser came with, so that nobody's token
// outlives a step up, and makes the browser one that the user is known by.
func (s *Console) open(c *gin.Context, user routing.User, second bool) error {
	ctx := c.Request.Context()
	token, known, now := routing.NewToken()+routing.NewToken(), "", s.Now()
	session := routing.Session{Hash: digest(token), UserID: user.ID, Second: second, Browser: digest(c.Request.UserAgent()), CreatedAt: now, SeenAt: now}
	if s.unfinished(session, user) != secondPath && !s.knows(c, user.ID) { // the password alone makes no friend
		known = routing.NewToken() + routing.NewToken()
	}
	err := s.Store.Update(ctx, func(tx routing.Tx) error {
		if old, err := c.Cookie(s.cookie(cookieName)); err == nil && old != "" {
			if err := tx.DeleteSession(ctx, digest(old)); err != nil {
				return err
			}
		}
		if known != "" {
			if err := tx.InsertBrowser(ctx, routing.Browser{Hash: digest(known), UserID: user.ID, CreatedAt: now}); err != nil {
				return err
			}
		}
		return tx.InsertSession(ctx, session)
	})
	if err != nil {
		return fmt.Errorf("open session: %w", err)
	}
	s.setCookie(c, cookieName, token, int(s.SessionAbsolute.Seconds()))
	if known != "" {
		s.setCookie(c, knownName, known, int(KnownFor.Seconds()))
	}
	return nil
}

// knows reports whether the browser has been signed in with by the user before.
func (s *Console) knows(c *gin.Context, userID string) bool {
	token, err := c.Cookie(s.cookie(knownName))
	if err != nil || token == "" {
		return false
	}
	b, err := s.Store.Browser(c.Request.Context(), digest(token))
	return err == nil && b.UserID == userID && s.Now().Sub(b.CreatedAt) < KnownFor
}

func (s *Console) logout(c *gin.Context) {
	token, err := c.Cookie(s.cookie(cookieName))
	if err == nil && token != "" {
		err := s.Store.Update(c.Request.Context(), func(tx routing.Tx) error {
			return tx.DeleteSession(c.Request.Context(), digest(token))
		})
		if err != nil && !errors.Is(err, routing.ErrNotFound) {
			s.fail(c, routing.Actor{}, fmt.Errorf("close session: %w", err))
			return
		}
	}
	s.setCookie(c, cookieName, "", -1)
	c.Redirect(http.StatusSeeOther, "/console/login")
}

// cookie is the name of a cookie. Where there is https it begins so that no other host of the domain can set it (ASVS 3.3.3).
func (s *Console) cookie(name string) string {
	if s.Secure {
		return "__Host-" + name
	}
	return name
}

func (s *Console) setCookie(c *gin.Context, name, token string, age int) {
	path := "/console"
	if s.Secure {
		path = "/" // which the name asks for
	}
	http.SetCookie(c.Writer, &http.Cookie{Name: s.cookie(name), Value: token, Path: path, MaxAge: age, // #nosec G124 -- Secure where there is https
		HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode})
}

// digest is what the store knows a token by.
func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
