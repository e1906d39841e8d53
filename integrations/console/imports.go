package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

const (
	importsPath = "/console/imports"
	// maxSheet is the largest file of work orders that a page takes, in bytes; larger ones are for the command.
	maxSheet = 40 << 20
	// importList is how many imports are listed, importPage how many lines a page shows.
	importList = 50
	importPage = 100
)

// Orders takes files of work orders. Errors: routing.ErrForbidden, routing.ErrNotFound, *routing.InvalidError: it is no table of orders.
type Orders interface {
	Upload(ctx context.Context, actor routing.Actor, name string, content []byte) (routing.Import, error)
	Rejected(ctx context.Context, actor routing.Actor, id string, w io.Writer) error
}

// importsView is the list of files.
type importsView struct {
	Imports []routing.Import
	Problem *problemView
}

// importView is one file.
type importView struct {
	routing.Import
	Lines    []routing.ImportLine
	Only     routing.OrderOutcome // "" for all
	More     int                  // line that the next page begins after, 0 on the last
	Fields   []routing.OrderField
	Outcomes []routing.OrderOutcome
	Problem  *problemView
}

// Running reports whether a run is going on.
func (v importView) Running() bool { return v.State == routing.ImportRunning }

// Open reports whether a run may be begun.
func (v importView) Open() bool {
	return v.State == routing.ImportReady || v.State == routing.ImportFailed
}

// Percent is how far the run is.
func (v importView) Percent() int {
	if v.Rows == 0 {
		return 0
	}
	return min(100, v.Told()*100/v.Rows)
}

// Count is how many rows came out so.
func (v importView) Count(o routing.OrderOutcome) int { return v.Counts[o] }

// Chosen reports whether the column is chosen for the field.
func (v importView) Chosen(f routing.OrderField, column int) bool {
	c, ok := v.Mapping[f]
	return ok && c == column
}

func importPath(id string) string { return importsPath + "/" + url.PathEscape(id) }

func (s *Console) imports(c *gin.Context, actor routing.Actor) error {
	return s.renderImports(c, http.StatusOK, actor, nil)
}

func (s *Console) renderImports(c *gin.Context, status int, actor routing.Actor, p *problemView) error {
	list, err := s.Desk.Imports(c.Request.Context(), actor, importList)
	if err != nil {
		return err
	}
	s.render(c, status, "imports", page{Title: "import.title", Actor: actor, Section: "imports", Data: importsView{Imports: list, Problem: p}})
	return nil
}

// upload takes a file and leads to its page.
func (s *Console) uploadOrders(c *gin.Context, actor routing.Actor) error {
	name, content, err := readSheet(c)
	var i routing.Import
	if err == nil {
		i, err = s.Orders.Upload(c.Request.Context(), actor, name, content)
	}
	if bad := (*routing.InvalidError)(nil); errors.As(err, &bad) {
		status, key, text := s.explain(err)
		return s.renderImports(c, status, actor, &problemView{Key: key, Text: text})
	}
	if err != nil {
		return err
	}
	s.Logger.Info("work orders uploaded", "import_id", i.ID, "rows", i.Rows, "actor_id", actor.ID)
	c.Redirect(http.StatusSeeOther, importPath(i.ID))
	return nil
}

func readSheet(c *gin.Context) (name string, content []byte, err error) {
	if err := c.Request.ParseMultipartForm(maxBody); err != nil {
		if is[*http.MaxBytesError](err) {
			return "", nil, err
		}
		return "", nil, &routing.InvalidError{Field: "file", Key: "console.problem.form"}
	}
	defer func() { err = errors.Join(err, c.Request.MultipartForm.RemoveAll()) }()
	f, head, err := c.Request.FormFile("file")
	if err != nil {
		return "", nil, &routing.InvalidError{Field: "file", Key: "error.order_file_none"}
	}
	content, err = io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", nil, fmt.Errorf("read uploaded file: %w", err)
	}
	return head.Filename, content, nil
}

func (s *Console) importPage(c *gin.Context, actor routing.Actor) error {
	v, err := s.loadImport(c, actor)
	if err != nil {
		return err
	}
	s.renderImport(c, http.StatusOK, actor, v)
	return nil
}

func (s *Console) loadImport(c *gin.Context, actor routing.Actor) (v importView, err error) {
	v.Fields, v.Outcomes = routing.OrderFields(), routing.OrderOutcomes()
	var only []routing.OrderOutcome
	for _, o := range v.Outcomes {
		if c.Query("only") == string(o) {
			v.Only, only = o, []routing.OrderOutcome{o}
		}
	}
	after, _ := strconv.Atoi(c.Query("after"))
	v.Import, v.Lines, err = s.Desk.ImportOf(c.Request.Context(), actor, c.Param("id"), only, after, importPage+1)
	if len(v.Lines) > importPage {
		v.Lines = v.Lines[:importPage]
		v.More = v.Lines[importPage-1].Line
	}
	return v, err
}

func (s *Console) renderImport(c *gin.Context, status int, actor routing.Actor, v importView) {
	s.render(c, status, "import", page{Title: "import.title", Actor: actor, Section: "imports", Data: v})
}

// startImport tries the orders, or files them.
func (s *Console) startImport(c *gin.Context, actor routing.Actor) error {
	if err := readForm(c); err != nil {
		return err
	}
	id, m := c.Param("id"), routing.OrderMapping{}
	for _, f := range routing.OrderFields() {
		if column, err := strconv.Atoi(c.PostForm("column_" + string(f))); err == nil {
			m[f] = column
		}
	}
	dry := c.PostForm("run") != "file"
	err := s.Desk.StartImport(c.Request.Context(), actor, id, m, dry)
	if bad := (*routing.InvalidError)(nil); errors.As(err, &bad) {
		status, key, text := s.explain(err)
		v, loading := s.loadImport(c, actor)
		if loading != nil {
			return loading
		}
		v.Mapping, v.Problem = m, &problemView{Key: key, Text: text}
		s.renderImport(c, status, actor, v)
		return nil
	}
	if err != nil {
		return err
	}
	s.Logger.Info("import begun", "import_id", id, "dry", dry, "actor_id", actor.ID)
	c.Redirect(http.StatusSeeOther, importPath(id))
	return nil
}

// rejectedOrders sends the rows to mend.
func (s *Console) rejectedOrders(c *gin.Context, actor routing.Actor) error {
	i, _, err := s.Desk.ImportOf(c.Request.Context(), actor, c.Param("id"), nil, 0, 1)
	if err != nil {
		return err
	}
	h := c.Writer.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="rejected-`+i.ID+`.csv"`)
	return s.Orders.Rejected(c.Request.Context(), actor, i.ID, c.Writer)
}
