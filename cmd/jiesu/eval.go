package main

import (
	"encoding/json"
	"fmt"

	"jiesu/classifier/train"
)

// evalCommand measures a model on labelled texts. Texts that it was trained on flatter it.
type evalCommand struct {
	Model string `type:"existingfile" help:"Model file; default: the one built in."`
	In    string `required:"" type:"path" help:"A label<TAB>text file (.tsv), a corpus file (.jsonl) or a folder of them."`
	JSON  bool   `name:"json" help:"Print the report as JSON."`
	HTML  string `name:"html" type:"path" help:"Also write the report as a page with charts to this file."`
}

// Run implements the command.
func (c evalCommand) Run(w world) error {
	tax, err := loadTaxonomy()
	if err != nil {
		return err
	}
	model, err := loadModel(c.Model)
	if err != nil {
		return err
	}
	rows, err := train.ReadPath(c.In, tax)
	if err != nil {
		return fmt.Errorf("read texts: %w", err)
	}
	made := model.Figures()
	if _, err := fmt.Fprintf(w.stderr, "model %s; on %d held-out texts when it was made: category %.1f %%, item %.1f %%, unit %.1f %%\n",
		model.Version(), made.Rows, 100*made.Category, 100*made.Item, 100*made.Unit); err != nil {
		return err
	}
	report := train.Evaluate(model, rows, tax)
	if c.HTML != "" {
		if err := writeFile(c.HTML, report.HTML); err != nil {
			return err
		}
	}
	if c.JSON {
		enc := json.NewEncoder(w.stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(report); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
		return nil
	}
	return report.Print(w.stdout)
}
