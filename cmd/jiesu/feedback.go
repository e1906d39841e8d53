package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"jiesu/classifier/train"
	"jiesu/routing"
)

// feedbackCommand writes what people decided otherwise than the classifier as rows for `jiesu train --feedback`. Names and telephone
// numbers are blanked; what else a complaint tells of a person is the office's to check before the file leaves the house.
type feedbackCommand struct {
	Out string `required:"" type:"path" help:"JSON Lines file to write."`
}

// Run implements the command.
func (f feedbackCommand) Run(ctx context.Context, w world, load loader) error {
	plan, err := loadPlan()
	if err != nil {
		return err
	}
	rows := 0
	err = withDatabase(ctx, w, load, func(db *database) error {
		desk := routing.NewDesk(db.store, plan, routing.NewMemory(clock), clock)
		return writeFile(f.Out, func(out io.Writer) error {
			enc := json.NewEncoder(out)
			enc.SetEscapeHTML(false)
			return desk.Corrections(ctx, func(c routing.Correction) error {
				rows++
				return enc.Encode(train.Row{Text: c.Text, Item: c.Item, Unit: c.Unit, District: c.District, Style: "feedback"})
			})
		})
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.stderr, "%d corrections written to %s\n", rows, f.Out)
	return err
}
