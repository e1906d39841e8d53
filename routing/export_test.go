package routing_test

import (
	"strings"
	"testing"

	"jiesu/routing"
)

func TestWhatIsExportedNamesNobody(t *testing.T) {
	t.Parallel()
	c := routing.Case{Number: "JS20261124-000001", Text: "我是辽河春晓保温公司的欧阳试之，电话13800138000，工程款三十八万没给。",
		Reply:   "已与欧阳试之联系（024-23456789），款项下周拨付。",
		Contact: routing.Contact{Enterprise: "辽河春晓保温公司", Name: "欧阳试之", Phone: "13800138000"}, ComplainantID: "id", Token: "token", Source: "key",
		Judgement: routing.Judgement{Entities: &routing.Entities{Enterprise: "辽河春晓保温公司", People: []string{"欧阳试之"}}}}
	open := c.Exported()
	if open.Contact != (routing.Contact{Enterprise: "辽河春晓保温公司"}) || !strings.Contains(open.Text, "辽河春晓保温公司") || !strings.Contains(open.Text, "工程款三十八万") {
		t.Errorf("an open case: %+v", open)
	}
	c.Confidential = true
	hidden := c.Exported()
	if hidden.Contact != (routing.Contact{}) || strings.Contains(hidden.Text, "春晓") || !strings.Contains(hidden.Text, "工程款三十八万") {
		t.Errorf("a confidential case: %+v", hidden)
	}
	for name, e := range map[string]routing.Case{"open": open, "confidential": hidden} {
		for _, secret := range []string{"欧阳", "13800138000", "23456789"} {
			if strings.Contains(e.Text+e.Reply, secret) {
				t.Errorf("%s: %q is exported: %s %s", name, secret, e.Text, e.Reply)
			}
		}
		if e.ComplainantID != "" || e.Token != "" || e.Source != "" || e.Judgement.Entities != nil {
			t.Errorf("%s: %+v", name, e)
		}
	}
}
