package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// loginsPerMinute bounds guessing across many accounts from one address; a whole hall behind one router stays below it.
const loginsPerMinute = 30

// strangers is how many times as many wrong passwords all unknown browsers together may try as one of them.
const strangers = 20

type loginView struct {
	Name, Next string
	Wrong      bool
	Limit      int
	Minutes    int
	Provider   string // of staff's accounts elsewhere; "": none
	Problem    string // what went wrong there
}

func (s *Console) loginPage(c *gin.Context) {
	if _, err := s.signedIn(c); err == nil || is[*unfinishedError](err) {
		c.Redirect(http.StatusSeeOther, inside(c.Query("next"))) // which leads to what is left to do
		return
	}
	s.render(c, http.StatusOK, "login", page{Title: "console.login.title", Data: loginView{Next: inside(c.Query("next")), Provider: s.providerName()}})
}

func (s *Console) login(c *gin.Context) {
	ctx := c.Request.Context()
	allowed, err := s.Live.Allow(ctx, "console/login/"+c.ClientIP(), loginsPerMinute, time.Minute)
	if err != nil { // the limit may vanish, signing in may not; the lock-out below still holds
		s.Logger.Warn("login limit is not working", "error", err)
	} else if !allowed {
		s.problem(c, http.StatusTooManyRequests, "too_many")
		return
	}
	name, next := strings.TrimSpace(c.PostForm("name")), inside(c.PostForm("next"))
	user, ok, err := s.authenticate(c, name, c.PostForm("password"))
	if err != nil {
		s.fail(c, routing.Actor{}, err)
		return
	}
	if !ok {
		s.Logger.Info("login refused", "user_id", user.ID)
		s.render(c, http.StatusUnauthorized, "login", page{Title: "console.login.title", Data: loginView{
			Name: name, Next: next, Wrong: true, Limit: s.MaxFailures, Minutes: int(s.LockFor.Minutes()), Provider: s.providerName()}})
		return
	}
	if err := s.open(c, user, false); err != nil {
		s.fail(c, routing.Actor{}, err)
		return
	}
	s.Logger.Info("signed in", "user_id", user.ID, "role", user.Role)
	c.Redirect(http.StatusSeeOther, next)
}

// authenticate says whether name and password belong together. Every call does the work of one hash, whoever is asked for, and the
// attempt is counted before that work, so that many at once gain nothing over one after the other.
func (s *Console) authenticate(c *gin.Context, name, password string) (routing.User, bool, error) {
	ctx := c.Request.Context()
	user, err := s.Store.UserByName(ctx, name)
	if err != nil && !errors.Is(err, routing.ErrNotFound) {
		return user, false, fmt.Errorf("look up user: %w", err)
	}
	keys := s.guessers(c, user.ID) // also when there is no such user, since that takes time as well
	open, err := s.guess(ctx, keys)
	if err != nil {
		return user, false, err
	}
	hash := s.decoy
	if open = open && user.ID != ""; open {
		hash = user.Hash
	}
	right, err := s.check(ctx, hash, password)
	if err != nil {
		return user, false, fmt.Errorf("check password of user %s: %w", user.ID, err)
	}
	if !open || !right {
		return user, false, nil
	}
	return user, true, s.settle(ctx, keys)
}

// check does the work of one hash, a few at a time.
func (s *Console) check(ctx context.Context, hash, password string) (bool, error) {
	select {
	case s.hashing <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { <-s.hashing }()
	return CheckPassword(hash, password)
}

// guesser is one whose wrong tries are counted, and after how many they are locked out.
type guesser struct {
	key   string
	limit int
}

// guessers says as whom the request's try at a password counts. A browser that the user has signed in with before counts by itself, any other by its
// address and, with more tries, together with all of them: so wrong passwords typed elsewhere lock out where they are typed, not the person whose
// account it is at their own desk (the device cookies of the OWASP authentication sheet).
func (s *Console) guessers(c *gin.Context, userID string) []guesser {
	if s.knows(c, userID) {
		token, _ := c.Cookie(s.cookie(knownName))
		return []guesser{{"browser/" + digest(token), s.MaxFailures}}
	}
	return []guesser{{"address/" + userID + "/" + c.ClientIP(), s.MaxFailures}, {"strangers/" + userID, strangers * s.MaxFailures}}
}

// guess counts a try and says whether it may be made; the last one allowed locks until settle.
func (s *Console) guess(ctx context.Context, keys []guesser) (open bool, err error) {
	err = s.Store.Update(ctx, func(tx routing.Tx) error {
		now := s.Now()
		for _, k := range keys {
			if open, err = tx.Guess(ctx, k.key, k.limit, now, now.Add(s.LockFor)); err != nil || !open {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("count a try at signing in: %w", err)
	}
	return open, nil
}

// settle forgets the tries before the right one.
func (s *Console) settle(ctx context.Context, keys []guesser) error {
	return s.Store.Update(ctx, func(tx routing.Tx) error {
		for _, k := range keys {
			if err := tx.DeleteGuesses(ctx, k.key); err != nil {
				return err
			}
		}
		return nil
	})
}

// inside keeps a redirect after login within the console: "//other.site" and the like lead home.
func inside(next string) string {
	if next != "/console" && !strings.HasPrefix(next, "/console/") && !strings.HasPrefix(next, "/console?") {
		return "/console"
	}
	if strings.HasPrefix(next, "/console/login") || strings.ContainsAny(next, "\\\r\n") {
		return "/console"
	}
	return next
}
