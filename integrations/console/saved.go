package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

const (
	longestName  = 30 // of a saved filter or a template, in characters
	mostFilters  = 20 // of one account
	mostReplies  = 50 // templates of one unit
	filterPrefix = "/console/filters/"
)

// kept are the fields of a list's address that a saved filter holds.
var kept = []string{"state", "q", "unit", "category", "item", "district", "clock", "supervised", "order"}

// keepable is the part of an address's query that a saved filter holds.
func keepable(v url.Values) string {
	out := url.Values{}
	for _, field := range kept {
		if value := strings.TrimSpace(v.Get(field)); value != "" && utf8.RuneCountInString(value) <= 100 {
			out.Set(field, value)
		}
	}
	return out.Encode()
}

// saveFilter keeps the conditions of a list under a name; a name that the account has already gets the new conditions.
func (s *Console) saveFilter(c *gin.Context, actor routing.Actor) error {
	if err := readForm(c); err != nil {
		return err
	}
	name := strings.TrimSpace(c.PostForm("name"))
	if name == "" || utf8.RuneCountInString(name) > longestName {
		return &routing.InvalidError{Field: "name", Key: "console.saved.name_wrong"}
	}
	v, err := url.ParseQuery(c.PostForm("query"))
	if err != nil {
		return &routing.InvalidError{Field: "query", Key: "console.problem.form"}
	}
	ctx := c.Request.Context()
	f := routing.SavedFilter{ID: routing.NewID(), UserID: actor.ID, Name: name, Query: keepable(v), CreatedAt: s.Now()}
	err = s.Store.Update(ctx, func(tx routing.Tx) error {
		mine, err := tx.SavedFilters(ctx, actor.ID)
		if err != nil {
			return err
		}
		known := slices.ContainsFunc(mine, func(m routing.SavedFilter) bool { return m.Name == name })
		if len(mine) >= mostFilters && !known {
			return &routing.InvalidError{Field: "name", Key: "console.saved.too_many"}
		}
		return tx.PutSavedFilter(ctx, f)
	})
	if err != nil {
		return err
	}
	c.Redirect(http.StatusSeeOther, "/console?"+f.Query)
	return nil
}

// openFilter leads to the list of a saved filter, also somebody else's: who opens it sees what they may.
func (s *Console) openFilter(c *gin.Context, _ routing.Actor) error {
	f, err := s.Store.SavedFilter(c.Request.Context(), c.Param("id"))
	if err != nil {
		return err
	}
	c.Redirect(http.StatusSeeOther, "/console?"+f.Query)
	return nil
}

func (s *Console) deleteFilter(c *gin.Context, actor routing.Actor) error {
	ctx := c.Request.Context()
	err := s.Store.Update(ctx, func(tx routing.Tx) error { return tx.DeleteSavedFilter(ctx, actor.ID, c.Param("id")) })
	if err != nil {
		return err
	}
	c.Redirect(http.StatusSeeOther, "/console")
	return nil
}

// savedView is a saved filter over the list.
type savedView struct {
	routing.SavedFilter
	Address string
	Now     bool // the list shows it
}

func (s *Console) savedOf(c *gin.Context, actor routing.Actor) ([]savedView, error) {
	mine, err := s.Store.SavedFilters(c.Request.Context(), actor.ID)
	if err != nil {
		return nil, err
	}
	here := keepable(c.Request.URL.Query())
	views := make([]savedView, len(mine))
	for i, f := range mine {
		views[i] = savedView{f, filterPrefix + f.ID, here == f.Query}
	}
	return views, nil
}
