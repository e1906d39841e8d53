package console

import (
	"bytes"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
	"jiesu/routing/report"
)

const (
	samplePath = "/console/sample.xlsx"
	// maxSample is the most cases that anybody evaluates by hand.
	maxSample = 10_000
)

// drawable lists the periods that are over and that third parties are asked about: the last year, four quarters and three months.
func (s *Console) drawable() []string {
	quarter, month := report.PeriodOf(report.Quarterly, s.Now()), report.PeriodOf(report.Monthly, s.Now())
	list := []string{strconv.Itoa(month.Year - 1)}
	for range 4 {
		quarter = quarter.Before()
		list = append(list, quarter.String())
	}
	for range 3 {
		month = month.Before()
		list = append(list, month.String())
	}
	return list
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
