package console

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"jiesu/routing"
)

var formIDPattern = regexp.MustCompile(`name="external_id" value="(console-[0-9A-Z]{26})"`)

// freshForm opens the filing form and returns its id.
func freshForm(w *world, role string) string {
	w.t.Helper()
	a := w.get(role, "/console/file").want(200)
	m := formIDPattern.FindStringSubmatch(a.body)
	if m == nil {
		w.t.Fatal("the form has no id")
	}
	return m[1]
}

func TestOperatorFilesForACaller(t *testing.T) {
	t.Parallel()
	w := start(t)
	id := freshForm(w, "operator")
	a := w.post("operator", "/console/file", "external_id", id, "text", "  "+complaint+" ", "phone", "＋86 １３８-0013 8000", "contact_name", caller.Name,
		"enterprise", caller.Enterprise, "confidential", "yes", "placement", "").want(200, "登记好了", "已派给市财政局", publicURL+"/p/")
	c := w.load(numberPattern.FindString(a.body))
	if c.State != routing.StateDispatched || c.Unit != lead || c.Text != complaint || c.Contact != caller || !c.Confidential || c.Channel != routing.ChannelHotline || c.Source != w.users["operator"].ID {
		t.Errorf("filed: %+v", c)
	}
	a.want(200, publicURL+"/p/"+c.Token)
	// The same form again, after a reload or a slow line: no second case.
	again := w.post("operator", "/console/file", "external_id", id, "text", complaint+"改了字", "placement", "").want(200, "这条诉求已经登记过了", c.Number)
	if n := len(numbers(w.get("operator", "/console?state=all"))); n != 1 || numberPattern.FindString(again.body) != c.Number {
		t.Errorf("%d cases", n)
	}
	if id == freshForm(w, "operator") {
		t.Error("the next form has the same id")
	}
	w.get("operator", casePath(c)).want(200).lacks(id, "外部编号")
}

func TestAPersonsPlacementWins(t *testing.T) {
	t.Parallel()
	w := start(t)
	for name, tc := range map[string]struct {
		sent                 []string
		state                routing.State
		item, unit, district string
	}{
		"unsure goes to triage": {[]string{"text", "开发票跑了三趟，浑南区", "placement", ""}, routing.StateTriage, "2.3", "", "浑南区"},
		"a suggestion":          {[]string{"text", "开发票跑了三趟，浑南区", "placement", "2.4|business-environment"}, routing.StateDispatched, "2.4", "business-environment", "浑南区"},
		"own choice":            {[]string{"text", "说不清", "placement", "manual", "item", "1.2", "unit", other, "district", "大东区"}, routing.StateDispatched, "1.2", other, "大东区"},
		"own district":          {[]string{"text", complaint, "placement", "", "district", "大东区"}, routing.StateDispatched, item, lead, "大东区"},
		"outside the plan":      {[]string{"text", "说不清", "placement", "manual", "item", "other", "unit", "court"}, routing.StateDispatched, "other", "court", ""},
		"no words, no choice":   {[]string{"text", "说不清"}, routing.StateTriage, "other", "", ""},
	} {
		a := w.post("operator", "/console/file", tc.sent...).want(200)
		if c := w.load(numberPattern.FindString(a.body)); c.State != tc.state || c.Item != tc.item || c.Unit != tc.unit || c.District != tc.district {
			t.Errorf("%s: %s %s %s %s", name, c.State, c.Item, c.Unit, c.District)
		}
	}
}

func TestAFormThatCannotBeFiledComesBackWhole(t *testing.T) {
	t.Parallel()
	w := start(t)
	known := w.file()
	sent := []string{"external_id", "console-01ARZ3NDEKTSV4RRFFQ69G5FAV", "text", "开发票跑了三趟", "phone", caller.Phone, "contact_name", "某某", "enterprise", "某企业",
		"district", "大东区", "confidential", "yes", "placement", "manual", "item", "1.2", "unit", "metro"}
	w.post("operator", "/console/file", sent...).want(422, "请补充一下", "不是该专项的牵头单位", ">开发票跑了三趟</textarea>", `value="`+caller.Phone+`"`, `value="某某"`,
		`value="某企业"`, `<option selected>大东区`, `value="yes" checked`, `value="manual" checked`, `<option value="1.2" selected>`, "console-01ARZ3NDEKTSV4RRFFQ69G5FAV",
		known.Number, "跑了三趟</mark>")
	w.post("operator", "/console/file", "text", " ", "placement", "").want(422, "还没有写诉求内容")
	w.post("operator", "/console/file", "text", strings.Repeat("长", 10_001)).want(422, "一万字以内")
	w.post("operator", "/console/file", "text", "x", "placement", "manual").want(422, "没有这个整治问题")
	w.post("operator", "/console/file", "text", "x", "district", "外地区", "placement", "1.1|finance").want(422, "没有这个区县")
	if n := len(numbers(w.get("operator", "/console?state=all"))); n != 1 {
		t.Errorf("%d cases", n)
	}
}

func TestSuggestionSaysWhyWhileOneTypes(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.post("operator", "/console/suggest", "text", " ").want(200, "边记边看").lacks("<html", `name="placement"`)
	w.post("operator", "/console/suggest", "text", complaint).want(200, ">拖欠</mark>", "1.1 拖欠企业工程款", "市财政局", "93%", "把握较大", "区县：铁西区", `value="" checked`).
		lacks("<html", "内容还比较少")
	w.post("operator", "/console/suggest", "text", "开发票").want(200, "把握不足", "内容还比较少", `value="2.3|tax"`).lacks("1.2|commerce|", "other|")
	w.post("operator", "/console/suggest", "text", "完全听不懂的一些话语呀").want(200, "拿不准", "没有合适的建议")
}

func TestSuggestionKeepsWhatTheOperatorPicked(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.post("operator", "/console/suggest", "text", "开发票跑了三趟", "placement", "2.4|business-environment").want(200, `value="2.4|business-environment" checked`).lacks(`value="" checked`)
	// More words, other candidates: the pick stays among them.
	w.post("operator", "/console/suggest", "text", complaint, "placement", "2.4|business-environment").want(200, `value="2.4|business-environment" checked`, `value="1.1|finance"`)
	w.post("operator", "/console/suggest", "text", complaint, "placement", "manual").want(200).lacks("checked")
	w.post("operator", "/console/suggest", "text", complaint, "placement", "9.9|<b>").want(200).lacks("9.9")
}

// A street says no district by itself: the operator asks, and ticks it.
func TestPlaceSuggestsADistrictToConfirm(t *testing.T) {
	t.Parallel()
	w := start(t)
	const text = "街道拖欠我们在中街做的工程款，三年了"
	w.post("operator", "/console/suggest", "text", text).want(200, "提到中街", "是在沈河区", `name="place_district" value="沈河区"`).lacks(`value="沈河区" checked`)
	w.post("operator", "/console/suggest", "text", text, "place_district", "沈河区").want(200, `value="沈河区" checked`)
	w.post("operator", "/console/suggest", "text", text, "place_district", "和平区").want(200).lacks(`value="沈河区" checked`, "和平区")
	w.post("operator", "/console/suggest", "text", complaint).want(200).lacks("place_district") // names its district
	for _, c := range []struct{ confirmed, chosen, want string }{
		{"沈河区", "", "沈河区"}, {"", "", ""}, {"和平区", "", ""}, {"沈河区", "大东区", "大东区"},
	} {
		filed := w.console.complaintOf(map[string][]string{"text": {text}, "place_district": {c.confirmed}, "district": {c.chosen}})
		if filed.Judgement.District != c.want {
			t.Errorf("%+v: filed in %q", c, filed.Judgement.District)
		}
	}
	p := w.console.placeOf(routing.Case{Item: item, Judgement: judge{}.Judge(text)})
	if p.District != "" || p.Hint.Place != "中街" || p.Hint.District != "沈河区" {
		t.Errorf("placement form suggests %+v", p.Hint)
	}
}

func TestUnitsFollowTheItem(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.get("operator", "/console/units?item=1.1&unit=commerce").want(200, `<option value="commerce" selected>市商务局`, `value="finance"`).lacks("metro", "<html")
	w.get("operator", "/console/units?item=other").want(200, `value="metro"`, `value="finance"`)
	w.get("operator", "/console/units?item=none").want(200, `value="metro"`)
}

func TestCallerIsRecognisedByTheNumber(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.file()
	w.post("operator", "/console/lookup", "phone", "138 0013 8000").want(200, c.Number, caller.Enterprise, "欧**", `data-enterprise="`+caller.Enterprise+`"`).lacks(caller.Name, "<html", "不完整")
	w.post("operator", "/console/lookup", "phone", "13900139000").want(200).lacks("来过电话", "不完整")
	w.post("operator", "/console/lookup", "phone", "1390013900").want(200, "这个号码看起来不完整")
	w.post("operator", "/console/lookup", "phone", "").want(200).lacks("来过电话", "不完整")
}

func TestFiledPageShowsACodeThatBindsTheCaller(t *testing.T) {
	t.Parallel()
	var scene, image string
	var fails error
	w := start(t, func(c *Config) {
		c.QR = func(_ context.Context, s string) (string, error) { scene = s; return image, fails }
	})
	for given, want := range map[string]string{
		"https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=x": `src="https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=x"`,
		publicURL + "/sandbox/qr?ticket=x":                     `src="/sandbox/qr?ticket=x"`, "data:image/png;base64,AA==": `src="data:image/png;base64,AA=="`,
		"javascript:alert(1)": "", "http://elsewhere.example/x": "",
	} {
		image = given
		a := w.post("operator", "/console/file", "text", complaint).want(200, "登记好了", want)
		if c := w.load(numberPattern.FindString(a.body)); scene != c.Token {
			t.Errorf("the code carries %q", scene)
		}
		if want == "" {
			a.lacks("<img", given)
		}
	}
	fails = errors.New("the platform is down")
	w.post("operator", "/console/file", "text", complaint).want(200, "登记好了").lacks("<img")
	if csp := w.get("operator", "/console").Header().Get("Content-Security-Policy"); !strings.Contains(csp, "img-src 'self' data: https://mp.weixin.qq.com;") {
		t.Error(csp)
	}
}

func TestWithoutAPublicAddressThePageIsWhereTheOperatorIs(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *Config) { c.PublicURL = "" })
	w.post("operator", "/console/file", "text", complaint).want(200, "http://example.com/p/")
}
