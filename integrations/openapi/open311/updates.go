package open311

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// updates are what happened to published requests in a span: the extension of FixMyStreet. Their ids are those of our events, so they never change.
func (s *Server) updates(g *gin.Context) (element, error) {
	form := g.Request.Form
	span, err := s.span(form)
	if err != nil {
		return element{}, err
	}
	if span.To.IsZero() {
		span.To = s.Now().Add(1)
	}
	q := routing.PublishedQuery{UpdatedFrom: span.From, Limit: maxListed}
	if ids := commas(form.Get("service_request_id")); len(ids) > 0 {
		q.Numbers = ids[:min(len(ids), maxIDs)]
	}
	cases, err := s.Desk.Published(g.Request.Context(), q)
	if err != nil {
		return element{}, err
	}
	var list []element
	for _, c := range cases {
		happened, err := s.Desk.PublishedUpdates(g.Request.Context(), c.Number, span)
		if err != nil {
			return element{}, err
		}
		for _, u := range happened {
			list = append(list, group("request_update", text("update_id", u.ID), text("service_request_id", u.Case), text("status", statusOf(u)),
				moment("updated_datetime", u.At), text("description", s.told(u)), nothing("media_url")))
		}
	}
	return listOf("service_request_updates", list...), nil
}

// told is an update in words.
func (s *Server) told(u routing.PublicUpdate) string {
	said := s.Wording.Text("event." + string(u.Action))
	if u.Text != "" {
		said += s.word("colon") + u.Text
	}
	return said
}

// statusOf is an update in FixMyStreet's states.
func statusOf(u routing.PublicUpdate) string {
	if u.Action == routing.ActionRedo {
		return "REOPEN"
	}
	switch u.To {
	case routing.StateTriage:
		return "OPEN"
	case routing.StateDispatched, routing.StateRefused:
		return "INVESTIGATING"
	case routing.StateSigned:
		return "IN_PROGRESS"
	case routing.StateReplied:
		return "ACTION_SCHEDULED"
	case routing.StateClosed, routing.StateStruckOff:
		return "FIXED"
	case routing.StateNotAccepted:
		return "NOT_COUNCILS_RESPONSIBILITY"
	case routing.StateTransferred:
		return "INTERNAL_REFERRAL"
	case routing.StateWithdrawn:
	}
	return "NO_FURTHER_ACTION"
}

// update adds what the caller has to say to a request that the same key has filed.
func (s *Server) update(g *gin.Context) (element, error) {
	ctx, form := g.Request.Context(), g.Request.PostForm
	actor, err := s.keyed(g)
	if err != nil {
		return element{}, err
	}
	number, said := form.Get("service_request_id"), strings.TrimSpace(form.Get("description"))
	switch {
	case number == "":
		return element{}, bad("400", "service_request_id was not provided")
	case said == "":
		return element{}, bad("400", "description was not provided")
	case utf8.RuneCountInString(said) > longest:
		return element{}, bad("400", "description may have 4000 characters")
	}
	if _, err := s.Desk.FiledCase(ctx, actor, number); err != nil {
		return element{}, err
	}
	c, err := s.Desk.Act(ctx, actor, number, routing.Step{Action: routing.ActionSupplement, Note: said})
	var illegal *routing.IllegalStepError
	if errors.As(err, &illegal) {
		return element{}, bad("409", "the request is closed and takes no more updates")
	}
	if err != nil {
		return element{}, err
	}
	events, err := s.Desk.Timeline(ctx, actor, number)
	if err != nil {
		return element{}, err
	}
	id := ""
	for _, e := range events {
		if e.Seq == c.Version {
			id = e.ID
		}
	}
	return listOf("service_request_updates", group("request_update", text("update_id", id))), nil
}
