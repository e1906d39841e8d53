package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

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
	Create   userCreate   `cmd:"" help:"Make an account; the password is read from standard input."`
	Password userPassword `cmd:"" help:"Give an account another password, read from standard input, and end its sign-ins."`
	Phone    userPhone    `cmd:"" help:"Say at which extension somebody answers the telephone."`
	Link     userLink     `cmd:"" help:"Tie an account to one at the provider of staff's accounts (oidc in the configuration). It has no password here any more, until user password gives it one."`
	Second   userSecond   `cmd:"" help:"Take a lost telephone off an account; its owner sets up another one."`
}

type userCreate struct {
	who
	Extension string `help:"Extension at which they answer the telephone, for calls to open on their screen."`
}

// Run implements the command.
func (u userCreate) Run(ctx context.Context, w world, load loader) error {
	if err := u.check(); err != nil {
		return err
	}
	hash, err := readPassword(w, u.Name)
	if err != nil {
		return err
	}
	user := routing.User{ID: routing.NewID(), Name: u.Name, Role: routing.Role(u.Role), Unit: u.Unit, Extension: u.Extension, Hash: hash, Initial: true, CreatedAt: clock()}
	err = withStore(ctx, w, load, func(st routing.Store) error {
		return st.Update(ctx, func(tx routing.Tx) error { return tx.InsertUser(ctx, user) })
	})
	if errors.Is(err, routing.ErrExists) {
		return fmt.Errorf("there is an account named %q already", u.Name)
	}
	if err != nil {
		return fmt.Errorf("create user: %w", err)
	}
	_, err = fmt.Fprintf(w.stderr, "account %s (%s) created; its owner chooses another password at the first sign-in\n", u.Name, u.Role)
	return err
}

// readPassword reads a password for the account from standard input and returns its hash.
func readPassword(w world, name string) (string, error) {
	line, err := bufio.NewReader(w.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) { // the line may end with the input
		return "", fmt.Errorf("read the password from standard input: %w", err)
	}
	password := strings.TrimRight(line, "\r\n")
	if console.WeakPassword(name, password) != "" {
		return "", fmt.Errorf("the password, read from standard input, needs at least %d characters and must not be one that is guessed first", console.MinPassword)
	}
	return console.HashPassword(password)
}

// changeUser changes an account.
func changeUser(ctx context.Context, w world, load loader, name string, change func(ctx context.Context, tx routing.Tx, u *routing.User) error) error {
	err := withStore(ctx, w, load, func(st routing.Store) error {
		return st.Update(ctx, func(tx routing.Tx) error {
			u, err := tx.UserByName(ctx, name)
			if err != nil {
				return err
			}
			if err := change(ctx, tx, &u); err != nil {
				return err
			}
			return tx.UpdateUser(ctx, u)
		})
	})
	switch {
	case errors.Is(err, routing.ErrNotFound):
		return fmt.Errorf("there is no account named %q", name)
	case err != nil:
		return fmt.Errorf("change account: %w", err)
	}
	_, err = fmt.Fprintf(w.stderr, "account %s changed\n", name)
	return err
}

type userPassword struct {
	Name string `required:"" help:"Account."`
}

// Run implements the command.
func (u userPassword) Run(ctx context.Context, w world, load loader) error {
	hash, err := readPassword(w, u.Name)
	if err != nil {
		return err
	}
	return changeUser(ctx, w, load, u.Name, func(ctx context.Context, tx routing.Tx, user *routing.User) error {
		user.Hash, user.Initial = hash, true
		return errors.Join(tx.DeleteSessionsOf(ctx, user.ID), tx.DeleteBrowsersOf(ctx, user.ID))
	})
}

type userLink struct {
	Name    string `required:"" help:"Account."`
	Subject string `required:"" help:"The account's sub there; empty: none."`
}

// Run implements the command.
func (u userLink) Run(ctx context.Context, w world, load loader) error {
	cfg, err := load(configs.ModeServe)
	if err != nil {
		return err
	}
	subject := strings.TrimSpace(u.Subject)
	if subject != "" && cfg.OIDC.Issuer == "" {
		return errors.New("oidc.issuer isn't set: there is nothing to tie accounts to")
	}
	if subject != "" {
		subject = cfg.OIDC.Issuer + " " + subject
	}
	err = changeUser(ctx, w, load, u.Name, func(ctx context.Context, tx routing.Tx, user *routing.User) error {
		user.Subject = subject
		if subject != "" {
			user.Hash, user.Initial = console.NoPassword(), false
		}
		return tx.DeleteSessionsOf(ctx, user.ID)
	})
	if errors.Is(err, routing.ErrExists) {
		return fmt.Errorf("another account is tied to %q already", u.Subject)
	}
	return err
}

type userSecond struct {
	Name string `required:"" help:"Account."`
}

// Run implements the command.
func (u userSecond) Run(ctx context.Context, w world, load loader) error {
	return changeUser(ctx, w, load, u.Name, func(ctx context.Context, tx routing.Tx, user *routing.User) error {
		user.Secret, user.Step, user.Recovery = "", 0, nil
		return errors.Join(tx.DeleteSessionsOf(ctx, user.ID), tx.DeleteBrowsersOf(ctx, user.ID))
	})
}

type userPhone struct {
	Name      string `required:"" help:"Account."`
	Extension string `required:"" help:"Extension; empty: none."`
}

// Run implements the command.
func (u userPhone) Run(ctx context.Context, w world, load loader) error {
	return changeUser(ctx, w, load, u.Name, func(_ context.Context, _ routing.Tx, user *routing.User) error {
		user.Extension = strings.TrimSpace(u.Extension)
		return nil
	})
}

type keyCommand struct {
	Create keyCreate `cmd:"" help:"Make an API key and print it, once, on standard output."`
	List   keyList   `cmd:"" help:"List the keys, without what they are."`
	Revoke keyRevoke `cmd:"" help:"Make a key worthless."`
}

type keyCreate struct {
	who
	Scope   []string      `help:"Narrow the key to a part of what its role may: read, file, act, calls, webhooks; default: all." enum:"read,file,act,calls,webhooks" sep:","`
	Expires time.Duration `help:"How long it is good, like 2160h; default: for ever."`
}

// Run implements the command.
func (k keyCreate) Run(ctx context.Context, w world, load loader) error {
	if err := k.check(); err != nil {
		return err
	}
	if k.Expires < 0 {
		return errors.New("--expires must lie ahead")
	}
	plain, hash := openapi.NewKey()
	key := routing.APIKey{ID: routing.NewID(), Name: k.Name, Role: routing.Role(k.Role), Unit: k.Unit, Hash: hash, CreatedAt: clock()}
	for _, s := range k.Scope {
		key.Scopes = append(key.Scopes, routing.Scope(s))
	}
	if k.Expires > 0 {
		key.ExpiresAt = key.CreatedAt.Add(k.Expires)
	}
	err := withStore(ctx, w, load, func(st routing.Store) error {
		return st.Update(ctx, func(tx routing.Tx) error { return tx.InsertAPIKey(ctx, key) })
	})
	if err != nil {
		return fmt.Errorf("create key: %w", err)
	}
	_, err = fmt.Fprintln(w.stdout, plain)
	return err
}

type keyList struct{}

// Run implements the command.
func (keyList) Run(ctx context.Context, w world, load loader) error {
	return withStore(ctx, w, load, func(st routing.Store) error {
		keys, err := st.APIKeys(ctx)
		if err != nil {
			return err
		}
		out := tabwriter.NewWriter(w.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(out, "ID\tNAME\tROLE\tUNIT\tSCOPES\tMADE\tEXPIRES\tUSED\tSTATE") //nolint:errcheck // Flush tells
		for _, k := range keys {
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Name, k.Role, k.Unit, scopesOf(k), dayOf(k.CreatedAt), dayOf(k.ExpiresAt), dayOf(k.UsedAt), stateOf(k)) //nolint:errcheck // Flush tells
		}
		return out.Flush()
	})
}

func scopesOf(k routing.APIKey) string {
	if len(k.Scopes) == 0 {
		return "all"
	}
	var list []string
	for _, s := range k.Scopes {
		list = append(list, string(s))
	}
	return strings.Join(list, ",")
}

func dayOf(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(routing.Beijing()).Format(time.DateOnly)
}

func stateOf(k routing.APIKey) string {
	switch {
	case !k.RevokedAt.IsZero():
		return "revoked"
	case !k.Good(clock()):
		return "expired"
	}
	return "good"
}

type keyRevoke struct {
	ID string `arg:"" help:"Its id, as key list shows it."`
}

// Run implements the command.
func (k keyRevoke) Run(ctx context.Context, w world, load loader) error {
	err := withStore(ctx, w, load, func(st routing.Store) error {
		keys, err := st.APIKeys(ctx)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if key.ID == k.ID && key.RevokedAt.IsZero() {
				key.RevokedAt = clock()
				return st.Update(ctx, func(tx routing.Tx) error { return tx.UpdateAPIKey(ctx, key) })
			}
		}
		return fmt.Errorf("there is no good key with the id %q", k.ID)
	})
	if err == nil {
		_, err = fmt.Fprintf(w.stderr, "key %s is worthless now\n", k.ID)
	}
	return err
}

// withStore runs fn on the store, for a command.
func withStore(ctx context.Context, w world, load loader, fn func(routing.Store) error) error {
	return withDatabase(ctx, w, load, func(db *database) error { return fn(db.store) })
}
