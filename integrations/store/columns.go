package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"
)

// at is a time as it is stored: UTC milliseconds, 0 for the zero time.
func at(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// when reads what at has stored.
type when struct{ to *time.Time }

// Scan implements sql.Scanner.
func (w when) Scan(src any) error {
	ms, ok := src.(int64)
	if !ok {
		return fmt.Errorf("time column holds %T", src)
	}
	*w.to = time.Time{}
	if ms != 0 {
		*w.to = time.UnixMilli(ms).UTC()
	}
	return nil
}

// asJSON is a column of JSON text: a value to write, or a pointer to read into.
type asJSON struct{ v any }

// Value implements driver.Valuer.
func (j asJSON) Value() (driver.Value, error) {
	b, err := json.Marshal(j.v)
	return string(b), err
}

// Scan implements sql.Scanner.
func (j asJSON) Scan(src any) error {
	text, err := textOf(src)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), j.v)
}

// sealed is a column of personal data: a value to write or a pointer to read into, of string type or, as JSON, any other.
type sealed struct {
	vault  *vault
	column string
	v      any
}

// Value implements driver.Valuer.
func (s sealed) Value() (driver.Value, error) {
	if text, ok := s.v.(string); ok {
		return s.vault.seal(s.column, text), nil
	}
	b, err := json.Marshal(s.v)
	return s.vault.seal(s.column, string(b)), err
}

// Scan implements sql.Scanner.
func (s sealed) Scan(src any) error {
	text, err := textOf(src)
	if err != nil {
		return err
	}
	plain, err := s.vault.open(s.column, text)
	if err != nil {
		return err
	}
	if to, ok := s.v.(*string); ok {
		*to = plain
		return nil
	}
	return json.Unmarshal([]byte(plain), s.v)
}

func textOf(src any) (string, error) {
	switch v := src.(type) {
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	}
	return "", fmt.Errorf("text column holds %T", src)
}
