package main

import (
	"context"
	"errors"
	"fmt"

	"jiesu/integrations/store"
)

type auditCommand struct {
	Verify auditVerifyCommand `cmd:"" help:"Look at every event, case, problem and seal for what was changed past the program. It writes nothing. Exit code 1: something was found."`
}

type auditVerifyCommand struct {
	Head string `help:"The last seal as an earlier look printed it, kept where nobody who can write to the database can: it must still be among the seals."`
}

// Run implements the command.
func (v auditVerifyCommand) Run(ctx context.Context, w world, load loader) error {
	var report store.AuditReport
	known := true
	err := withDatabase(ctx, w, load, func(db *database) (err error) {
		report, err = db.Audit(ctx, progress(w.stderr, "audit"))
		if err == nil && v.Head != "" {
			known, err = db.HasSeal(ctx, v.Head)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, f := range report.Findings {
		if _, err := fmt.Fprintf(w.stdout, "%s\t%s\n", f.Where, f.What); err != nil {
			return err
		}
	}
	if !known {
		if _, err := fmt.Fprintf(w.stdout, "%s\tthis seal isn't there any more: days were sealed anew\n", v.Head); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(w.stdout, "%d events, %d of them from before chains, %d days sealed, the last seal is %s\n", report.Events, report.Unchained, report.Days, report.Head); err != nil {
		return err
	}
	if len(report.Findings) > 0 || !known {
		return errors.New("the database was changed past the program")
	}
	return nil
}
