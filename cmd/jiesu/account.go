package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"jiesu/configs"
	"jiesu/integrations/console"
	"jiesu/integrations/openapi"
	"jiesu/routing"
)

// who is what user create and key create have in common.
type who struct {
	Role string `required:"" enum:"operator,unit,office,admin" help:"operator, unit, office or admin."`
	Unit string `help:"Lead unit id (as in the plan), for role unit."`
	Name string `required:"" help:"Name; one signs in with it."`
}

func (w who) check() error {
	plan, err := loadPlan()
	if err != nil {
		return err
	}
	_, known := plan.UnitByID[w.Unit]
	switch {
	case w.Role == string(routing.RoleUnit) && !known:
		return fmt.Errorf("--unit must be a lead unit of the plan, e.g. finance; got %q", w.Unit)
	case w.Role != string(routing.RoleUnit) && w.Unit != "":
		return errors.New("--unit goes with --role unit only")
	case strings.TrimSpace(w.Name) == "":
		return errors.New("--name must not be empty")
	}
	return nil
}

type userCommand struct {
	Create userCreate `cmd:"" help:"Make an account; the password is read from standard input."`
}

type userCreate struct{ who }

// minPassword is the shortest password taken, in characters (NIST SP 800-63B asks for at least eight).
const minPassword = 8

// Run implements the command.
func (u userCreate) Run(ctx context.Context, w world, load loader) error {
	if err := u.check(); err != nil {
		return err
	}
	line, err := bufio.NewReader(w.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) { // the line may end with the input
		return fmt.Errorf("read the password from standard input: %w", err)
	}
	password := strings.TrimRight(line, "\r\n")
	if utf8.RuneCountInString(password) < minPassword {
		return fmt.Errorf("the password, read from standard input, needs at least %d characters", minPassword)
	}
	hash, err := console.HashPassword(password)
	if err != nil {
		return err
	}
	user := routing.User{ID: routing.NewID(), Name: u.Name, Role: routing.Role(u.Role), Unit: u.Unit, Hash: hash, CreatedAt: clock()}
	err = withStore(ctx, w, load, func(st routing.Store) error {
		return st.Update(ctx, func(tx routing.Tx) error { return tx.InsertUser(ctx, user) })
	})
	if errors.Is(err, routing.ErrExists) {
		return fmt.Errorf("there is an account named %q already", u.Name)
	}
	if err != nil {
		return fmt.Errorf("create user: %w", err)
	}
	_, err = fmt.Fprintf(w.stderr, "account %s (%s) created\n", u.Name, u.Role)
	return err
}

type keyCommand struct {
	Create keyCreate `cmd:"" help:"Make an API key and print it, once, on standard output."`
}

type keyCreate struct{ who }

// Run implements the command.
func (k keyCreate) Run(ctx context.Context, w world, load loader) error {
	if err := k.check(); err != nil {
		return err
	}
	plain, hash := openapi.NewKey()
	key := routing.APIKey{ID: routing.NewID(), Name: k.Name, Role: routing.Role(k.Role), Unit: k.Unit, Hash: hash, CreatedAt: clock()}
	err := withStore(ctx, w, load, func(st routing.Store) error {
		return st.Update(ctx, func(tx routing.Tx) error { return tx.InsertAPIKey(ctx, key) })
	})
	if err != nil {
		return fmt.Errorf("create key: %w", err)
	}
	_, err = fmt.Fprintln(w.stdout, plain)
	return err
}

// withStore opens the database, brings it to this version and runs fn on it.
func withStore(ctx context.Context, w world, load loader, fn func(routing.Store) error) error {
	cfg, err := load(configs.ModeServe)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, cfg, newLogger(w.stderr, cfg.Log))
	if err != nil {
		return err
	}
	return errors.Join(fn(db.store), db.Close())
}
