package openapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"jiesu/routing"
)

// StatusBody is what a case system outside says of a case.
type StatusBody struct {
	Status  string        `json:"status" minLength:"1" maxLength:"100" doc:"In that system's words; the configuration says what they mean."`
	Note    string        `json:"note,omitempty" maxLength:"10000" doc:"Progress, reason of a refusal, or answer."`
	Answers []PointAnswer `json:"answers,omitempty" nullable:"false" maxItems:"20" doc:"One to each of the case's points when it has two or more."`
}

func (b StatusBody) of(number string) routing.OutsideStatus {
	s := routing.OutsideStatus{Number: number, Status: b.Status, Note: b.Note}
	for _, a := range b.Answers {
		s.Answers = append(s.Answers, routing.Answer{Point: a.Point, Outcome: routing.PointOutcome(a.Outcome), Note: a.Note})
	}
	return s
}

type statusInput struct {
	Idempotent
	Number string `path:"number" example:"JS20261124-012345"`
	Body   StatusBody
}

// Resolve refuses what no database keeps.
func (in *statusInput) Resolve(huma.Context) []error {
	return readable("body", field{"status", in.Body.Status}, field{"note", in.Body.Note})
}

func (a *API) registerOutside(api huma.API) {
	huma.Register(api, operation("put-status", http.MethodPut, Prefix+"/cases/{number}/status", "Say how far a case is in a system outside",
		"Our case follows, step by step, as if its unit had taken the steps here. What was said before changes nothing. For keys of the case's unit, and of the office for all units.",
		400, 403, 404, 408, 409, 413, 415),
		handle(a, "body", a.putStatus))
}

func (a *API) putStatus(ctx context.Context, actor routing.Actor, in *statusInput) (*actOutput, error) {
	if !numberPattern.MatchString(in.Number) {
		return nil, routing.ErrNotFound
	}
	return once(ctx, a, actor, in.IdempotencyKey, in.Number+"/status", in.Body, func(ctx context.Context, tx routing.Tx) (*actOutput, error) {
		c, err := a.Desk.FollowIn(ctx, tx, actor, in.Body.of(in.Number))
		if err != nil {
			return nil, err
		}
		return &actOutput{ETag: etag(c), Body: a.caseOf(actor, c)}, nil
	})
}

// hookPath is where a system outside sends its webhooks, by the same standard as ours: signed, each taken once by its id.
const hookPath = Prefix + "/hooks/status"

// statusEvent is the one event that is taken.
const statusEvent = "case.status"

// outsideName is how the timeline names who sends webhooks.
const outsideName = "webhook"

// hook takes a webhook. Without a secret there is nothing at the address.
func (a *API) hook(g *gin.Context) {
	if a.OutsideSecret == "" {
		write(g, newProblem("not-found", "There is nothing at this address."))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(g.Writer, g.Request.Body, maxBody))
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		write(g, newProblem("too-large", "A message may have 256 KiB."))
		return
	}
	verifier, bad := standard.NewWebhook(a.OutsideSecret)
	if err = errors.Join(err, bad); err != nil {
		write(g, newProblem("malformed", "The body didn't arrive."))
		return
	}
	if err := verifier.VerifyIgnoringTimestamp(body, g.Request.Header); err != nil || !a.recent(g.GetHeader(standard.HeaderWebhookTimestamp)) {
		write(g, newProblem("unauthorized", "Sign the body by Standard Webhooks with the shared secret, within five minutes."))
		return
	}
	var event struct {
		Type string `json:"type"`
		Data struct {
			Number string `json:"number"`
			StatusBody
		} `json:"data"`
	}
	if json.Unmarshal(body, &event) != nil {
		write(g, newProblem("malformed", "The body is no JSON object."))
		return
	}
	if event.Type != statusEvent { // none of ours: taken, so that it isn't sent again
		g.Status(http.StatusNoContent)
		return
	}
	ctx := g.Request.Context()
	_, err = a.Desk.FollowOnce(ctx, routing.Actor{Role: routing.RoleOffice, ID: outsideName, Name: outsideName}, g.GetHeader(standard.HeaderWebhookID), event.Data.of(event.Data.Number))
	if err == nil {
		g.Status(http.StatusNoContent)
		return
	}
	var ready *huma.ErrorModel
	if err = a.fail(ctx, "data", err); errors.As(err, &ready) {
		write(g, ready)
		return
	}
	write(g, newProblem("internal", ""))
}

// hookWindow is how far the clock of a sender may be off, as the standard proposes.
const hookWindow = 5 * time.Minute

// recent reports whether the time is within the window of our clock.
func (a *API) recent(stamp string) bool {
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	return err == nil && a.Now().Sub(time.Unix(seconds, 0)).Abs() <= hookWindow
}
