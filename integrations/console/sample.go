package console

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
	"jiesu/routing/report"
)

const (
	samplePath = "/console/sample.xlsx"
	// maxSample is the most cases that anybody evaluates by hand.
	maxSample = 10_000
)

// drawChoice is a period that a sample can be drawn of.
type drawChoice struct{ Period, Name string }

// drawable lists the periods that are over and that third parties are asked about: four quarters, three months and the last year.
func (s *Console) drawable() (list []drawChoice) {
	for kind, n := range map[report.Kind]int{report.Quarterly: 4, report.Monthly: 3} {
		for p := report.PeriodOf(kind, s.Now()); n > 0; n-- {
			p = p.Before()
			list = append(list, drawChoice{p.String(), report.PeriodName(p, s.Wording)})
		}
	}
	slices.SortStableFunc(list, func(a, b drawChoice) int { return strings.Compare(b.Period, a.Period) })
	year := strconv.Itoa(report.PeriodOf(report.Monthly, s.Now()).Year - 1)
	return append(list, drawChoice{year, s.Wording.Text("console.papers.year", "n", year)})
}

// sample answers with cases drawn for evaluation by a third party, as a spreadsheet that names nobody.
func (s *Console) sample(c *gin.Context, actor routing.Actor) error {
	size, err := strconv.Atoi(c.DefaultQuery("size", strconv.Itoa(s.SampleSize)))
	if err != nil || size < 1 || size > maxSample {
		return &routing.InvalidError{Field: "size", Key: "error.sample_size"}
	}
	draw, err := report.NewDraw(c.Query("period"), size)
	if err != nil {
		return &routing.InvalidError{Field: "period", Key: "console.papers.period_invalid"}
	}
	table, err := draw.Table(c.Request.Context(), s.Store, s.Plan, s.Wording)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := report.WriteXLSX(&b, draw.To, table); err != nil {
		return err
	}
	s.Logger.Info("sample drawn", "period", draw.Period, "cases", len(table.Rows), "actor_id", actor.ID)
	c.Header("Content-Disposition", `attachment; filename="sample-`+draw.Period+`.xlsx"`)
	c.Data(http.StatusOK, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b.Bytes())
	return nil
}
