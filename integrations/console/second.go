package console

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"html/template"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"jiesu/routing"
)

const (
	secondPath   = "/console/second"
	enrolPath    = "/console/second/new"
	recoveryPath = "/console/second/recovery"

	codeStep      = 30 * time.Second // RFC 6238
	recoveryCodes = 10
	codeLetters   = "abcdefghjkmnpqrstuvwxyz23456789" // none that are taken for another
	codeLength    = 12
)

type secondView struct {
	Next    string
	Problem string
	Left    int // recovery codes
}

// secondPage asks for the code that the telephone shows.
func (s *Console) secondPage(c *gin.Context, session routing.Session, user routing.User) error {
	next := inside(c.Query("next"))
	if user.Secret == "" || session.Second {
		c.Redirect(http.StatusSeeOther, next)
		return nil
	}
	s.render(c, http.StatusOK, "second", page{Title: "console.second.title", Data: secondView{Next: next, Left: len(user.Recovery)}})
	return nil
}

// second takes the code, or a recovery code in its place, and begins the session anew.
func (s *Console) second(c *gin.Context, session routing.Session, user routing.User) error {
	if err := readForm(c); err != nil {
		return err
	}
	next := inside(c.PostForm("next"))
	if user.Secret == "" || session.Second {
		c.Redirect(http.StatusSeeOther, next)
		return nil
	}
	user, good, err := s.useCode(c.Request.Context(), user.ID, c.PostForm("code"))
	if err != nil {
		return err
	}
	if !good {
		s.Logger.Info("second factor refused", "user_id", user.ID)
		s.render(c, http.StatusUnauthorized, "second", page{Title: "console.second.title", Data: secondView{Next: next, Left: len(user.Recovery),
			Problem: s.text("console.second.wrong", "limit", s.MaxFailures, "minutes", int(s.LockFor.Minutes()))}})
		return nil
	}
	if err := s.open(c, user, true); err != nil {
		return err
	}
	s.Logger.Info("second factor shown", "user_id", user.ID, "recovery_codes_left", len(user.Recovery))
	c.Redirect(http.StatusSeeOther, next)
	return nil
}

// useCode says whether the code is good, and uses it up. Only who has the password gets here, so that wrong codes may be counted for the account.
func (s *Console) useCode(ctx context.Context, userID, code string) (user routing.User, good bool, err error) {
	code = strings.ToLower(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\t' || r == '　' {
			return -1
		}
		return r
	}, code))
	err = s.Store.Update(ctx, func(tx routing.Tx) error {
		now := s.Now()
		open, err := tx.Guess(ctx, "code/"+userID, s.MaxFailures, now, now.Add(s.LockFor)) // first: two at once with one code wait for each other here
		if err != nil {
			return err
		}
		if user, err = tx.User(ctx, userID); err != nil {
			return err
		}
		good = open && takeCode(&user, code, now)
		if !good {
			return nil
		}
		if err := tx.UpdateUser(ctx, user); err != nil {
			return err
		}
		return tx.DeleteGuesses(ctx, "code/"+userID)
	})
	if err != nil {
		return user, false, fmt.Errorf("check second factor of user %s: %w", userID, err)
	}
	return user, good, nil
}

// takeCode takes a code of the user's telephone that hasn't been taken yet, or a recovery code.
func takeCode(user *routing.User, code string, now time.Time) bool {
	if step, ok := codeAt(user.Secret, code, now, user.Step); ok {
		user.Step = step
		return true
	}
	i := slices.Index(user.Recovery, digest(user.ID+code))
	if i < 0 || len(code) != codeLength {
		return false
	}
	user.Recovery = slices.Delete(user.Recovery, i, i+1)
	return true
}

// codeAt finds the time step after the last one that the code belongs to: this one or a neighbour, since clocks differ.
func codeAt(secret, code string, now time.Time, last int64) (int64, bool) {
	for _, by := range []time.Duration{0, -codeStep, codeStep} {
		t := now.Add(by)
		step := t.Unix() / int64(codeStep.Seconds())
		ok, err := totp.ValidateCustom(code, secret, t, totp.ValidateOpts{Period: uint(codeStep.Seconds()), Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && ok && step > last {
			return step, true
		}
	}
	return 0, false
}

// stale reports whether the password is to be given again before a telephone is set up: there is one already, or the sign-in isn't fresh. With a browser that was
// left open, or a token that was stolen, nobody sets up their own.
func (s *Console) stale(session routing.Session, user routing.User) bool {
	return user.Secret != "" || s.Now().Sub(session.CreatedAt) > codeTime
}

type enrolView struct {
	Name    string
	Next    string
	Image   template.URL // of the code that a telephone scans
	Secret  string       // in groups, to be typed
	Again   bool         // the password is asked for once more
	Problem string
}

// enrolPage shows a fresh secret for the user's telephone. It is kept with the session until a code of it has been shown.
func (s *Console) enrolPage(c *gin.Context, session routing.Session, user routing.User) error {
	if to := s.unfinished(session, user); to != "" && to != enrolPath {
		return &unfinishedError{to}
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: s.Wording.Text("console.brand"), AccountName: user.Name})
	if err != nil {
		return fmt.Errorf("make a secret for codes: %w", err)
	}
	session.Secret = key.Secret()
	if err := s.Store.Update(c.Request.Context(), func(tx routing.Tx) error { return tx.UpdateSession(c.Request.Context(), session) }); err != nil {
		return fmt.Errorf("keep a secret for codes: %w", err)
	}
	return s.showEnrol(c, http.StatusOK, session, user, inside(c.Query("next")), "")
}

func (s *Console) showEnrol(c *gin.Context, status int, session routing.Session, user routing.User, next, problem string) error {
	key, err := otp.NewKeyFromURL(fmt.Sprintf("otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=6&period=30", template.URLQueryEscaper(s.Wording.Text("console.brand")),
		template.URLQueryEscaper(user.Name), session.Secret, template.URLQueryEscaper(s.Wording.Text("console.brand"))))
	if err != nil {
		return fmt.Errorf("address of a secret for codes: %w", err)
	}
	picture, err := key.Image(240, 240)
	if err != nil {
		return fmt.Errorf("draw a secret for codes: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return fmt.Errorf("draw a secret for codes: %w", err)
	}
	var groups []string
	for g := range slices.Chunk([]byte(session.Secret), 4) {
		groups = append(groups, string(g))
	}
	s.render(c, status, "enrol", page{Title: "console.enrol.title", Data: enrolView{Name: user.Name, Next: next, Secret: strings.Join(groups, " "), Again: s.stale(session, user), Problem: problem,
		Image: template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()))}}) // #nosec G203 -- drawn by us a line above
	return nil
}

// enrol takes the first code of the user's telephone, and shows the recovery codes once.
func (s *Console) enrol(c *gin.Context, session routing.Session, user routing.User) error {
	if err := readForm(c); err != nil {
		return err
	}
	if to := s.unfinished(session, user); to != "" && to != enrolPath {
		return &unfinishedError{to}
	}
	ctx, next := c.Request.Context(), inside(c.PostForm("next"))
	if session.Secret == "" {
		c.Redirect(http.StatusSeeOther, enrolPath)
		return nil
	}
	if s.stale(session, user) {
		right, err := s.again(c, user, c.PostForm("password"))
		if err != nil {
			return err
		}
		if !right {
			return s.showEnrol(c, http.StatusUnprocessableEntity, session, user, next, s.Wording.Text("console.password.old_wrong"))
		}
	}
	step, good := codeAt(session.Secret, strings.ReplaceAll(strings.TrimSpace(c.PostForm("code")), " ", ""), s.Now(), 0)
	if !good {
		return s.showEnrol(c, http.StatusUnprocessableEntity, session, user, next, s.Wording.Text("console.enrol.wrong"))
	}
	codes, hashes := newRecovery(user.ID)
	err := s.Store.Update(ctx, func(tx routing.Tx) error {
		var err error
		if user, err = tx.User(ctx, user.ID); err != nil {
			return err
		}
		user.Secret, user.Step, user.Recovery = session.Secret, step, hashes
		if err := tx.DeleteSessionsOf(ctx, user.ID); err != nil { // those that showed none, or another
			return err
		}
		return tx.UpdateUser(ctx, user)
	})
	if err != nil {
		return fmt.Errorf("set up second factor of user %s: %w", user.ID, err)
	}
	if err := s.open(c, user, true); err != nil {
		return err
	}
	s.Logger.Info("second factor set up", "user_id", user.ID)
	s.showRecovery(c, user, codes, next)
	return nil
}

type recoveryView struct {
	Codes []string
	Next  string
}

func (s *Console) showRecovery(c *gin.Context, user routing.User, codes []string, next string) {
	s.render(c, http.StatusOK, "recovery", page{Title: "console.recovery.title", Actor: user.Actor(), Data: recoveryView{codes, next}})
}

// recovery makes the recovery codes anew; those of before are worthless.
func (s *Console) recovery(c *gin.Context, session routing.Session, user routing.User) error {
	if err := readForm(c); err != nil {
		return err
	}
	if to := s.unfinished(session, user); to != "" {
		return &unfinishedError{to}
	}
	if user.Secret == "" {
		return routing.ErrNotFound
	}
	ctx := c.Request.Context()
	right, err := s.again(c, user, c.PostForm("password"))
	if err != nil {
		return err
	}
	if !right {
		return s.showAccount(c, http.StatusUnprocessableEntity, user, s.Wording.Text("console.password.old_wrong"))
	}
	codes, hashes := newRecovery(user.ID)
	err = s.Store.Update(ctx, func(tx routing.Tx) error {
		u, err := tx.User(ctx, user.ID)
		if err != nil {
			return err
		}
		u.Recovery = hashes
		return tx.UpdateUser(ctx, u)
	})
	if err != nil {
		return fmt.Errorf("make recovery codes of user %s: %w", user.ID, err)
	}
	s.Logger.Info("recovery codes made", "user_id", user.ID)
	s.showRecovery(c, user, codes, accountPath)
	return nil
}

// newRecovery makes codes and what is stored of them. Each has 59 bits, so that a plain hash tells nothing.
func newRecovery(userID string) (codes, hashes []string) {
	for range recoveryCodes {
		code := make([]byte, codeLength)
		for i := range code {
			code[i] = codeLetters[anyOf(len(codeLetters))]
		}
		hashes = append(hashes, digest(userID+string(code)))
		codes = append(codes, fmt.Sprintf("%s-%s-%s", code[:4], code[4:8], code[8:]))
	}
	return codes, hashes
}

// anyOf is a random number below n, each as likely as the others; n is at most 256.
func anyOf(n int) int {
	for {
		var b [1]byte
		_, _ = rand.Read(b[:]) // never fails since Go 1.24
		if int(b[0]) < 256-256%n {
			return int(b[0]) % n
		}
	}
}
