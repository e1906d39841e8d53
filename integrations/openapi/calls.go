package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// Telephony events come in the shape of Zammad's generic CTI interface, which bridges of call centres speak: forms or JSON, to an address for each
// step or to one for all with the step in "event". They are outside of the document's operations, since nobody but such a bridge sends them; docs/calls.md
// describes them.

// maxCall is the largest message of a call centre, in bytes.
const maxCall = 16 << 10

func (a *API) callRoutes(r gin.IRouter) {
	r.POST(Prefix+"/calls/:event", a.call)
	r.POST(Prefix+"/calls", a.call)
}

// bridgeRoute is the address of Zammad's interface, the key at its end.
func (a *API) bridgeRoute() {
	a.router.POST(Prefix+"/cti/:key", keyInPath, a.authenticated, a.limited, a.call)
}

// call takes a message of the call centre.
func (a *API) call(g *gin.Context) {
	fields, err := callFields(g)
	if err == nil {
		e := callEvent(g.Param("event"), fields)
		_, err = a.Desk.ReportCall(g.Request.Context(), callerOf(g.Request.Context()).actor, e)
	}
	if err == nil {
		g.JSON(http.StatusOK, struct{}{})
		return
	}
	var ready *huma.ErrorModel
	if err = a.fail(g.Request.Context(), "body", err); errors.As(err, &ready) {
		write(g, ready)
		return
	}
	write(g, newProblem("internal", ""))
}

// callFields reads a form or a flat JSON object.
func callFields(g *gin.Context) (map[string]string, error) {
	body, err := io.ReadAll(http.MaxBytesReader(g.Writer, g.Request.Body, maxCall))
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return nil, newProblem("too-large", "A message may have 16 KiB.")
	}
	if err != nil {
		return nil, newProblem("malformed", "The body didn't arrive.")
	}
	fields := map[string]string{}
	kind, _, _ := mime.ParseMediaType(g.GetHeader("Content-Type"))
	switch kind {
	case "application/json":
		var values map[string]any
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		if err := decoder.Decode(&values); err != nil || decoder.More() {
			return nil, newProblem("malformed", "The body is no JSON object.")
		}
		for name, v := range values {
			fields[name] = textOf(v)
		}
	case "application/x-www-form-urlencoded", "":
		g.Request.Body = io.NopCloser(strings.NewReader(string(body)))
		if err := g.Request.ParseForm(); err != nil {
			return nil, newProblem("malformed", "The body is no form.")
		}
		for name, v := range g.Request.PostForm {
			fields[strings.TrimSuffix(name, "[]")] = v[0]
		}
	default:
		return nil, newProblem("unsupported-media-type", "Send application/x-www-form-urlencoded or application/json.")
	}
	return fields, nil
}

// textOf is a value of JSON as a form would have it; of a list its first.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		if len(v) > 0 {
			return textOf(v[0])
		}
	case json.Number: // an extension, an id
		return v.String()
	}
	return ""
}

func callEvent(step string, f map[string]string) routing.CallEvent {
	if step == "" {
		step = f["event"]
	}
	steps := map[string]routing.CallStep{"new": routing.CallNew, "newCall": routing.CallNew, "answer": routing.CallAnswer, "hangup": routing.CallHangup}
	return routing.CallEvent{Step: steps[step], ID: f["callid"], From: f["from"], To: f["to"], Direction: f["direction"], User: f["user"],
		Answering: f["answeringNumber"], Queue: f["queue"], Cause: f["cause"], Recording: f["recording"]}
}
