package openapi

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"jiesu/routing"
	"jiesu/routing/report"
)

// Entry is a problem of the ledger: one or several cases of the same cause, struck off as one.
type Entry struct {
	Number       string                  `json:"number" example:"TZ20261124-012345"`
	State        routing.ProblemState    `json:"state" doc:"open, applied (waits for the check), struck_off or void (no case is left)."`
	Version      int64                   `json:"version" doc:"Name it in a step: it fails when somebody was faster."`
	Category     string                  `json:"category"`
	CategoryName string                  `json:"category_name"`
	Item         string                  `json:"item"`
	ItemName     string                  `json:"item_name"`
	Unit         string                  `json:"unit" doc:"Lead unit id."`
	UnitName     string                  `json:"unit_name"`
	Assisting    []string                `json:"assisting" nullable:"false"`
	Cause        string                  `json:"cause"`
	Measure      string                  `json:"measure"`
	Person       string                  `json:"person" doc:"Who answers for it in the unit."`
	Due          string                  `json:"due" example:"2026-12-31" doc:"Last day, empty until it is set."`
	Overdue      bool                    `json:"overdue"`
	LastNote     string                  `json:"last_note" doc:"Of the newest week that was reported."`
	NotedWeek    string                  `json:"noted_week" example:"2026-11-23" doc:"Monday of that week, empty: none."`
	NoteMissing  bool                    `json:"note_missing" doc:"A weekly note is owed."`
	Mechanism    string                  `json:"mechanism" doc:"Long-term mechanism."`
	NoMechanism  string                  `json:"no_mechanism" doc:"Why there is none."`
	Done         string                  `json:"done" doc:"What was done, of the last application."`
	Evidence     []string                `json:"evidence" nullable:"false" doc:"Attachment ids of the last application."`
	AppliedAt    *time.Time              `json:"applied_at,omitempty"`
	StruckAt     *time.Time              `json:"struck_off_at,omitempty" doc:"Last striking off, kept when it comes back."`
	Returns      int                     `json:"returns" doc:"Times that the matter came back after being struck off."`
	ReturnedBy   string                  `json:"returned_by,omitempty" doc:"Number of the case by which it came back last."`
	MergedInto   string                  `json:"merged_into,omitempty" doc:"Number of the problem that took over its cases."`
	OpenedAt     time.Time               `json:"opened_at"`
	UpdatedAt    time.Time               `json:"updated_at"`
	Actions      []routing.ProblemAction `json:"actions" nullable:"false" doc:"What this key may do to it as it stands."`
}

// EntryDetail is a problem with its cases and its history.
type EntryDetail struct {
	Entry
	Cases  []EntryCase  `json:"cases" nullable:"false" doc:"Those that the key may see, the first that joined first."`
	Events []EntryEvent `json:"events" nullable:"false" doc:"Oldest first."`
}

// EntryCase is a case of a problem.
type EntryCase struct {
	Number string          `json:"number" example:"JS20261124-012345"`
	State  routing.State   `json:"state"`
	Rating *routing.Rating `json:"rating,omitempty"`
}

// EntryEvent is one entry of a problem's history, with what its action carried.
type EntryEvent struct {
	Seq    int64                 `json:"seq"`
	Action routing.ProblemAction `json:"action"`
	At     time.Time             `json:"at"`
	Actor  EventActor            `json:"actor"`
	From   routing.ProblemState  `json:"from,omitempty"`
	To     routing.ProblemState  `json:"to"`
	routing.ProblemData
}

func (a *API) entryOf(actor routing.Actor, p routing.Problem) Entry {
	plan, now := a.Desk.Plan(), a.Now()
	e := Entry{Number: p.Number, State: p.State, Version: p.Version, Category: p.Category, CategoryName: plan.CategoryName(p.Category),
		Item: p.Item, ItemName: plan.ItemName(p.Item), Unit: p.Unit, UnitName: plan.UnitName(p.Unit), Assisting: list(p.Assisting),
		Cause: p.Cause, Measure: p.Measure, Person: p.Person, Overdue: p.Overdue(now), LastNote: p.LastNote, NoteMissing: p.Unnoted(now),
		Mechanism: p.Mechanism, NoMechanism: p.NoMechanism, Done: p.Done, Evidence: list(p.Evidence), Returns: p.Returns,
		ReturnedBy: p.ReturnedBy, MergedInto: p.MergedInto, OpenedAt: beijing(p.OpenedAt), UpdatedAt: beijing(p.UpdatedAt),
		Due: dayOf(p.DueAt), NotedWeek: dayOf(p.NotedWeek), AppliedAt: moment(p.AppliedAt), StruckAt: moment(p.StruckAt),
		Actions: list(routing.LegalForProblem(actor, p))}
	return e
}

func dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return beijing(t).Format(time.DateOnly)
}

// problemPattern keeps from the store what cannot be a problem's number.
var problemPattern = regexp.MustCompile(`^TZ\d{8}-\d{6}$`)

// problemStateName is a problem's state in the query.
type problemStateName string

// Schema lists the states in the document, and has others refused.
func (problemStateName) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, v := range routing.ProblemStates() {
		s.Enum = append(s.Enum, string(v))
	}
	return s
}

type problemsInput struct {
	Unit   string             `query:"unit" doc:"Lead unit id."`
	State  []problemStateName `query:"state" doc:"One or several, with commas between them."`
	Item   string             `query:"item" doc:"Item id of the plan, or other."`
	Filter string             `query:"filter" enum:"overdue,unnoted,returned" doc:"Past their deadline, without the weekly note, or come back after being struck off."`
	Cursor string             `query:"cursor" maxLength:"500" doc:"next of the page before."`
	Limit  int                `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// Resolve refuses what no database keeps.
func (in *problemsInput) Resolve(huma.Context) []error {
	return readable("query", field{"unit", in.Unit}, field{"item", in.Item}, field{"cursor", in.Cursor})
}

func (in *problemsInput) query() routing.ProblemQuery {
	q := routing.ProblemQuery{Unit: in.Unit, Item: in.Item, Filter: routing.ProblemFilter(in.Filter), Cursor: in.Cursor, Limit: in.Limit}
	for _, s := range in.State {
		q.States = append(q.States, routing.ProblemState(s))
	}
	return q
}

// EntryPage is one page of the ledger.
type EntryPage struct {
	Problems []Entry `json:"problems" nullable:"false" doc:"Newest first."`
	Next     string  `json:"next" doc:"Cursor of the next page, empty on the last."`
}

type problemsOutput struct{ Body EntryPage }

func (a *API) problems(ctx context.Context, actor routing.Actor, in *problemsInput) (*problemsOutput, error) {
	found, next, err := a.Desk.Problems(ctx, actor, in.query())
	if err != nil {
		return nil, err
	}
	out := &problemsOutput{Body: EntryPage{Problems: make([]Entry, 0, len(found)), Next: next}}
	for _, p := range found {
		out.Body.Problems = append(out.Body.Problems, a.entryOf(actor, p))
	}
	return out, nil
}

type sheetOutput struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Body               []byte
}

// sheet answers with the ledger as a spreadsheet.
func (a *API) sheet(ctx context.Context, actor routing.Actor, in *problemsInput) (*sheetOutput, error) {
	entries, more, err := a.Desk.Ledger(ctx, actor, in.query())
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	now := a.Now()
	if err := report.WriteXLSX(&b, now, report.Ledger(entries, more, a.Desk.Plan(), a.Wording, now)); err != nil {
		return nil, err
	}
	return &sheetOutput{ContentType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		ContentDisposition: `attachment; filename="ledger-` + dayOf(now) + `.xlsx"`, Body: b.Bytes()}, nil
}

type problemInput struct {
	Number string `path:"number" example:"TZ20261124-012345"`
}

type problemOutput struct {
	ETag string `header:"ETag"`
	Body EntryDetail
}

func (a *API) problem(ctx context.Context, actor routing.Actor, in *problemInput) (*problemOutput, error) {
	if !problemPattern.MatchString(in.Number) {
		return nil, routing.ErrNotFound
	}
	p, err := a.Desk.Problem(ctx, actor, in.Number)
	if err != nil {
		return nil, err
	}
	cases, err := a.Desk.ProblemCases(ctx, actor, in.Number)
	if err != nil {
		return nil, err
	}
	events, err := a.Desk.ProblemTimeline(ctx, actor, in.Number)
	if err != nil {
		return nil, err
	}
	out := &problemOutput{ETag: strconv.Quote(strconv.FormatInt(p.Version, 10)),
		Body: EntryDetail{Entry: a.entryOf(actor, p), Cases: []EntryCase{}, Events: []EntryEvent{}}}
	for _, c := range cases {
		out.Body.Cases = append(out.Body.Cases, EntryCase{c.Number, c.State, c.Rating})
	}
	for _, e := range events {
		if e.Seq <= p.Version {
			out.Body.Events = append(out.Body.Events, EntryEvent{Seq: e.Seq, Action: e.Action, At: beijing(e.At), From: e.From, To: e.To, ProblemData: e.Data,
				Actor: EventActor{Role: e.Actor.Role, Unit: e.Actor.Unit, Name: e.Actor.Name}})
		}
	}
	return out, nil
}

// problemActionName is an action on a problem in the path.
type problemActionName string

// Schema lists the actions in the document, and has others refused.
func (problemActionName) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, v := range routing.ProblemActions() {
		s.Enum = append(s.Enum, string(v))
	}
	return s
}

// ProblemStepBody is what an action on a problem carries. Which fields count depends on the action; the others are ignored.
type ProblemStepBody struct {
	Version     int64    `json:"version" minimum:"1" doc:"Version of the problem that this was decided on."`
	Note        string   `json:"note,omitempty" maxLength:"10000" doc:"Needed by note, answer (sent to every complainant), apply (what was done) and send-back, and by plan to change what was set."`
	Cause       string   `json:"cause,omitempty" maxLength:"10000" doc:"plan. Left out: as it is."`
	Measure     string   `json:"measure,omitempty" maxLength:"10000" doc:"plan"`
	Person      string   `json:"person,omitempty" maxLength:"100" doc:"plan"`
	Due         string   `json:"due,omitempty" example:"2026-12-31" doc:"plan: last day."`
	Assisting   []string `json:"assisting,omitempty" nullable:"false" maxItems:"32" doc:"plan: ids of assisting units."`
	LastWeek    bool     `json:"last_week,omitempty" doc:"note: for the week before this one."`
	Mechanism   string   `json:"mechanism,omitempty" maxLength:"10000" doc:"mechanism, apply: the long-term mechanism …"`
	NoMechanism string   `json:"no_mechanism,omitempty" maxLength:"10000" doc:"… or why there is none."`
	Problem     string   `json:"problem,omitempty" maxLength:"30" doc:"merge: number of the problem whose cases it takes over."`
	Case        string   `json:"case,omitempty" maxLength:"30" doc:"split: number of the case."`
	Attachments []string `json:"attachments,omitempty" nullable:"false" maxItems:"6" doc:"apply: ids of evidence added before."`
}

type problemActInput struct {
	Idempotent
	Number string            `path:"number" example:"TZ20261124-012345"`
	Action problemActionName `path:"action"`
	Body   ProblemStepBody
}

// Resolve refuses what no database keeps.
func (in *problemActInput) Resolve(huma.Context) []error {
	b := in.Body
	fields := []field{{"note", b.Note}, {"cause", b.Cause}, {"measure", b.Measure}, {"person", b.Person}, {"mechanism", b.Mechanism},
		{"no_mechanism", b.NoMechanism}, {"problem", b.Problem}, {"case", b.Case}}
	for _, id := range b.Attachments {
		fields = append(fields, field{"attachments", id})
	}
	return readable("body", fields...)
}

type problemActOutput struct {
	ETag string `header:"ETag"`
	Body Entry
}

func (a *API) actOnProblem(ctx context.Context, actor routing.Actor, in *problemActInput) (*problemActOutput, error) {
	if !problemPattern.MatchString(in.Number) {
		return nil, routing.ErrNotFound
	}
	b := in.Body
	step := routing.ProblemStep{Action: routing.ProblemAction(in.Action), Version: b.Version, Note: b.Note,
		Cause: b.Cause, Measure: b.Measure, Person: b.Person, Due: b.Due, Assisting: b.Assisting, LastWeek: b.LastWeek, Mechanism: b.Mechanism,
		NoMechanism: b.NoMechanism, Problem: b.Problem, Case: b.Case, Attachments: b.Attachments}
	return once(ctx, a, actor, in.IdempotencyKey, in.Number+"/"+string(in.Action), b, func(ctx context.Context, tx routing.Tx) (*problemActOutput, error) {
		p, err := a.Desk.ActOnProblemIn(ctx, tx, actor, in.Number, step)
		if err != nil {
			return nil, err
		}
		return &problemActOutput{ETag: strconv.Quote(strconv.FormatInt(p.Version, 10)), Body: a.entryOf(actor, p)}, nil
	})
}

type evidenceInput struct {
	Idempotent
	Number string `path:"number" example:"TZ20261124-012345"`
	Body   struct {
		Content string `json:"content" maxLength:"245760" doc:"A JPEG, PNG or PDF file in base64, at most 180 KiB before encoding. Larger ones are uploaded on the problem's page."`
	}
}

type evidenceOutput struct {
	Body struct {
		ID   string `json:"id"`
		Kind string `json:"kind"`
		Size int64  `json:"size" doc:"In bytes."`
	}
}

// addEvidence keeps a file for an application for striking off.
func (a *API) addEvidence(ctx context.Context, actor routing.Actor, in *evidenceInput) (*evidenceOutput, error) {
	if !problemPattern.MatchString(in.Number) {
		return nil, routing.ErrNotFound
	}
	content, err := base64.StdEncoding.DecodeString(in.Body.Content)
	file, unknown := routing.NewFile(content)
	if err != nil || unknown != nil {
		return nil, &routing.InvalidError{Field: "content", Key: "error.evidence_type"}
	}
	return once(ctx, a, actor, in.IdempotencyKey, in.Number+"/evidence", in.Body, func(ctx context.Context, tx routing.Tx) (*evidenceOutput, error) {
		kept, err := a.Desk.AddEvidenceIn(ctx, tx, actor, in.Number, file)
		if err != nil {
			return nil, err
		}
		out := &evidenceOutput{}
		out.Body.ID, out.Body.Kind, out.Body.Size = kept.ID, kept.Kind, kept.Size
		return out, nil
	})
}

// registerLedger lists the operations on problems.
func (a *API) registerLedger(api huma.API) {
	const problems, one = Prefix + "/problems", Prefix + "/problems/{number}"
	huma.Register(api, operation("list-problems", http.MethodGet, problems, "List problems of the ledger", "What the key may see, newest first."),
		handle(a, "query", a.problems))
	sheet := operation("export-problems", http.MethodGet, Prefix+"/problems.xlsx", "Export the ledger as a spreadsheet",
		"In the office's usual columns, without personal data. cursor and limit don't count.")
	sheet.Responses = map[string]*huma.Response{"200": {Description: "The spreadsheet", Content: map[string]*huma.MediaType{
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}}
	huma.Register(api, sheet, handle(a, "query", a.sheet))
	huma.Register(api, operation("get-problem", http.MethodGet, one, "Read a problem with its cases and history", "Without personal data of complainants.", 404),
		handle(a, "path", a.problem))
	huma.Register(api, operation("act-on-problem", http.MethodPost, one+"/actions/{action}", "Do something to a problem",
		"Applying, sending back and striking off take every case of it along. Who applied may not check (403).", 400, 403, 404, 408, 409, 413, 415),
		handle(a, "body", a.actOnProblem))
	huma.Register(api, operation("add-evidence", http.MethodPost, one+"/evidence", "Add evidence for an application for striking off",
		"For who may apply. Name the id in attachments of apply.", 400, 403, 404, 408, 409, 413, 415),
		handle(a, "body", a.addEvidence))
}

// explained answers the type URIs of problem documents, which lie beside the problems of the ledger and need no key.
func explained(g *gin.Context) {
	name, ok := strings.CutPrefix(g.Request.URL.Path, Prefix+"/problems/")
	if !ok || g.Request.Method != http.MethodGet || strings.HasPrefix(name, "TZ") || strings.Contains(name, "/") {
		return
	}
	k, known := kindBy(func(k problemKind) bool { return k.Name == name })
	if !known {
		write(g, newProblem("not-found", "There is no such kind of problem."))
		return
	}
	g.JSON(http.StatusOK, k)
	g.Abort()
}
