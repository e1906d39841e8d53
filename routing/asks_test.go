package routing_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"jiesu/configs"
	"jiesu/routing"
)

func asks(t *testing.T) *routing.Asks {
	t.Helper()
	words, err := configs.Wording()
	if err != nil {
		t.Fatal(err)
	}
	a, err := routing.NewAsks(words)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestWhatAComplaintAsksForIsFound(t *testing.T) {
	t.Parallel()
	a := asks(t)
	for _, tc := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"区里拖欠工程款三年了，一共八十万。", nil},
		{"区里拖欠工程款三年了。请尽快支付。", []string{"请尽快支付"}},
		{"我们有两个诉求：1、尽快支付工程款；2、公布还款计划。谢谢！", []string{"尽快支付工程款", "公布还款计划"}},
		{"1.支付尾款八十万元 2.赔偿1.5万元利息", []string{"支付尾款八十万元", "赔偿1.5万元利息"}},
		{"反映如下：（1）窗口让跑了三趟。（2）材料要求不一致。（3）网上办不了", []string{"窗口让跑了三趟", "材料要求不一致", "网上办不了"}},
		{"反映如下：（一）补贴没有到账；（二）窗口态度差。", []string{"补贴没有到账", "窗口态度差"}},
		{"一、退还保证金\n二、说明扣款依据", []string{"退还保证金", "说明扣款依据"}},
		{"一是电价高，二是经常停电。", []string{"电价高", "经常停电"}},
		{"第一，路围起来了。第二，客人进不来。", []string{"路围起来了", "客人进不来"}},
		{"公司申请补贴一年没有结果。希望尽快审核，并告知原因。另外，请公布审核标准。", []string{"希望尽快审核，并告知原因", "另外，请公布审核标准"}},
		{"为什么还不退税？能否告诉我们什么时候办完。", []string{"为什么还不退税？", "能否告诉我们什么时候办完"}},
		{"窗口要求我们补材料，多次申请无果，邀请我们开会也没有结论。", nil}, // told, not asked
		{"2026年3月中标，合同2.5亿元，第1次付款后再没有动静。", nil},
		{"2、这里没有第一条；3、所以不是列表。", nil},
		{"请尽快付款。请尽快付款。", []string{"请尽快付款"}},
	} {
		if got := a.Points(tc.text); !slices.Equal(got, tc.want) {
			t.Errorf("%s\ngot  %q\nwant %q", tc.text, got, tc.want)
		}
	}
}

func TestPointsAreFewShortAndTheComplaintsOwnWords(t *testing.T) {
	t.Parallel()
	a := asks(t)
	pieces := rapid.SampledFrom([]string{"1、", "2.", "（3）", "一是", "二是", "第一，", "请", "能否", "？", "。", "；", "\n", " ", "付款", "1.5", "，", "x"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(pieces, 0, 80).Draw(t, "text"), "")
		points := a.Points(text)
		if len(points) > routing.MaxPoints || !slices.Equal(points, a.Points(text)) {
			t.Fatalf("%q: %q", text, points)
		}
		for i, p := range points {
			if !strings.Contains(text, p) || strings.TrimSpace(p) != p || slices.Contains(points[:i], p) {
				t.Fatalf("%q: %q", text, p)
			}
		}
	})
	if got := a.Points(strings.Repeat("请付款", 5000)); len(got) != 1 || len([]rune(got[0])) != 500 {
		t.Errorf("%d points", len(got))
	}
	var none *routing.Asks
	if got := none.Points("1、甲；2、乙"); got != nil {
		t.Errorf("without words: %q", got)
	}
}
