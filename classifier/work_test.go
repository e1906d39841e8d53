package classifier

import (
	"strings"
	"testing"
)

// Texts that were made to be slow: what is looked at to find entities and places grows no faster than they do. Counted, not timed, so that
// a busy machine says nothing else.
func TestWorkGrowsNoFasterThanTheText(t *testing.T) {
	t.Parallel()
	m := modelWithPlaces(t)
	work := func(text string) int {
		w := m.free.take()
		defer m.free.release(w)
		m.featurizer.read(&w.reading, text)
		w.search.work = 0
		m.places.find(&w.reading, &w.search)
		m.finder.find(&w.reading, &w.search)
		return w.search.work
	}
	const characters = 4000
	for _, piece := range []string{
		"一", "零", "1", "1,", "1 ", "一万", "百", "几十", "三四", "3-", "3万到", "一到", "1块", "0", "13800", "138-", "(024)", "电话2", "+86",
		"2021年", "二〇", "三月", "年", "去年", "三个", "半", "俩", "js2021", "编号", "编号1-", "工单号a-", "我姓", "联系人", "公司", "有限公司", "中铁集团",
		"铁西", "铁西区", "注册在铁西", "和平路", "铁西、和平、", "鞍山铁西", "北行", "中街", "工商", "税务局", "罚款", "欠", "￥", "\xff", "😡", "a", "，", "\n",
	} {
		text := []rune(strings.Repeat(piece, characters))[:characters]
		half, whole := work(string(text[:characters/2])), work(string(text))
		if whole > 5*half/2+1000 || whole > 300*characters {
			t.Errorf("%q: %d for %d characters, %d for twice as many", piece, half, characters/2, whole)
		}
	}
}
