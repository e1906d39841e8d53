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

type loginView struct {
	Name, Next string
	Wrong      bool
	Limit      int
	Minutes    int
}

func (s *Console) loginPage(c *gin.Context) {
	if _, err := s.signedIn(c); err == nil {
		c.Redirect(http.StatusSeeOther, inside(c.Query("next")))
		return
	}
	s.render(c, http.StatusOK, "login", page{Title: "console.login.title", Data: loginView{Next: inside(c.Query("next"))}})
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
	user, ok, err := s.authenticate(ctx, name, c.PostForm("password"))
	if err != nil {
		s.fail(c, routing.Actor{}, err)
		return
	}
	if !ok {
		s.Logger.Info("login refused", "user_id", user.ID)
		s.render(c, http.StatusUnauthorized, "login", page{Title: "console.login.title", Data: loginView{
			Name: name, Next: next, Wrong: true, Limit: s.MaxFailures, Minutes: int(s.LockFor.Minutes())}})
		return
	}
	if err := s.open(c, user); err != nil {
		s.fail(c, routing.Actor{}, err)
		return
	}
	s.Logger.Info("signed in", "user_id", user.ID, "role", user.Role)
	c.Redirect(http.StatusSeeOther, next)
}

// authenticate says whether name and password belong together. Every call does the work of one hash, whoever is asked for, and the
// attempt is counted before that work, so that many at once gain nothing over one after the other.
func (s *Console) authenticate(ctx context.Context, name, password string) (routing.User, bool, error) {
	user, open, err := s.charge(ctx, name)
	if err != nil {
		return user, false, err
	}
	hash := s.decoy
	if open {
		hash = user.Hash
	}
	select {
	case s.hashing <- struct{}{}:
	case <-ctx.Done():
		return user, false, ctx.Err()
	}
	right, err := CheckPassword(hash, password)
	<-s.hashing
	if err != nil {
		return user, false, fmt.Errorf("check password of user %s: %w", user.ID, err)
	}
	if !open || !right {
		return user, false, nil
	}
	return user, true, s.settle(ctx, user.ID)
}

// charge counts an attempt on the account and says whether it is open at all; the last one allowed locks it until settle.
func (s *Console) charge(ctx context.Context, name string) (user routing.User, open bool, err error) {
	err = s.Store.Update(ctx, func(tx routing.Tx) error {
		user, open = routing.User{}, false
		u, err := tx.UserByName(ctx, name)
		if errors.Is(err, routing.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look up user: %w", err)
		}
		now := s.Now()
		if user = u; now.Before(u.LockedUntil) {
			return nil
		}
		open = true
		if u.Failures++; u.Failures >= s.MaxFailures {
			u.Failures, u.LockedUntil = 0, now.Add(s.LockFor)
		}
		return tx.UpdateUser(ctx, u)
	})
	return user, open, err
}

func (s *Console) settle(ctx context.Context, id string) error {
	err := s.Store.Update(ctx, func(tx routing.Tx) error {
		u, err := tx.User(ctx, id)
		if err != nil {
			return err
		}
		u.Failures, u.LockedUntil = 0, time.Time{}
		return tx.UpdateUser(ctx, u)
	})
	if err != nil {
		return fmt.Errorf("clear failures of user %s: %w", id, err)
	}
	return nil
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
