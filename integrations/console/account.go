package console

import (
	_ "embed"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

const (
	accountPath  = "/console/account"
	passwordPath = "/console/password"
	othersPath   = "/console/account/others"

	// MinPassword is the shortest password taken, in characters; MaxPassword the longest (OWASP ASVS 5.0, 6.2.1 and 6.2.9).
	MinPassword = 8
	MaxPassword = 200
)

// commonPasswords are the thousands that are tried first, one in a line (ASVS 6.2.4).
//
//go:embed common_passwords.txt
var commonPasswords string

// WeakPassword is why the password is none for the account, as a key of the catalogue, "" when it is good. It asks for length and against what is guessed
// first, not for kinds of characters (ASVS 6.2.5).
func WeakPassword(name, password string) string {
	n := utf8.RuneCountInString(password)
	flat := strings.ToLower(password)
	distinct := map[rune]bool{}
	for _, r := range flat {
		distinct[r] = true
	}
	switch {
	case n < MinPassword:
		return "console.password.short"
	case n > MaxPassword:
		return "console.password.long"
	case strings.Contains(commonPasswords, "\n"+flat+"\n"), len(distinct) < 4, strings.Contains(flat, strings.ToLower(name)) && utf8.RuneCountInString(name) >= 3, isRun(flat):
		return "console.password.guessed"
	}
	for _, word := range []string{"password", "passw0rd", "qwertyui", "1qaz2wsx", "asdfghjk", "zxcvbnm", "iloveyou", "admin123", "woaini", "a123456", "abc123", "123456", "12345678", "jiesu"} {
		if rest := strings.Replace(flat, word, "", 1); rest != flat && utf8.RuneCountInString(rest) < 4 {
			return "console.password.guessed"
		}
	}
	return ""
}

// isRun reports whether each character follows the one before it, as in 12345678 or hgfedcba.
func isRun(s string) bool {
	r := []rune(s)
	for _, by := range []rune{1, -1} {
		run := true
		for i := 1; i < len(r); i++ {
			run = run && r[i] == r[i-1]+by
		}
		if run {
			return true
		}
	}
	return false
}

type accountView struct {
	Name    string
	Second  bool
	Left    int // recovery codes
	Others  int // sign-ins beside this one
	Problem string
}

// account is what somebody can do about their own sign-in.
func (s *Console) account(c *gin.Context, session routing.Session, user routing.User) error {
	if to := s.unfinished(session, user); to != "" {
		return &unfinishedError{to}
	}
	return s.showAccount(c, http.StatusOK, user, "")
}

func (s *Console) showAccount(c *gin.Context, status int, user routing.User, problem string) error {
	n, err := s.Store.SessionsOf(c.Request.Context(), user.ID)
	if err != nil {
		return err
	}
	s.render(c, status, "account", page{Title: "console.account.title", Actor: user.Actor(), Section: "account",
		Data: accountView{Name: user.Name, Second: user.Secret != "", Left: len(user.Recovery), Others: max(0, n-1), Problem: problem}})
	return nil
}

type passwordView struct {
	Name    string
	Next    string
	Initial bool
	Problem string
	Least   int
}

func (s *Console) passwordPage(c *gin.Context, session routing.Session, user routing.User) error {
	if to := s.unfinished(session, user); to != "" && to != passwordPath {
		return &unfinishedError{to}
	}
	s.showPassword(c, http.StatusOK, user, inside(c.Query("next")), "")
	return nil
}

func (s *Console) showPassword(c *gin.Context, status int, user routing.User, next, problem string) {
	p := page{Title: "console.password.title", Data: passwordView{user.Name, next, user.Initial, problem, MinPassword}}
	if !user.Initial {
		p.Actor, p.Section = user.Actor(), "account"
	}
	s.render(c, status, "password", p)
}

// changePassword takes a new password and ends every other sign-in; browsers of before are strangers again.
func (s *Console) changePassword(c *gin.Context, session routing.Session, user routing.User) error {
	if err := readForm(c); err != nil {
		return err
	}
	if to := s.unfinished(session, user); to != "" && to != passwordPath {
		return &unfinishedError{to}
	}
	ctx, next, fresh := c.Request.Context(), inside(c.PostForm("next")), c.PostForm("new")
	refuse := func(key string) error {
		s.showPassword(c, http.StatusUnprocessableEntity, user, next, s.text(key, "least", MinPassword, "most", MaxPassword))
		return nil
	}
	right, err := s.again(c, user, c.PostForm("password"))
	if err != nil {
		return err
	}
	switch weak := WeakPassword(user.Name, fresh); {
	case !right:
		return refuse("console.password.old_wrong")
	case weak != "":
		return refuse(weak)
	case fresh != c.PostForm("repeat"):
		return refuse("console.password.differ")
	case fresh == c.PostForm("password"):
		return refuse("console.password.same")
	}
	hash, err := HashPassword(fresh)
	if err != nil {
		return err
	}
	err = s.alone(c, user, session.Second, func(tx routing.Tx) error {
		now, err := tx.User(ctx, user.ID)
		if err != nil {
			return err
		}
		now.Hash, now.Initial = hash, false
		return tx.UpdateUser(ctx, now)
	})
	if err != nil {
		return fmt.Errorf("change password of user %s: %w", user.ID, err)
	}
	s.Logger.Info("password changed", "user_id", user.ID)
	c.Redirect(http.StatusSeeOther, next)
	return nil
}

// again checks the password of somebody who has signed in already, before what a passer-by at their screen must not do.
func (s *Console) again(c *gin.Context, user routing.User, password string) (bool, error) {
	ctx := c.Request.Context()
	keys := []guesser{{"again/" + user.ID, s.MaxFailures}}
	open, err := s.guess(ctx, keys)
	if err != nil || !open {
		return false, err
	}
	right, err := s.check(ctx, user.Hash, password)
	if err != nil {
		return false, fmt.Errorf("check password of user %s: %w", user.ID, err)
	}
	if !right {
		return false, nil
	}
	return true, s.settle(ctx, keys)
}

// alone ends every sign-in of the user, makes every browser a stranger, and signs in anew with this one. change is in the same transaction.
func (s *Console) alone(c *gin.Context, user routing.User, second bool, change func(tx routing.Tx) error) error {
	ctx := c.Request.Context()
	err := s.Store.Update(ctx, func(tx routing.Tx) error {
		if err := tx.DeleteSessionsOf(ctx, user.ID); err != nil {
			return err
		}
		if err := tx.DeleteBrowsersOf(ctx, user.ID); err != nil {
			return err
		}
		return change(tx)
	})
	if err != nil {
		return err
	}
	return s.open(c, user, second)
}

// endOthers ends every sign-in of the user but this one.
func (s *Console) endOthers(c *gin.Context, session routing.Session, user routing.User) error {
	if to := s.unfinished(session, user); to != "" {
		return &unfinishedError{to}
	}
	if err := s.alone(c, user, session.Second, func(routing.Tx) error { return nil }); err != nil {
		return fmt.Errorf("end sign-ins of user %s: %w", user.ID, err)
	}
	s.Logger.Info("other sign-ins ended", "user_id", user.ID)
	c.Redirect(http.StatusSeeOther, accountPath)
	return nil
}
