package openapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"jiesu/routing"
)

// maxBody is the largest body taken, in bytes: the longest text, escaped, with room to spare.
const maxBody = 256 << 10

// register lists every operation.
func (a *API) register(api huma.API) {
	const cases, one = Prefix + "/cases", Prefix + "/cases/{number}"
	huma.Register(api, operation("file-case", http.MethodPost, cases, "File a complaint",
		"It is classified, numbered and, when the classification is sure, dispatched at once. Not for keys of units. "+
			"Answers 200 with the case that is there when the same key has filed the external_id before.", 400, 403, 408, 413, 415),
		handle(a, "body", a.file))
	huma.Register(api, operation("list-cases", http.MethodGet, cases, "List cases", "What the key may see, newest first. Link names the next page; If-None-Match answers 304 while nothing on this one has changed."),
		handle(a, "query", a.list))
	huma.Register(api, operation("get-case", http.MethodGet, one, "Read a case with its timeline",
		"The ETag changes with the version and with how the clocks stand; If-None-Match answers 304 while nothing has changed.", 404),
		handle(a, "path", a.get))
	huma.Register(api, operation("list-clocks", http.MethodGet, one+"/clocks", "Read the clocks of a case, explained",
		"Each with its rule and whose rule it is, how it stands at this moment, the spans that count and the days that were skipped.", 404),
		handle(a, "path", a.clocks))
	huma.Register(api, operation("act-on-case", http.MethodPost, one+"/actions/{action}", "Do something to a case",
		"Answers with the case at its new version. 409 is of two types: version-conflict (read again) and illegal-transition (not in this state).",
		400, 403, 404, 408, 409, 413, 415),
		handle(a, "body", a.act))
	huma.Register(api, operation("list-notices", http.MethodGet, one+"/notices", "Read what the complainant was told",
		"Every message with every attempt to deliver it. Not for keys of units.", 403, 404),
		handle(a, "path", a.notices))
	huma.Register(api, operation("get-plan", http.MethodGet, Prefix+"/plan", "Read the plan",
		"Categories with their items and lead units, all units, all districts."),
		handle(a, "query", a.plan))

	a.registerLedger(api)
	a.registerHooks(api)
	a.registerOutside(api)

	doc := api.OpenAPI()
	filed := doc.Paths[cases].Post.Responses
	filed["200"] = &huma.Response{Description: "The case that this key has filed under the external_id before", Content: filed["201"].Content}
	doc.Paths[cases].Get.Responses["304"] = &huma.Response{Description: "Not changed since the ETag named in If-None-Match"}
	doc.Paths[one].Get.Responses["304"] = &huma.Response{Description: "Not changed since the version named in If-None-Match"}
}

// operation describes an operation. Every one may also fail for the key, the limit, its values or inside.
func operation(id, method, path, summary, description string, failures ...int) huma.Operation {
	op := huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Description: description, MaxBodyBytes: maxBody + 1,
		Errors: append(failures, http.StatusUnauthorized, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusInternalServerError)}
	if id == "file-case" {
		op.DefaultStatus = http.StatusCreated
	}
	return op
}

// handle makes a handler of a method that takes the actor and returns errors of the domain. in is where its fields are.
func handle[I, O any](a *API, in string, do func(context.Context, routing.Actor, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, input *I) (*O, error) {
		out, err := do(ctx, callerOf(ctx).actor, input)
		if err != nil {
			return nil, a.fail(ctx, in, err)
		}
		return out, nil
	}
}
