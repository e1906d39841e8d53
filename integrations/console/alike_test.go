package console

import (
	"context"
	"testing"

	"jiesu/routing"
)

// closing files a complaint about the closing order.
func (w *world) closing(words, phone string, confidential bool) routing.Case {
	w.t.Helper()
	return w.file(func(c *routing.Complaint) {
		c.Text, c.Contact, c.Confidential = words, routing.Contact{Phone: phone, Name: "甲乙丙", Enterprise: "隐名烧烤店"}, confidential
		c.Judgement = judge{}.Judge(words)
		c.Placement = &routing.Placement{Item: item, Unit: lead}
	})
}

func TestALikelyRepeatIsShownBeforeAndAfterFiling(t *testing.T) {
	t.Parallel()
	w := start(t)
	own := w.closing("秀湖边的停业通知没有依据", "13800138001", false)
	city := w.closing("停业通知说来就来", "13800138002", true)
	away := w.closing("停业已经办完", "13800138003", false)
	w.update(func(ctx context.Context, tx routing.Tx) error {
		_, err := w.desk.ActIn(ctx, tx, routing.Actor{Role: routing.RoleOperator}, away.Number, routing.Step{Action: routing.ActionWithdraw})
		return err
	})
	w.post("operator", "/console/suggest", "text", "又来问停业的事", "phone", "138 0013 8001").want(200, "可能已经反映过", own.Number, "同一诉求人", city.Number).
		lacks(away.Number, "13800138002", "甲乙丙", "隐名烧烤店")
	w.post("operator", "/console/suggest", "text", "又来问停业的事").want(200, own.Number, city.Number).lacks("同一诉求人")
	w.post("operator", "/console/suggest", "text", "说的是别的事情").want(200).lacks("可能已经反映过")
	a := w.post("operator", "/console/file", "external_id", freshForm(w, "operator"), "text", "又来问停业的事", "phone", "13800138001", "placement", "").
		want(200, "登记好了", "可能与这些工单是同一件事", own.Number, "同一诉求人", city.Number)
	filed := w.load(numberPattern.FindString(a.body))
	w.get("office", casePath(filed)).want(200, "可能是同一件事", casePath(own), casePath(city)).lacks(casePath(away))
	w.get("office", casePath(away)).want(200, "可能是同一件事", casePath(own)) // what is done shows what still goes on
}

// Who calls for an enterprise hears what others of it have filed; nobody's hidden case is among that.
func TestTheCallersEnterpriseBringsUpItsOtherCases(t *testing.T) {
	t.Parallel()
	w := start(t)
	file := func(phone, enterprise string, confidential bool) routing.Case {
		return w.file(func(c *routing.Complaint) {
			c.Text, c.Confidential, c.Contact = "拖欠工程款，催了半年也没有说法", confidential, routing.Contact{Phone: phone, Enterprise: enterprise}
		})
	}
	own, colleague := file("13800138001", "辽河春晓保温工程有限公司", false), file("13800138002", "辽河春晓保温工程有限公司", false)
	hidden, other := file("13800138003", "辽河春晓保温工程有限公司", true), file("13800138004", "辽河春晓工程有限公司", false)
	w.post("operator", "/console/lookup", "phone", "13800138001").want(200, own.Number, "同一企业其他人反映的", colleague.Number).lacks(hidden.Number, other.Number)
	w.post("operator", "/console/lookup", "phone", "13800138004").want(200, other.Number).lacks("同一企业", colleague.Number)
}

// An operator's word that it is the same matter places a case where the other lies and makes them one problem, unless somebody is hidden.
func TestTheSameMatterIsOneProblemByTheOperatorsWord(t *testing.T) {
	t.Parallel()
	w := start(t)
	first, hidden := w.closing("秀湖边的停业通知没有依据", "13800138001", false), w.closing("秀湖停业", "13800138002", true)
	gone := w.closing("停业已经办完", "13800138003", false)
	w.update(func(ctx context.Context, tx routing.Tx) error {
		_, err := w.desk.ActIn(ctx, tx, routing.Actor{Role: routing.RoleOperator}, gone.Number, routing.Step{Action: routing.ActionWithdraw})
		return err
	})
	problem := func(number string) string {
		t.Helper()
		p, err := w.store.ProblemOf(t.Context(), number)
		must(t, err)
		return p.Number
	}
	file := func(fields ...string) routing.Case {
		t.Helper()
		a := w.post("operator", "/console/file", append([]string{"external_id", freshForm(w, "operator"), "text", "也是停业的事", "phone", "13800138009"}, fields...)...).want(200, "登记好了")
		return w.load(numberPattern.FindString(a.body))
	}
	w.post("operator", "/console/suggest", "text", "又来问停业的事").want(200, `name="same" value="`+first.Number, "Alt+S")
	second := file("same", first.Number)
	if second.Unit != lead || second.Item != item || second.State != routing.StateDispatched || problem(second.Number) != problem(first.Number) {
		t.Errorf("%+v in %s, not in %s", second, problem(second.Number), problem(first.Number))
	}
	if p, err := w.store.Problem(t.Context(), problem(first.Number)); err != nil || p.State != routing.ProblemOpen {
		t.Errorf("%+v, %v", p, err)
	}
	for name, c := range map[string]routing.Case{"the other is hidden": file("same", hidden.Number), "the caller is hidden": file("same", first.Number, "confidential", "yes")} {
		if c.Unit != lead || problem(c.Number) == problem(first.Number) || problem(c.Number) == problem(hidden.Number) {
			t.Errorf("%s: %+v in %s", name, c, problem(c.Number))
		}
	}
	for same, says := range map[string]string{gone.Number: "已经办完", "JS20200101-000000": "找不到"} {
		w.post("operator", "/console/file", "external_id", freshForm(w, "operator"), "text", "也是停业的事", "same", same).want(422, says, "也是停业的事")
	}
}

func TestAUnitSeesOnlyItsOwnCasesThatAreAlikeAndNoHiddenOnes(t *testing.T) {
	t.Parallel()
	w := start(t)
	mine, hidden := w.closing("秀湖停业", "13800138001", false), w.closing("秀湖停业", "13800138002", true)
	second := w.closing("停业通知", "13800138001", false)
	w.update(func(ctx context.Context, tx routing.Tx) error {
		_, err := w.desk.ActIn(ctx, tx, routing.Actor{Role: routing.RoleOffice}, second.Number, routing.Step{Action: routing.ActionReassign, Unit: other})
		return err
	})
	w.get("unit", casePath(mine)).want(200).lacks(hidden.Number, second.Number, "可能是同一件事")
	w.get("unit", casePath(hidden)).want(200).lacks(mine.Number, "可能是同一件事")
	third := w.closing("停业", "13800138004", false)
	w.get("unit", casePath(mine)).want(200, "可能是同一件事", third.Number).lacks(hidden.Number, second.Number, "console/tasks#incident")
}

func TestAMassIncidentIsOnTheOfficesBoardUntilItIsSeenTo(t *testing.T) {
	t.Parallel()
	w := start(t)
	first := w.closing("秀湖停业", "13800138001", true)
	w.closing("秀湖停业", "13800138002", false)
	must(t, w.desk.Gather(t.Context()))
	w.get("office", "/console").want(200).lacks("群体性诉求")
	third := w.closing("停业通知", "13800138003", false)
	must(t, w.desk.Gather(t.Context()))
	w.get("office", "/console").want(200, "群体性诉求：3 件诉求反映同一件事", "/console/tasks#incident-")
	for _, user := range []string{"operator", "unit"} {
		w.get(user, "/console").want(200).lacks("群体性诉求")
	}
	open, err := w.store.OpenIncidents(t.Context())
	must(t, err)
	done := "/console/tasks/" + open[0].ID + "/done"
	w.get("operator", "/console/tasks").want(200, "群体性诉求", "已有 3 件诉求", casePath(first), casePath(third)).lacks(done, "13800138001", "没有要办的事")
	w.get("office", "/console/tasks").want(200, casePath(first), done)
	w.get("office", casePath(first)).want(200, "列入群体性诉求", "/console/tasks#incident-"+open[0].ID)
	w.get("unit", casePath(first)).want(200, "列入群体性诉求").lacks("/console/tasks#incident-", third.Number)
	w.get("", "/p/"+w.load(first.Number).Token).want(200).lacks("群体性诉求")
	w.post("operator", done).want(403)
	w.post("office", done).to("/console/tasks")
	w.get("office", "/console").want(200).lacks("群体性诉求")
	w.get("office", "/console/tasks").want(200, "没有要办的事")
	w.get("office", casePath(first)).want(200, "列入群体性诉求")
}
