package openapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// problemKind is a kind of failure. Its type URI is Prefix + "/problems/" + Name: the same on every installation, and answered.
type problemKind struct {
	Name    string `json:"-"`
	Type    string `json:"type"`
	Title   string `json:"title"`
	Status  int    `json:"status"`
	Meaning string `json:"meaning"`
}

// problemKinds lists every kind. Of several with one status, the first is meant when only the status is known.
var problemKinds = []problemKind{
	{Name: "malformed", Status: 400, Title: "Malformed request", Meaning: "The body is missing, isn't JSON or isn't UTF-8."},
	{Name: "unauthorized", Status: 401, Title: "No valid key", Meaning: "The request carries no API key, or an unknown one."},
	{Name: "forbidden", Status: 403, Title: "Not allowed for this key", Meaning: "The key's role, or its unit's relation to the case, doesn't allow this."},
	{Name: "not-found", Status: 404, Title: "Not found", Meaning: "There is nothing here, or the key may not know of it."},
	{Name: "method-not-allowed", Status: 405, Title: "Method not allowed", Meaning: "The address exists, but not for this method."},
	{Name: "timeout", Status: 408, Title: "Request came too slowly", Meaning: "The body did not arrive in time. Send it again."},
	{Name: "version-conflict", Status: 409, Title: "Changed by someone else", Meaning: "The case is no longer at the version you named. Read it again and decide again."},
	{Name: "already-exists", Status: 409, Title: "There already", Meaning: "Another one has this name. Read the list, or choose another name."},
	{Name: "illegal-transition", Status: 409, Title: "Not possible in this state", Meaning: "The case is in a state in which this action cannot be done; see `actions` of the case."},
	{Name: "precondition-failed", Status: 412, Title: "Changed by someone else", Meaning: "The case is at another version than If-Match names."},
	{Name: "too-large", Status: 413, Title: "Body too large", Meaning: "A body may have 256 KiB."},
	{Name: "unsupported-media-type", Status: 415, Title: "Unsupported media type", Meaning: "Send application/json."},
	{Name: "invalid", Status: 422, Title: "Invalid request", Meaning: "A value is missing or wrong; `errors` says which and why."},
	{Name: "idempotency-key-reused", Status: 422, Title: "Idempotency-Key used before", Meaning: "The key came with another request before; draw a new one for every request."},
	{Name: "too-many-requests", Status: 429, Title: "Too many requests", Meaning: "Wait as long as Retry-After says."},
	{Name: "internal", Status: 500, Title: "Internal error", Meaning: "Our fault. `instance` names the entry in the server's log."},
}

func kindBy(match func(problemKind) bool) (problemKind, bool) {
	for _, k := range problemKinds {
		if match(k) {
			k.Type = Prefix + "/problems/" + k.Name
			return k, true
		}
	}
	return problemKind{}, false
}

// newProblem makes the problem document of a kind that is in the table.
func newProblem(name, detail string, errs ...*huma.ErrorDetail) *huma.ErrorModel {
	k, _ := kindBy(func(k problemKind) bool { return k.Name == name })
	return &huma.ErrorModel{Type: k.Type, Title: k.Title, Status: k.Status, Detail: detail, Errors: errs}
}

// fail makes the answer to an error of the domain. in is where the request's fields are: "body" or "query".
func (a *API) fail(ctx context.Context, in string, err error) error {
	var ready huma.StatusError
	var invalid *routing.InvalidError
	var illegal *routing.IllegalStepError
	var overtaken *routing.OvertakenError
	var illegalForProblem *routing.IllegalProblemStepError
	switch {
	case errors.As(err, &ready):
		return err
	case errors.Is(err, routing.ErrNotFound):
		return newProblem("not-found", "There is no such case or problem, or this key may not see it.")
	case errors.Is(err, routing.ErrSamePerson):
		return newProblem("forbidden", "Who applied for striking off may not check it.")
	case errors.Is(err, routing.ErrForbidden):
		return newProblem("forbidden", "The role of this key does not allow this.")
	case errors.As(err, &illegal):
		return a.illegal(illegal)
	case errors.As(err, &overtaken):
		return newProblem("version-conflict", "The case was changed in the meantime"+sinceThen(overtaken.Since)+".")
	case errors.As(err, &illegalForProblem):
		return newProblem("illegal-transition", fmt.Sprintf("Action %s is not possible while the problem is %s.", illegalForProblem.Action, illegalForProblem.State))
	case errors.Is(err, routing.ErrExists):
		return newProblem("already-exists", "Another one has this name.")
	case errors.Is(err, routing.ErrConflict):
		return newProblem("version-conflict", "The case was changed in the meantime.")
	case errors.As(err, &invalid):
		var details []*huma.ErrorDetail
		for _, e := range invalid.All() {
			details = append(details, &huma.ErrorDetail{Location: in + "." + e.Field, Message: e.Say(a.Wording)})
		}
		return newProblem("invalid", "validation failed", details...)
	}
	return a.internal(ctx, callerOf(ctx), err)
}

// illegal says why a step can't be done: for programmers in detail, for people in errors when it isn't the state alone.
func (a *API) illegal(e *routing.IllegalStepError) *huma.ErrorModel {
	switch {
	case e.Why == "":
		return newProblem("illegal-transition", fmt.Sprintf("Action %s is not possible in state %s.", e.Action, e.State))
	case e.Ended.IsZero():
		return newProblem("illegal-transition", fmt.Sprintf("Action %s is not possible (%s).", e.Action, e.Why),
			&huma.ErrorDetail{Location: "path.action", Message: a.Wording.Text("illegal." + string(e.Why))})
	}
	ended := beijing(e.Ended)
	return newProblem("illegal-transition", fmt.Sprintf("Action %s is not possible any more: its time ended at %s.", e.Action, ended.Format(time.RFC3339)),
		&huma.ErrorDetail{Location: "path.action", Message: a.Wording.Text("illegal."+string(e.Why), "ended", ended.Format("2006-01-02 15:04"))})
}

// sinceThen names what was done: ": sign by unit finance (version 3)".
func sinceThen(events []routing.Event) string {
	var list []string
	for _, e := range events {
		list = append(list, fmt.Sprintf("%s by %s (version %d)", e.Action, strings.TrimSpace(string(e.Actor.Role)+" "+e.Actor.Unit), e.Seq))
	}
	if len(list) == 0 {
		return ""
	}
	return ": " + strings.Join(list, ", ")
}

// internal logs what went wrong and returns what may be said of it: an id to find the entry by.
func (a *API) internal(ctx context.Context, who caller, err error) *huma.ErrorModel {
	m := newProblem("internal", "")
	m.Instance = "urn:ulid:" + routing.NewID()
	a.Logger.ErrorContext(ctx, "API request failed", "instance", m.Instance, "request", who.request, "key_id", who.actor.ID, "err", err)
	return m
}

// finishProblem completes the problems that the library makes: type and title by status, messages in the catalogue's words, no rejected
// values (they may be personal data), no insides.
func (a *API) finishProblem(_ huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	if m.Type == "" {
		a.translate(m)
		if k, ok := kindBy(func(k problemKind) bool { return k.Status == m.Status }); ok {
			m.Type, m.Title = k.Type, k.Title
		}
	}
	if m.Status >= http.StatusInternalServerError {
		m.Detail, m.Errors = "", nil
	}
	for _, e := range m.Errors {
		e.Value = nil
	}
	return m, nil
}

// write answers with the problem and ends the handling of the request.
func write(g *gin.Context, m *huma.ErrorModel) {
	g.Abort()
	body, err := json.Marshal(m)
	if err != nil { // strings and numbers only: cannot happen
		g.Status(http.StatusInternalServerError)
		return
	}
	g.Data(m.Status, "application/problem+json", body)
}

// recovered turns a panic into a problem without details. Its value may hold what people said, so only the runtime's own messages
// are logged beside the stack.
func (a *API) recovered(g *gin.Context) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if v == http.ErrAbortHandler {
			panic(v) // net/http's own way to cut the connection
		}
		err, ok := v.(runtime.Error)
		what := error(err)
		if !ok {
			what = fmt.Errorf("panic of type %T", v)
		}
		ctx := g.Request.Context()
		m := a.internal(ctx, callerOf(ctx), fmt.Errorf("%w\n%s", what, debug.Stack()))
		if !g.Writer.Written() {
			write(g, m)
		}
	}()
	g.Next()
}
