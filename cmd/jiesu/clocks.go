package main

import (
	"fmt"

	"jiesu/configs"
	"jiesu/routing"
)

// loadTimetable reads the rules of the clocks and the calendar they are counted on, and checks them against the plan.
func loadTimetable(plan *routing.Plan, c configs.Clocks) (*routing.Timetable, error) {
	var rules routing.ClockRules
	if err := configs.DecodeOwn("clocks.yaml", c.File, &rules); err != nil {
		return nil, fmt.Errorf("rules of the clocks (JIESU_CLOCKS_FILE): %w", err)
	}
	years, err := configs.DecodeCalendar[routing.CalendarYear](c.Calendar)
	if err != nil {
		return nil, fmt.Errorf("calendar of the clocks (JIESU_CLOCKS_CALENDAR): %w", err)
	}
	return routing.NewTimetable(plan, rules, years)
}

// warnOfCalendar says which years the clocks may need and can't count. /readyz and the office's list say it too.
func (a *app) warnOfCalendar() {
	for _, year := range a.plan.Timetable.Calendar().Missing(a.now()) {
		a.log.Warn("no calendar of holidays and make-up days: limits that reach into the year can't be counted; put its file into the folder of clocks.calendar (JIESU_CLOCKS_CALENDAR)",
			"year", year, "file", fmt.Sprint(year, ".yaml"))
	}
}
