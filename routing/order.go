package routing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// OrderField is what a column of a hotline's work orders (12345 工单) says. Its Chinese name is in the catalogue under "order.field.<value>".
type OrderField string

// The fields. Only the text is needed.
const (
	OrderID           OrderField = "external_id"
	OrderReceived     OrderField = "received_at"
	OrderContact      OrderField = "contact_name"
	OrderPhone        OrderField = "phone"
	OrderEnterprise   OrderField = "enterprise"
	OrderTitle        OrderField = "title"
	OrderText         OrderField = "text"
	OrderItem         OrderField = "item"
	OrderUnit         OrderField = "unit"
	OrderDistrict     OrderField = "district"
	OrderUrgency      OrderField = "urgency"
	OrderConfidential OrderField = "confidential"
	OrderRemark       OrderField = "remark"
)

// OrderFields lists the fields in the order of forms.
func OrderFields() []OrderField {
	return []OrderField{OrderID, OrderReceived, OrderContact, OrderPhone, OrderEnterprise, OrderTitle, OrderText, OrderItem, OrderUnit, OrderDistrict,
		OrderUrgency, OrderConfidential, OrderRemark}
}

// OrderRules say what columns and cells of work orders mean.
type OrderRules struct {
	Columns map[OrderField][]string `yaml:"columns"`
	Values  struct {
		Confidential struct {
			Yes []string `yaml:"yes"`
			No  []string `yaml:"no"`
		} `yaml:"confidential"`
		Urgency struct {
			Ordinary []string `yaml:"ordinary"`
			Urgent   []string `yaml:"urgent"`
			Danger   []string `yaml:"danger"`
		} `yaml:"urgency"`
	} `yaml:"values"`
}

// OrderMapping says in which column, counted from 0, each field stands.
type OrderMapping map[OrderField]int

// Guess maps a row of headings as far as they are known; of two columns for one field it takes the one whose name stands first in the rules.
func (r OrderRules) Guess(headings []string) OrderMapping {
	m := OrderMapping{}
	for field, names := range r.Columns {
		best := len(names)
		for i, h := range headings {
			if at := slices.Index(names, heading(h)); at >= 0 && at < best {
				best, m[field] = at, i
			}
		}
	}
	return m
}

// heading is the name of a column without what people put around it.
func heading(s string) string {
	if i := strings.IndexAny(s, "（(["); i > 0 {
		s = s[:i]
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n　*：:\ufeff", r) {
			return -1
		}
		return r
	}, s)
}

// Check refuses a mapping without a text or with a column outside of the sheet. Error: *InvalidError.
func (m OrderMapping) Check(columns int) error {
	if _, ok := m[OrderText]; !ok {
		return invalid(string(OrderText), "error.order_no_text")
	}
	for _, f := range OrderFields() {
		if i, ok := m[f]; ok && (i < 0 || i >= columns) {
			return invalid(string(f), "error.order_column")
		}
		for _, g := range OrderFields() {
			if i, ok := m[f]; ok && g != f {
				if j, also := m[g]; also && i == j {
					return invalid(string(f), "error.order_column_twice")
				}
			}
		}
	}
	return nil
}

// WorkOrder is one row of a sheet of work orders.
type WorkOrder struct {
	Line  int // in the sheet, counted from 1
	Cells []string
}

func (o WorkOrder) cell(m OrderMapping, f OrderField) string {
	if i, ok := m[f]; ok && i < len(o.Cells) {
		return strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(o.Cells[i], "\x00", ""), "�"))
	}
	return ""
}

// longest are the most characters that a cell of the field may have, as everywhere a person is asked for it.
var longestCell = map[OrderField]int{OrderID: 100, OrderContact: 60, OrderEnterprise: 200, OrderRemark: 2000}

// OrderSystem is what a work order's number is unique in, so that whoever imports a file finds what another has imported.
const OrderSystem = "orders"

// Complaint reads a row as a complaint that isn't judged yet. Errors: *InvalidError, of the first field that is wrong.
func (r OrderRules) Complaint(o WorkOrder, m OrderMapping, plan *Plan, words Wording, now time.Time) (Complaint, error) {
	get := func(f OrderField) string { return o.cell(m, f) }
	c := Complaint{Text: get(OrderText), Channel: ChannelImport, System: OrderSystem, ExternalID: get(OrderID),
		Contact: Contact{Enterprise: get(OrderEnterprise), Name: get(OrderContact)}}
	if title := get(OrderTitle); title != "" && !strings.Contains(c.Text, title) {
		c.Text = strings.TrimSpace(title + "\n" + c.Text)
	}
	if c.Text == "" {
		return c, invalid(string(OrderText), "error.order_empty")
	}
	if utf8.RuneCountInString(c.Text) > MaxText {
		return c, invalid(string(OrderText), "error.text_too_long")
	}
	for f, most := range longestCell {
		if utf8.RuneCountInString(get(f)) > most {
			return c, invalid(string(f), "error.order_too_long", "n", strconv.Itoa(most))
		}
	}
	if typed := get(OrderPhone); typed != "" {
		phone, callable := PlainPhone(typed)
		if !callable {
			return c, invalid(string(OrderPhone), "error.order_phone")
		}
		c.Contact.Phone = phone
	}
	if c.ExternalID == "" { // the row itself is its number: the same row again is the same order
		c.ExternalID = "row:" + o.digest(m)
	}
	var notes []string
	if typed := get(OrderReceived); typed != "" {
		at, err := orderTime(typed)
		switch {
		case err != nil:
			return c, invalid(string(OrderReceived), "error.order_time")
		case at.After(now):
			return c, invalid(string(OrderReceived), "error.order_future")
		}
		notes = append(notes, words.Text("order.note.received", "time", at.In(Beijing()).Format("2006-01-02 15:04")))
	}
	unit, err := r.place(&c, get, plan)
	if err != nil {
		return c, err
	}
	if unit != "" {
		notes = append(notes, words.Text("order.note.unit", "unit", unit))
	}
	if remark := get(OrderRemark); remark != "" {
		notes = append(notes, words.Text("order.note.remark", "text", remark))
	}
	c.Note = strings.Join(notes, "\n")
	return c, r.flags(&c, get)
}

// place reads where the hotline thinks that the order belongs. A unit that is none of the lead units is what the hotline's own list says, and no
// mistake: it is returned, to be noted.
func (r OrderRules) place(c *Complaint, get func(OrderField) string, plan *Plan) (other string, err error) {
	district := get(OrderDistrict)
	if district != "" {
		full := plan.DistrictNamed(district)
		if full == "" {
			return "", invalid(string(OrderDistrict), "error.order_district")
		}
		district = full
	}
	c.Judgement.District = district
	typed, unit := get(OrderUnit), ""
	if typed != "" {
		if unit = plan.UnitNamed(typed); unit == "" {
			other = typed
		}
	}
	item := get(OrderItem)
	if item == "" {
		return other, nil
	}
	if item = plan.ItemNamed(item); item == "" {
		return "", invalid(string(OrderItem), "error.order_item")
	}
	if unit == "" {
		return other, nil
	}
	p := Placement{Item: item, Unit: unit, District: district}
	if err := plan.CheckPlacement(p); err != nil {
		return "", invalid(string(OrderUnit), "error.order_outside")
	}
	c.Placement = &p
	return other, nil
}

func (r OrderRules) flags(c *Complaint, get func(OrderField) string) error {
	word := func(f OrderField) string { return strings.ToUpper(get(f)) }
	switch w, v := word(OrderConfidential), r.Values.Confidential; {
	case slices.Contains(v.Yes, w):
		c.Confidential = true
	case w != "" && !slices.Contains(v.No, w):
		return invalid(string(OrderConfidential), "error.order_confidential") // guessing could show somebody to whom they accuse
	}
	switch w, v := word(OrderUrgency), r.Values.Urgency; {
	case slices.Contains(v.Urgent, w):
		c.Urgency = UrgencyUrgent
	case slices.Contains(v.Danger, w):
		c.Urgency = UrgencyDanger
	case w != "" && !slices.Contains(v.Ordinary, w):
		return invalid(string(OrderUrgency), "error.order_urgency")
	}
	return nil
}

// digest is a number for an order that has none.
func (o WorkOrder) digest(m OrderMapping) string {
	h := sha256.New()
	for _, f := range OrderFields() {
		fmt.Fprintf(h, "%s\x00%s\x00", f, o.cell(m, f))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// orderLayouts are how hotlines write times.
var orderLayouts = []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-1-2 15:04:05", "2006-1-2 15:04", "2006/1/2 15:04:05", "2006/1/2 15:04",
	"2006-01-02T15:04:05", "2006年1月2日 15:04:05", "2006年1月2日 15:04", "2006年1月2日15时04分", "20060102150405", "2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日", "20060102",
	time.RFC3339}

// excelDay is day 0 of a spreadsheet's serial numbers, which count a 29 February 1900 that never was.
var excelDay = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)

// orderTime reads a time as hotlines write it, in Beijing's time, or as a spreadsheet's serial number.
func orderTime(s string) (time.Time, error) {
	for _, layout := range orderLayouts {
		if t, err := time.ParseInLocation(layout, s, Beijing()); err == nil {
			return t, nil
		}
	}
	if serial, err := strconv.ParseFloat(s, 64); err == nil && serial > 30_000 && serial < 80_000 { // 1982 to 2119
		t := excelDay.Add(time.Duration(serial * 24 * float64(time.Hour))).Round(time.Second)
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, Beijing()), nil
	}
	return time.Time{}, fmt.Errorf("%d characters are no time", len(s))
}

// OrderOutcome is what became of an order; its Chinese name is in the catalogue under "order.outcome.<value>".
type OrderOutcome string

// The outcomes.
const (
	OrderFiled   OrderOutcome = "filed"   // now, or would be
	OrderKnown   OrderOutcome = "known"   // filed before
	OrderChanged OrderOutcome = "changed" // filed before with another text; nothing was changed
	OrderWrong   OrderOutcome = "wrong"   // Err says why
)

// OrderOutcomes lists the outcomes.
func OrderOutcomes() []OrderOutcome {
	return []OrderOutcome{OrderFiled, OrderKnown, OrderChanged, OrderWrong}
}

// OrderVerdict is what became of one order.
type OrderVerdict struct {
	WorkOrder
	Outcome OrderOutcome
	Case    Case          // filed or found; of a dry run only where it would go
	Err     *InvalidError // of a wrong one
}

// FileOrders files complaints that were read from orders, all in one transaction, and says of each what became of it. One that is refused leaves the others
// alone. Errors are of the database: nothing of the batch was filed then.
func (d *Desk) FileOrders(ctx context.Context, actor Actor, complaints []Complaint) (verdicts []OrderVerdict, err error) {
	err = d.store.Update(ctx, func(tx Tx) error {
		verdicts = make([]OrderVerdict, len(complaints))
		for i, c := range complaints {
			if verdicts[i], err = d.fileOrder(ctx, tx, actor, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("file work orders: %w", err)
	}
	return verdicts, nil
}

func (d *Desk) fileOrder(ctx context.Context, tx Tx, actor Actor, c Complaint) (OrderVerdict, error) {
	if err := d.checkComplaint(c); err != nil {
		return wrongOrder(err)
	}
	filed, created, err := d.FileIn(ctx, tx, actor, c)
	if err != nil {
		return wrongOrder(err)
	}
	return OrderVerdict{Outcome: outcomeOf(c, filed, created), Case: filed}, nil
}

func wrongOrder(err error) (OrderVerdict, error) {
	var bad *InvalidError
	if errors.As(err, &bad) {
		return OrderVerdict{Outcome: OrderWrong, Err: bad}, nil
	}
	return OrderVerdict{}, err
}

func outcomeOf(c Complaint, filed Case, created bool) OrderOutcome {
	switch {
	case created:
		return OrderFiled
	case filed.Text != c.Text:
		return OrderChanged
	}
	return OrderKnown
}

// TryOrder says what FileOrders would make of a complaint, and changes nothing.
func (d *Desk) TryOrder(ctx context.Context, actor Actor, c Complaint) (OrderVerdict, error) {
	if err := d.checkComplaint(c); err != nil {
		return wrongOrder(err)
	}
	known, err := d.store.CaseByExternalID(ctx, c.System, c.ExternalID)
	switch {
	case err == nil:
		return OrderVerdict{Outcome: outcomeOf(c, known, false), Case: known}, nil
	case !errors.Is(err, ErrNotFound):
		return OrderVerdict{}, fmt.Errorf("look up work order: %w", err)
	}
	would, _ := d.draft(actor, c, "", c.System)
	return OrderVerdict{Outcome: OrderFiled, Case: would}, nil
}
