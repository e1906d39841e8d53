package wechat

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

const layout = "2006年1月2日 15:04"

func TestFitFieldKeepsTheRulesOfTheField(t *testing.T) {
	t.Parallel()
	tests := []struct{ key, value, want string }{ // want "": an error
		{"thing1", "乱收费问题", "乱收费问题"},
		{"thing1", strings.Repeat("收", 20), strings.Repeat("收", 20)},
		{"thing1", strings.Repeat("收", 21), strings.Repeat("收", 19) + "…"},
		{"thing1", "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrs…"},
		{"thing1", "第一行\n第二行", "第一行 第二行"},
		{"thing1", "a\x07b", "ab"},
		{"thing1", "", ""},
		{"thing1", " \n ", ""},
		{"phrase2", "办理中", "办理中"},
		{"phrase2", "已转办（外部）", "已转办外部"},
		{"phrase2", "一二三四五六", "一二三四五"},
		{"phrase2", "done", ""},
		{"character_string3", "JS20260101-000001", "JS20260101-000001"},
		{"character_string3", "编号JS1", "JS1"},
		{"character_string3", strings.Repeat("a", 40), strings.Repeat("a", 32)},
		{"character_string3", "编号", ""},
		{"number4", "12", "12"},
		{"number4", "12个", ""},
		{"number4", strings.Repeat("1", 33), ""},
		{"letter5", "ab12", "ab"},
		{"letter5", "12", ""},
		{"symbol6", "!?", "!?"},
		{"time7", "2026年1月2日 15:04", "2026年1月2日 15:04"},
		{"time7", "昨天", ""},
		{"date8", "2026年1月2日 15:04", "2026年1月2日 15:04"},
		{"date8", "", ""},
		{"amount9", "¥12.5", "¥12.5"},
		{"amount9", "12元", "12元"},
		{"amount9", "12办", ""},
		{"amount9", "很多", ""},
		{"phone_number10", "024-12345", "024-12345"},
		{"phone_number10", strings.Repeat("1", 18), ""},
		{"car_number11", "辽A12345", "辽A12345"},
		{"car_number11", "辽A123456789", ""},
		{"name12", "张三", "张三"},
		{"name12", strings.Repeat("张", 12), strings.Repeat("张", 10)},
		{"name12", strings.Repeat("a", 22), strings.Repeat("a", 20)},
		{"name12", "张三 (A公司)", "张三公司"},
		{"name12", "J. Smith 2", "J. Smith"},
		{"name12", "123", ""},
		{"const13", "办理中", "办理中"},
		{"keyword1", "旧式字段", "旧式字段"},
	}
	for _, tt := range tests {
		t.Run(tt.key+" "+tt.value, func(t *testing.T) {
			t.Parallel()
			got, err := FitField(tt.key, tt.value, layout)
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if (err != nil) != (tt.want == "") || err != nil && !errors.Is(err, errUnfit) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestFitFieldNeverGivesWhatThePlatformRefuses(t *testing.T) {
	t.Parallel()
	kinds := []string{"thing", "phrase", "character_string", "letter", "symbol", "name", "const", "car_number"}
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom(kinds).Draw(t, "kind") + "1"
		got, err := FitField(key, rapid.String().Draw(t, "value"), layout)
		if err != nil {
			return
		}
		if got == "" || utf8.RuneCountInString(got) > 32 || strings.ContainsFunc(got, unicode.IsControl) {
			t.Fatalf("%s: %q", key, got)
		}
	})
}
