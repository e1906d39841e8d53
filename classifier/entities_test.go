package classifier_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"jiesu/classifier"
)

func texts(list []classifier.Entity) []string {
	var out []string
	for _, e := range list {
		out = append(out, e.Text)
	}
	return out
}

func TestAmountsAreValued(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	for text, want := range map[string]string{
		"欠36万元":            "[36万元 360000]",
		"欠我们5,386,400.50元": "[5,386,400.50元 5.3864005e+06]",
		"欠３６万元":            "[３６万元 360000]",
		"垫了47万多":           "[47万多 470000]",
		"一共1.2亿":           "[1.2亿 1.2e+08]",
		"差三万六":             "[三万六 36000]",
		"一百九十多万的货款":        "[一百九十多万 1.9e+06]",
		"罚了五千块钱":           "[五千块钱 5000]",
		"押金2w":             "[2w 20000]",
		"先付10万元，又付2万元":     "[10万元 100000] [2万元 20000]",
		// No sums of money.
		"三万六千人":       "",
		"办了3个月跑了5趟":   "",
		"2000平方的厂房":   "",
		"13800001234": "",
		"一个说法":        "",
	} {
		var got []string
		for _, a := range m.Classify(text).Entities.Amounts {
			got = append(got, fmt.Sprintf("[%s %g]", a.Text, a.Yuan))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
}

func TestDatesAreWrittenOut(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	for text, want := range map[string]string{
		"2019年3月28日签的合同": "[2019年3月28日 2019-03-28]",
		"2019.3.28签的":    "[2019.3.28 2019-03-28]",
		"２０１９年３月签的":      "[２０１９年３月 2019-03]",
		"19年3月签的":        "[19年3月 2019-03]",
		"2019年签的":        "[2019年 2019]",
		"去年3月签的":         "[去年3月 ]",
		"昨天停电":           "[昨天 ]",
		"拖了3年":           "",
		"电话13820190328":  "",
	} {
		var got []string
		for _, d := range m.Classify(text).Entities.Dates {
			got = append(got, fmt.Sprintf("[%s %s]", d.Text, d.Value))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
}

func TestPhonesPeopleAndEnterprisesAreFound(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	for _, c := range []struct {
		text                       string
		phones, people, enterprise []string
	}{
		{text: "电话13800001234，或024-22223333", phones: []string{"13800001234", "024-22223333"}},
		{text: "电话１３８００００１２３４", phones: []string{"１３８００００１２３４"}},
		{text: "138 0000 1234", phones: []string{"138 0000 1234"}},
		{text: "账号6222138000012345678"},
		{text: "联系人：王建国，请回电", people: []string{"王建国"}},
		{text: "我姓李", people: []string{"李"}},
		{text: "我叫的外卖还没到"},
		{text: "我是沈阳宏达建材有限公司的", enterprise: []string{"沈阳宏达建材有限公司"}},
		{text: "供电公司不来人"},
	} {
		e := m.Classify(c.text).Entities
		for kind, pair := range map[string][2][]string{"phones": {texts(e.Phones), c.phones}, "people": {texts(e.People), c.people}, "enterprise": {texts(e.Enterprise), c.enterprise}} {
			if !slices.Equal(pair[0], pair[1]) {
				t.Errorf("%s: %s %v, want %v", c.text, kind, pair[0], pair[1])
			}
		}
	}
}

func TestDistrictIsThatOfTheMatter(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	for text, want := range map[string]string{
		"铁西区城管乱罚款":            "铁西区",
		"铁西城管乱罚款":             "铁西区",
		"沈北的管委会不兑现":           "沈北新区",
		"新民的税务局":              "新民市",
		"康平街道欠款":              "康平县",
		"瀋陽市鐵西區停電":            "铁西区",
		"停电三天没人修":             "",
		"想从大东迁到浑南，大东税务不给办":    "大东区",
		"公司注册在和平区，厂子在于洪被围挡挡住": "于洪区",
		"和平区和沈河区都不管":          "",
		"世界和平":                "",
		"民营企业家创新民营经济":         "",
		"和平大街的饭店":             "",
		"大连市的和平年代":            "",
	} {
		if got := m.District(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
		if got := m.Classify(text).District; got != want {
			t.Errorf("%s: Classify says %q, want %q", text, got, want)
		}
	}
}

func TestLandmarkIsAHintAndNoDistrict(t *testing.T) {
	t.Parallel()
	r := embedded(t).Classify("中街和铁西广场的门市被围挡挡住")
	if got := texts(r.Entities.PlaceHints); r.District != "" || !slices.Equal(got, []string{"中街", "铁西广场"}) {
		t.Errorf("district %q, hints %v", r.District, got)
	}
}

func TestTextThatSaysNothingIsThin(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	for text, want := range map[string]bool{
		"": true, "你好": true, "在吗？？？": true, "我要投诉": true, "😡😡😡": true, "123456": true, "领导您好，请问有人在吗，我要投诉反映一个问题": true,
		"停电三天没人修": false, "街道欠我们工程款": false, "请问怎么办营业执照": false,
	} {
		if got := classifier.Thin(text, m.Classify(text)); got != want {
			t.Errorf("%q is thin: %v, want %v", text, got, want)
		}
	}
}
