package console

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"jiesu/routing"
)

// fields fills the form of every step. Texts are what the page must give back when the step fails.
var fields = map[routing.Action][]string{
	routing.ActionAssign:     {"item", "1.2", "unit", other, "district", "铁西区", "assisting", "court", "assisting", "tax", "note", "请尽快办理"},
	routing.ActionReassign:   {"item", "1.2", "unit", other, "district", "浑南区", "assisting", "court", "note", "职责在商务"},
	routing.ActionNotAccept:  {"route", "court", "note", "请向人民法院起诉"},
	routing.ActionTransfer:   {"body", "other", "note", "转省交通厅"},
	routing.ActionSign:       {"note", "已安排专人"},
	routing.ActionUphold:     {"note", "职责清单里有这一项"},
	routing.ActionContact:    {"how", "visit", "contacted_at", "", "note", "约了明天对账"},
	routing.ActionPoints:     {"points", "请尽快付清工程款\n请公布付款计划", "note", "合并了两条"},
	routing.ActionDecline:    {"note", "审计已经结束"},
	routing.ActionCallBack:   {"solved", "yes", "satisfied", "4", "note", "说钱到账了"},
	routing.ActionRefuse:     {"ground", "duty", "note", "三定方案没有这一项", "proposed_unit", "court"},
	routing.ActionProgress:   {"note", "正在核对账目", "internal", "1"},
	routing.ActionExtend:     {"note", "需要外部审计", "days", "5"},
	routing.ActionReply:      {"note", "已经付清"},
	routing.ActionClose:      {"note", "办完了"},
	routing.ActionStrikeOff:  {"note", "核对无误"},
	routing.ActionSendBack:   {"note", "没有附拨付凭证"},
	routing.ActionRedo:       {"note", "款还没到"},
	routing.ActionWithdraw:   {"note", "来电要求撤回"},
	routing.ActionRate:       {"solved", "partly", "satisfied", "2", "note", "慢了点"},
	routing.ActionUrge:       {"note", "请加快"},
	routing.ActionSupervise:  {"note", "超过一年"},
	routing.ActionDoubt:      {"note", "同一事捏造了三次"},
	routing.ActionTrust:      {"note", "查明确有其事"},
	routing.ActionRelink:     {"note", "链接发到群里了"},
	routing.ActionSupplement: {"note", "又来电补充", "enterprise", "浑河新名保温公司", "phone", "139 0013 9000", "confidential", "yes"},
}

// takenBy is a state and a role in which each step is legal.
var takenBy = map[routing.Action]struct {
	state routing.State
	role  string
}{
	routing.ActionAssign:     {routing.StateTriage, "office"},
	routing.ActionReassign:   {routing.StateRefused, "office"},
	routing.ActionNotAccept:  {routing.StateTriage, "admin"},
	routing.ActionTransfer:   {routing.StateSigned, "office"},
	routing.ActionSign:       {routing.StateDispatched, "unit"},
	routing.ActionUphold:     {routing.StateRefused, "office"},
	routing.ActionContact:    {routing.StateSigned, "unit"},
	routing.ActionPoints:     {routing.StateSigned, "unit"},
	routing.ActionDecline:    {routing.StateSigned, "office"},
	routing.ActionCallBack:   {routing.StateReplied, "operator"},
	routing.ActionRefuse:     {routing.StateDispatched, "unit"},
	routing.ActionProgress:   {routing.StateSigned, "unit"},
	routing.ActionExtend:     {routing.StateSigned, "unit"},
	routing.ActionReply:      {routing.StateSigned, "unit"},
	routing.ActionClose:      {routing.StateReplied, "unit"},
	routing.ActionStrikeOff:  {routing.StateClosed, "office"},
	routing.ActionSendBack:   {routing.StateClosed, "office"},
	routing.ActionRedo:       {routing.StateReplied, "operator"},
	routing.ActionWithdraw:   {routing.StateSigned, "operator"},
	routing.ActionRate:       {routing.StateReplied, "operator"},
	routing.ActionUrge:       {routing.StateSigned, "operator"},
	routing.ActionSupervise:  {routing.StateSigned, "office"},
	routing.ActionSupplement: {routing.StateSigned, "operator"},
	routing.ActionDoubt:      {routing.StateSigned, "office"},
	routing.ActionTrust:      {routing.StateSigned, "office"},
	routing.ActionRelink:     {routing.StateSigned, "operator"},
}

func version(c routing.Case) []string { return []string{"version", strconv.FormatInt(c.Version, 10)} }

func TestEveryStepIsTakenThroughItsForm(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, action := range routing.Actions() {
		if action == routing.ActionReveal {
			continue // has a test of its own
		}
		by, sent := takenBy[action], fields[action]
		c := w.at(by.state)
		if action == routing.ActionDecline {
			w.act("unit", c.Number, routing.Step{Action: routing.ActionExtend, Days: 3, Note: "等审计"})
			c = w.load(c.Number)
		}
		if action == routing.ActionTrust {
			w.act("office", c.Number, step(routing.ActionDoubt, "存疑"))
			c = w.load(c.Number)
		}
		page := w.get(by.role, casePath(c)).want(200, fmt.Sprintf(`action="%s"`, casePath(c, string(action))), `name="version" value="`+version(c)[1]+`"`)
		for i := 0; i < len(sent); i += 2 {
			page.want(200, `name="`+sent[i]+`"`)
		}
		w.post(by.role, casePath(c, string(action)), append(version(c), sent...)...).to(casePath(c))
		after, e := w.load(c.Number), w.lastEvent(c.Number)
		want, err := routing.Next(w.actor(by.role), c, action)
		must(t, err)
		if after.State != want || e.Action != action || e.Actor.ID != w.users[by.role].ID || e.Data.Note != formOf(sent...).Get("note") {
			t.Errorf("%s: state %s, want %s; event %+v", action, after.State, want, e)
		}
		w.get(by.role, casePath(c)).want(200, e.Data.Note)
	}
}

func TestStepsCarryAllThatTheirFormsSay(t *testing.T) {
	t.Parallel()
	w := start(t)
	take := func(action routing.Action) (routing.Case, routing.EventData) {
		by := takenBy[action]
		c := w.at(by.state)
		w.post(by.role, casePath(c, string(action)), append(version(c), fields[action]...)...).to(casePath(c))
		return w.load(c.Number), w.lastEvent(c.Number).Data
	}
	if c, d := take(routing.ActionAssign); c.Item != "1.2" || c.Unit != other || c.District != "铁西区" || !slices.Equal(d.Assisting, []string{"court", "tax"}) {
		t.Errorf("assign: %+v", d)
	}
	if _, d := take(routing.ActionRefuse); d.ProposedUnit != "court" {
		t.Errorf("refuse: %+v", d)
	}
	if _, d := take(routing.ActionProgress); !d.Internal {
		t.Errorf("progress: %+v", d)
	}
	if _, d := take(routing.ActionExtend); d.Days != 5 {
		t.Errorf("extend: %+v", d)
	}
	if c, _ := take(routing.ActionRate); c.Rating == nil || *c.Rating != (routing.Rating{Solved: routing.SolvedPartly, Satisfied: 2}) {
		t.Errorf("rate: %+v", c.Rating)
	}
	if c, d := take(routing.ActionSupplement); !c.Confidential || !d.Contact || c.Contact != (routing.Contact{Enterprise: "浑河新名保温公司", Name: caller.Name, Phone: "13900139000"}) {
		t.Errorf("supplement: %+v %+v", c.Contact, d)
	}
}

func TestAStepWithoutAssistingUnitsTakesThemOff(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateRefused)
	w.act("office", c.Number, routing.Step{Action: routing.ActionReassign, Unit: lead, Assisting: []string{"court"}})
	w.post("office", casePath(c, "reassign"), "version", strconv.FormatInt(c.Version+1, 10), "item", item, "unit", other).to(casePath(c))
	if got := w.load(c.Number); len(got.Assisting) > 0 || got.Unit != other {
		t.Errorf("%+v", got)
	}
}

func TestAFormThatComesLateShowsWhatHappenedAndKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, action := range routing.Actions() {
		if action == routing.ActionReveal || action == routing.ActionUrge {
			continue
		}
		by, sent := takenBy[action], fields[action]
		c := w.at(by.state)
		w.act("operator", c.Number, step(routing.ActionSupplement, "别人抢先写下的"))
		before := w.load(c.Number)
		page := w.post(by.role, casePath(c, string(action)), append(version(c), sent...)...)
		page.want(409, "已被他人更新", "别人抢先写下的", `name="version" value="`+version(before)[1]+`"`)
		for field, values := range formOf(sent...) {
			for _, v := range values {
				if !strings.Contains(page.body, v) {
					t.Errorf("%s: %s %q is lost", action, field, v)
				}
			}
		}
		if got := w.load(c.Number); got.Version != before.Version {
			t.Errorf("%s was taken all the same", action)
		}
	}
}

func TestAChosenPlacementSurvivesAConflict(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateTriage)
	w.act("operator", c.Number, step(routing.ActionSupplement, "补充"))
	w.post("office", casePath(c, "assign"), append(version(c), fields[routing.ActionAssign]...)...).want(409,
		`<option value="1.2" selected>`, `<option value="commerce" selected>`, `<option selected>铁西区`, `value="court" checked`, `value="tax" checked`)
}

func TestAStepThatHasBecomeIllegalSaysSo(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	w.act("complainant", c.Number, step(routing.ActionWithdraw, ""))
	w.post("unit", casePath(c, "reply"), "version", "0", "note", "写了很久的答复").want(409, "现在不能这样做", "已撤回", "写了很久的答复")
	refused := w.at(routing.StateRefused)
	w.act("office", refused.Number, routing.Step{Action: routing.ActionReassign, Unit: lead})
	w.post("unit", casePath(refused, "refuse"), "note", "再退一次").want(409, "现在不能这样做", "再退一次")
}

func TestACaseThatLeftTheDeskGivesBackWhatWasTyped(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	w.act("office", c.Number, routing.Step{Action: routing.ActionReassign, Unit: other})
	w.post("unit", casePath(c, "reply"), append(version(c), "note", "写了很久的答复")...).want(404, "没有找到", "写了很久的答复")
}

func TestWhatIsMissingIsSaidInPlainChinese(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, tc := range []struct {
		action routing.Action
		sent   []string
		says   string
	}{
		{routing.ActionReply, []string{"note", "  "}, "请写明情况或理由"},
		{routing.ActionRefuse, []string{"ground", "duty"}, "请写明情况或理由"},
		{routing.ActionRefuse, []string{"note", "不是我们的事"}, "请从列表里选一项退单依据"},
		{routing.ActionAssign, []string{"item", "1.1", "unit", ""}, "请选择承办的牵头单位"},
		{routing.ActionAssign, []string{"item", "1.1", "unit", "metro"}, "不是该专项的牵头单位"},
		{routing.ActionExtend, []string{"note", "理由", "days", "很多"}, "1 到 30 之间的整数"},
		{routing.ActionRate, []string{"note", "忘了选"}, "请选择问题是否解决"},
		{routing.ActionSupplement, nil, "请写明情况或理由"},
	} {
		by := takenBy[tc.action]
		c := w.at(by.state)
		w.post(by.role, casePath(c, string(tc.action)), append(version(c), tc.sent...)...).want(422, "请补充一下", tc.says, `data-step="`+string(tc.action)+`" open`)
	}
}

func TestOpeningTheAddressOfAStepLeadsToTheCase(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	w.get("unit", casePath(c, "reply")).to(casePath(c))
	w.get("", casePath(c, "reply")).to("/console/login?next=%2Fconsole%2Fcases%2F" + c.Number + "%2Freply")
	w.get("", "/p/"+c.Token+"/urge").to("/p/" + c.Token)
}

func TestTheStepThatComesNextStandsOpen(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, tc := range []struct {
		state routing.State
		role  string
		open  string // "" for none
	}{
		{routing.StateTriage, "office", "assign"}, {routing.StateTriage, "operator", ""}, {routing.StateDispatched, "unit", "sign"},
		{routing.StateDispatched, "office", ""}, {routing.StateSigned, "unit", "reply"}, {routing.StateRefused, "office", "reassign"},
		{routing.StateReplied, "unit", "close"}, {routing.StateReplied, "operator", "rate"}, {routing.StateClosed, "office", "strike-off"},
		{routing.StateStruckOff, "unit", ""},
	} {
		a := w.get(tc.role, casePath(w.at(tc.state))).want(200)
		var open []string
		for _, action := range routing.Actions() {
			if strings.Contains(a.body, fmt.Sprintf(`data-step="%s" open`, action)) {
				open = append(open, string(action))
			}
		}
		if strings.Join(open, " ") != tc.open {
			t.Errorf("%s for %s: open %v, want %q", tc.state, tc.role, open, tc.open)
		}
	}
}

func TestContactIsMaskedUntilItIsRevealedWhichIsOnRecord(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	for _, role := range []string{"operator", "unit", "office", "admin"} {
		w.get(role, casePath(c)).want(200, "138****8000", "欧**").lacks(caller.Phone, caller.Name)
	}
	w.post("unit", casePath(c, "reveal"), "note", "").want(422, "请写明情况或理由").lacks(caller.Phone)
	w.post("unit", casePath(c, "reveal"), "note", "电话核对欠款数目").want(200, caller.Phone, caller.Name, "本次查看已记入流转记录")
	if e := w.lastEvent(c.Number); e.Action != routing.ActionReveal || e.Actor.Name != "unit" || e.Data.Note != "电话核对欠款数目" {
		t.Errorf("on record: %+v", e)
	}
	w.get("unit", casePath(c)).want(200, "查看了联系方式", "电话核对欠款数目").lacks(caller.Phone)
	if strings.Contains(w.log.String(), caller.Phone) {
		t.Error("the phone is in the log")
	}
}

// secrets is all that tells who is behind a case.
func secrets(c routing.Case) []string {
	return []string{caller.Enterprise, caller.Name, "欧**", caller.Phone, "138****8000", c.ComplainantID, c.Token, "outside-4711"}
}

func TestAConfidentialComplainantIsNowhereInWhatAUnitGets(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateReplied, confidential, func(c *routing.Complaint) {
		c.ExternalID = "outside-4711"
		c.Judgement = judge{}.Judge(c.Text)
		c.Judgement.Entities = &routing.Entities{Enterprise: caller.Enterprise, Phones: []string{caller.Phone}, People: []string{caller.Name}}
	})
	file := w.attach(c, "image", "image/png", onePixel)
	w.act("complainant", c.Number, routing.Step{Action: routing.ActionRate, Rating: &routing.Rating{Solved: routing.SolvedNo}},
		routing.Step{Action: routing.ActionSupplement, Note: "补充一张照片。"})
	w.act("operator", c.Number, routing.Step{Action: routing.ActionSupplement, Contact: &routing.Contact{Phone: caller.Phone}})
	if _, err := w.desk.Reveal(t.Context(), w.actor("office"), c.Number, "核对 "+caller.Phone); err != nil {
		t.Fatal(err)
	}
	w.notify(c.Number)
	for _, path := range []string{casePath(c), "/console?state=all", "/console?state=all&q=" + c.Number, "/console?state=all&q=工程款", "/console?state=replied",
		casePath(c, "sign")} {
		a := w.get("unit", path)
		a.lacks(secrets(c)...)
		for name, values := range a.Header() {
			for _, s := range secrets(c) {
				if strings.Contains(strings.Join(values, " "), s) {
					t.Errorf("%s: header %s tells %s", path, name, s)
				}
			}
		}
	}
	w.get("unit", casePath(c)).want(200, "匿名办理", "诉求人要求匿名办理", "短信").lacks(`action="`+casePath(c, "reveal"), "查看了联系方式")
	h := w.get("unit", casePath(c, "attachments", file)).want(200).Header()
	if strings.Contains(h.Get("Content-Disposition"), caller.Enterprise) {
		t.Error(h)
	}
	w.post("unit", casePath(c, "reveal"), "note", "想看看").want(403).lacks(secrets(c)...)
	if e := w.lastEvent(c.Number); e.Actor.Role == routing.RoleUnit && e.Action == routing.ActionReveal {
		t.Error("a refused look is on record as one")
	}
	w.post("unit", casePath(c, "reply"), "version", "1", "note", "x").want(409).lacks(secrets(c)...)
	w.post("unit", casePath(c, "close"), "version", "1").want(409).lacks(secrets(c)...)
	// A search for the name must not tell that there is such a case.
	w.get("unit", "/console?state=all&q="+caller.Enterprise).want(200, "没有符合条件的工单").lacks(c.Number)
	w.get("office", "/console?state=all&q="+caller.Enterprise).want(200, c.Number)
	w.get("office", casePath(c)).want(200, caller.Enterprise, "138****8000", "outside-4711")
}

// notify puts an attempt on record for every notice of the case.
func (w *world) notify(number string) {
	w.t.Helper()
	w.update(func(ctx context.Context, tx routing.Tx) error {
		list, err := tx.NoticesOf(ctx, number)
		for i, n := range list {
			outcomes := []routing.Outcome{routing.OutcomeSent, routing.OutcomeDelivered, routing.OutcomeRefused, routing.OutcomeFailed, routing.OutcomeRetry}
			for attempt, channel := range []string{"template", "customer", "sms", "call_back"} {
				d := routing.Delivery{NoticeID: n.ID, Attempt: attempt + 1, Channel: channel, At: w.clock.now(), Outcome: outcomes[(i+attempt)%len(outcomes)], Code: 43101}
				if err := tx.InsertDelivery(ctx, d); err != nil {
					return err
				}
			}
			n.State = []routing.NoticeState{routing.NoticeSent, routing.NoticeDelivered, routing.NoticeFailed}[i%3]
			if err := tx.UpdateNotice(ctx, n); err != nil {
				return err
			}
		}
		return err
	})
}

func TestNoticesShowEveryAttempt(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateReplied)
	w.get("office", casePath(c)).want(200, "通知与送达", "待发送")
	w.notify(c.Number)
	w.get("office", casePath(c)).want(200, "微信模板消息：已发出，等待回执（错误码 43101）", "短信：对方拒收", "已送达").lacks("待发送")
}

func TestAnAssistingUnitReadsAndReportsProgressOnly(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateRefused)
	w.act("office", c.Number, routing.Step{Action: routing.ActionReassign, Unit: lead, Assisting: []string{other}})
	w.act("unit", c.Number, step(routing.ActionSign, ""))
	w.get("other", casePath(c)).want(200, "协办单位：市商务局", `data-step="progress"`).lacks(`data-step="reply"`, `data-step="reveal"`)
	w.post("other", casePath(c, "reply"), "note", "代为答复").want(403)
	w.post("other", casePath(c, "progress"), "note", "已配合核查").to(casePath(c))
}

func TestAUnitAsksForMoreTimeAndTheOfficeGrantsIt(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateSigned)
	w.get("unit", casePath(c)).want(200, "申请延期", "由领导小组办公室审定")
	w.post("unit", casePath(c, "extend"), "note", "需要审计", "days", "5").to(casePath(c))
	w.get("office", casePath(c)).want(200, "承办单位申请延期", "延期 5 个工作日", "准予延期")
	w.get("", "/p/"+c.Token).want(200).lacks("需要审计", "需要多一些时间")
	w.post("office", casePath(c, "extend"), "note", "同意", "days", "3").to(casePath(c))
	w.get("", "/p/"+c.Token).want(200, "需要多一些时间，延期 3 个工作日")
}

func TestWordsThatDecidedAreMarkedInTheText(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.at(routing.StateTriage)
	a := w.get("office", casePath(c)).want(200, `">发票</mark>`, `">跑了三趟</mark>`, "系统把握", "48%", "2.4 服务事项标准化水平不高")
	if strings.Count(a.body, "<mark") != 2 {
		t.Error(a.body)
	}
	text := "𠮷祥饭店拖欠"
	for name, tc := range map[string]struct {
		evidence []routing.Evidence
		want     string
	}{
		"none":           {nil, text},
		"astral":         {[]routing.Evidence{{Start: 0, End: 4, Weight: 2}, {Start: 4, End: 6, Weight: 1}}, "[3𠮷祥饭店][2拖欠]"},
		"unsorted":       {[]routing.Evidence{{Start: 4, End: 6, Weight: 0.1}, {Start: 2, End: 4, Weight: 3}}, "𠮷祥[3饭店][1拖欠]"},
		"overlapping":    {[]routing.Evidence{{Start: 0, End: 3, Weight: 1}, {Start: 2, End: 6, Weight: 1}}, "[3𠮷祥饭]店拖欠"},
		"outside":        {[]routing.Evidence{{Start: 4, End: 9, Weight: 1}, {Start: -1, End: 2, Weight: 1}, {Start: 3, End: 3, Weight: 1}}, text},
		"speaks against": {[]routing.Evidence{{Start: 0, End: 2, Weight: -1}}, text},
	} {
		var b strings.Builder
		for _, s := range mark(text, tc.evidence) {
			if s.Level > 0 {
				fmt.Fprintf(&b, "[%d%s]", s.Level, s.Text)
			} else {
				b.WriteString(s.Text)
			}
		}
		if b.String() != tc.want {
			t.Errorf("%s: %s, want %s", name, b.String(), tc.want)
		}
	}
}

func TestTheWayShowsHowFarACaseHasCome(t *testing.T) {
	t.Parallel()
	w := start(t)
	// One letter for each stop: d done, n now, D done and now, x left here.
	for state, want := range map[routing.State]string{
		routing.StateTriage: "n-----", routing.StateDispatched: "dn----", routing.StateSigned: "ddn---", routing.StateRefused: "dn----",
		routing.StateReplied: "dddn--", routing.StateClosed: "ddddn-", routing.StateStruckOff: "dddddD", routing.StateWithdrawn: "dx----",
		routing.StateTransferred: "dx----", routing.StateNotAccepted: "x-----",
	} {
		c := w.at(state)
		events, err := w.store.Events(t.Context(), c.Number)
		must(t, err)
		var got string
		for _, s := range pathOf(c.State, events) {
			switch {
			case s.Interrupted:
				got += "x"
			case s.Done && s.Now:
				got += "D"
			case s.Now:
				got += "n"
			case s.Done:
				got += "d"
			default:
				got += "-"
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", state, got, want)
		}
	}
}

func TestTheOfficeIsOfferedTheUnitThatTheRefusalNames(t *testing.T) {
	t.Parallel()
	for proposed, chosen := range map[string]string{other: other, "court": lead, "": lead} { // the court doesn't take the item
		w := start(t)
		c := w.at(routing.StateDispatched)
		w.act("unit", c.Number, routing.Step{Action: routing.ActionRefuse, Note: "不归我们管", Ground: routing.GroundDuty, ProposedUnit: proposed})
		_, form, _ := strings.Cut(w.get("office", casePath(c)).want(200).body, `data-step="reassign"`)
		form, _, _ = strings.Cut(form, "</form>")
		_, units, _ := strings.Cut(form, `name="unit"`)
		units, _, _ = strings.Cut(units, "</select>")
		if want := `<option value="` + chosen + `" selected>`; !strings.Contains(units, want) {
			t.Errorf("proposed %q: %s has no %s", proposed, units, want)
		}
	}
}
