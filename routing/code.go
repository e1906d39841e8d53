package routing

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Code is six digits that prove that somebody holds a telephone, or was told of a case on it (验证码、绑定码).
type Code struct {
	ID            string // also of the notice that carries it, when it is sent
	Kind          CodeKind
	Digits        string
	Phone         string // where it is sent; "" when it is read out
	CaseNumber    string // CodeCase
	ComplainantID string // CodePhone: who wants to be known by the number
	CreatedAt     time.Time
	ExpiresAt     time.Time
	UsedAt        time.Time // zero: not yet
}

// CodeKind is what a code is for.
type CodeKind string

// The kinds of code.
const (
	CodeCase  CodeKind = "case"  // gives a caller's case to the WeChat user who types it
	CodePhone CodeKind = "phone" // makes a WeChat user known by a number
)

// Limits of codes. A guess has one chance in a million for each live code, and few are allowed.
const (
	codeLife    = 30 * time.Minute
	codeGuesses = 5 // of one WeChat user in an hour
	codesSent   = 5 // to one number in a day
	codeDraws   = 10
)

// TooManyError: no more for now. After is when it is worth another try.
type TooManyError struct{ After time.Duration }

func (e *TooManyError) Error() string { return "too many tries for now" }

// digits draws six.
func digits() string {
	n, _ := rand.Int(rand.Reader, big.NewInt(1_000_000)) // never fails since Go 1.24
	return fmt.Sprintf("%06d", n)
}

// CaseCode makes a code for a case that somebody telephoned about. With send it goes to the number of the case by SMS, else an operator reads it out. Errors:
// ErrForbidden, ErrNotFound; *InvalidError: the case belongs to a WeChat user already, or has no number to send to; *TooManyError.
func (d *Desk) CaseCode(ctx context.Context, actor Actor, number string, send bool) (code Code, err error) {
	if !actor.May(DeedServe) {
		return code, ErrForbidden
	}
	err = d.store.Update(ctx, func(tx Tx) error {
		c, err := tx.Case(ctx, number)
		if err != nil {
			return err
		}
		if !actor.CanSee(c) {
			return ErrNotFound
		}
		owner, err := tx.Complainant(ctx, c.ComplainantID)
		if err != nil {
			return fmt.Errorf("load complainant: %w", err)
		}
		if owner.OpenID != "" {
			return invalid("code", "error.code_bound")
		}
		code = Code{Kind: CodeCase, CaseNumber: c.Number}
		if send {
			phone, mobile := MobilePhone(c.Contact.Phone)
			if !mobile {
				return invalid("code", "error.code_no_mobile")
			}
			code.Phone = phone
		}
		return d.issue(ctx, tx, &code, c.ComplainantID)
	})
	return code, err
}

// PhoneCodeIn sends a code to a number by which a WeChat user wants to be known. Errors: *InvalidError: no mobile number; *TooManyError.
func (d *Desk) PhoneCodeIn(ctx context.Context, tx Tx, complainantID, phone string) error {
	mobile, ok := MobilePhone(phone)
	if !ok {
		return invalid("phone", "error.code_no_mobile")
	}
	return d.issue(ctx, tx, &Code{Kind: CodePhone, Phone: mobile, ComplainantID: complainantID}, complainantID)
}

// issue draws the digits, keeps the code and has it sent if it has a number.
func (d *Desk) issue(ctx context.Context, tx Tx, code *Code, complainantID string) error {
	now := d.now()
	code.ID, code.CreatedAt, code.ExpiresAt = NewID(), now, now.Add(codeLife)
	if code.Phone != "" {
		sent, err := tx.CodesSent(ctx, code.Phone, now.Add(-24*time.Hour))
		if err != nil {
			return fmt.Errorf("count codes: %w", err)
		}
		if sent >= codesSent {
			return &TooManyError{After: 24 * time.Hour}
		}
	}
	for range codeDraws { // two live codes are never the same
		code.Digits = digits()
		_, err := tx.LiveCode(ctx, code.Digits, now)
		if errors.Is(err, ErrNotFound) {
			if err := tx.InsertCode(ctx, *code); err != nil {
				return err
			}
			if code.Phone == "" {
				return nil
			}
			return d.post(ctx, tx, Notice{ID: code.ID, Kind: NoticeCode, ComplainantID: complainantID, State: NoticePending, CreatedAt: now})
		}
		if err != nil {
			return fmt.Errorf("look whether the digits are free: %w", err)
		}
	}
	return &TooManyError{After: codeLife}
}

// Redeemed is what a code gave to the WeChat user who typed it.
type Redeemed struct {
	Kind  CodeKind
	Case  string // CodeCase
	Phone string // CodePhone, masked
	Cases int    // CodePhone: how many cases came with the number
}

// RedeemIn takes six digits that a WeChat user typed. Errors: ErrNotFound: no live code of theirs, or of a case, has them; ErrForbidden: the case belongs to another
// WeChat user by now; *TooManyError: they have guessed too often.
func (d *Desk) RedeemIn(ctx context.Context, tx Tx, complainantID, typed string) (r Redeemed, err error) {
	within, err := d.live.Allow(ctx, "code:"+complainantID, codeGuesses, time.Hour)
	if err == nil && !within { // without a counter few codes live, and they live briefly
		return r, &TooManyError{After: time.Hour}
	}
	now := d.now()
	code, err := tx.LiveCode(ctx, typed, now)
	if err != nil {
		return r, err
	}
	if code.Kind == CodePhone && code.ComplainantID != complainantID {
		return r, ErrNotFound
	}
	code.UsedAt = now
	if err := tx.UseCode(ctx, code); err != nil {
		return r, err
	}
	r.Kind = code.Kind
	if code.Kind == CodePhone {
		r.Phone = MaskPhone(code.Phone)
		r.Cases, err = d.bindPhone(ctx, tx, complainantID, code.Phone)
		return r, err
	}
	c, err := tx.Case(ctx, code.CaseNumber)
	if err != nil {
		return r, err
	}
	r.Case = c.Number
	_, err = d.BindIn(ctx, tx, c.Token, complainantID)
	return r, err
}

// bindPhone makes a WeChat user known by a number that they hold, and gives them what was filed under it by telephone.
func (d *Desk) bindPhone(ctx context.Context, tx Tx, complainantID, phone string) (cases int, err error) {
	if err := tx.LockPhone(ctx, phone); err != nil {
		return 0, err
	}
	who, err := tx.Complainant(ctx, complainantID)
	if err != nil {
		return 0, fmt.Errorf("load complainant: %w", err)
	}
	for {
		other, err := tx.ComplainantByPhone(ctx, phone)
		if errors.Is(err, ErrNotFound) || err == nil && other.ID == who.ID { // theirs already: proven anew
			break
		}
		if err != nil {
			return 0, fmt.Errorf("look who has the number: %w", err)
		}
		if other.OpenID == "" {
			n, err := d.moveCases(ctx, tx, other.ID, who)
			if err != nil {
				return 0, err
			}
			cases += n
		}
		other.Phone, other.Proven = "", false // a number is one person's; who had it as a WeChat user keeps their cases
		if err := tx.UpdateComplainant(ctx, other); err != nil {
			return 0, fmt.Errorf("take the number from who had it: %w", err)
		}
	}
	who.Phone, who.Proven = phone, true
	if err := tx.UpdateComplainant(ctx, who); err != nil {
		return 0, fmt.Errorf("note the number: %w", err)
	}
	return cases, nil
}

// moveCases gives the cases of a caller to the WeChat user who turns out to be them.
func (d *Desk) moveCases(ctx context.Context, tx Tx, from string, to Complainant) (n int, err error) {
	q := Query{Visible: System(), ComplainantID: from, Limit: 200}
	for {
		cases, _, err := tx.Cases(ctx, q) // each leaves the list as it is moved
		if err != nil {
			return n, fmt.Errorf("list cases of the number: %w", err)
		}
		for _, c := range cases {
			if _, err := d.BindIn(ctx, tx, c.Token, to.ID); err != nil {
				return n, fmt.Errorf("move case %s: %w", c.Number, err)
			}
			n++
		}
		if len(cases) < q.Limit {
			return n, nil
		}
	}
}

// CodeOf is the code that a notice carries. Error: ErrNotFound: there is none, or it is spent.
func (d *Desk) CodeOf(ctx context.Context, noticeID string) (Code, error) {
	c, err := d.store.CodeByID(ctx, noticeID)
	if err == nil && (!c.UsedAt.IsZero() || !d.now().Before(c.ExpiresAt)) {
		return Code{}, ErrNotFound
	}
	return c, err
}
