package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"jiesu/classifier"
)

// classifyCommand reads texts on standard input and writes judgements on standard output, one line each, in the order of the input.
type classifyCommand struct {
	Model string `help:"Model file; default: the one built in." type:"existingfile"`
}

// maxLine is the longest line of input in bytes: a complaint of 10,000 characters in escaped JSON fits.
const maxLine = 1 << 20

// Run implements the command.
func (c classifyCommand) Run(ctx context.Context, w world) error {
	model, err := loadModel(c.Model)
	if err != nil {
		return err
	}
	in := bufio.NewScanner(w.stdin)
	in.Buffer(make([]byte, 64<<10), maxLine)
	out := bufio.NewWriter(w.stdout)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for n := 1; in.Scan(); n++ {
		if ctx.Err() != nil {
			break
		}
		if strings.TrimSpace(in.Text()) == "" {
			continue
		}
		line, err := readLine(in.Bytes(), n)
		if err != nil {
			return errors.Join(fmt.Errorf("line %d: %w", n, err), out.Flush())
		}
		if err := enc.Encode(classified{line.ID, model.Classify(line.Text)}); err != nil {
			return fmt.Errorf("write result of line %d: %w", n, err)
		}
	}
	return errors.Join(in.Err(), ctx.Err(), out.Flush())
}

type classifyLine struct {
	ID   any    `json:"id"`
	Text string `json:"text"`
}

type classified struct {
	ID any `json:"id"`
	classifier.Result
}

// readLine takes a JSON object or, when the line doesn't begin like one, the line itself as the text under its number.
func readLine(line []byte, n int) (classifyLine, error) {
	text := strings.TrimSpace(string(line))
	if !strings.HasPrefix(text, "{") {
		return classifyLine{ID: strconv.Itoa(n), Text: text}, nil
	}
	var l classifyLine
	if err := json.Unmarshal(line, &l); err != nil {
		return l, fmt.Errorf("not a JSON object with id and text: %w", err)
	}
	if l.ID == nil {
		l.ID = strconv.Itoa(n)
	}
	return l, nil
}

// loadModel reads the model file, or the built-in one when path is empty.
func loadModel(path string) (*classifier.Model, error) {
	tax, err := loadTaxonomy()
	if err != nil {
		return nil, err
	}
	if path == "" {
		return classifier.Embedded(tax)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open model: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	m, err := classifier.Load(io.Reader(f), tax)
	if err != nil {
		return nil, fmt.Errorf("load model %s: %w", path, err)
	}
	return m, nil
}
