package main

import (
	"jiesu/configs"
	"jiesu/routing"
)

// surveyRules are the rules of following up answers as the domain has them.
func surveyRules(e configs.Evaluation) routing.SurveyRules {
	return routing.SurveyRules{Remind: routing.Limit{N: e.RemindAfter, Unit: routing.WorkingDays},
		Call: routing.Limit{N: e.CallAfter, Unit: routing.WorkingDays}, Share: e.CallPercent}
}
