package wechat

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestCutTextKeepsWhatFits(t *testing.T) {
	t.Parallel()
	han := strings.Repeat("诉", 600)
	tests := []struct{ name, in, want string }{
		{"short", "已登记，编号 JS20260101-000001", "已登记，编号 JS20260101-000001"},
		{"lines stay", "第一行\n第二行", "第一行\n第二行"},
		{"exactly the limit", han, han},
		{"one more", han + "诉", strings.Repeat("诉", 599) + "…"},
		{"by bytes", strings.Repeat("😀", 500), strings.Repeat("😀", 449) + "…"},
		{"control characters", "a\x00b\x08c\u2028d", "abcd"},
		{"broken UTF-8", "a\xffb", "ab"},
		{"nothing", " \n\t ", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := CutText(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCutTextAlwaysFits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		got := CutText(rapid.StringN(0, 3000, 9000).Draw(t, "text"))
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > MaxTextRunes || len(got) > MaxTextBytes {
			t.Fatalf("%d characters, %d bytes, valid %v", utf8.RuneCountInString(got), len(got), utf8.ValidString(got))
		}
		if strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
			t.Fatalf("control character in %q", got)
		}
		if CutText(got) != got {
			t.Fatal("cutting twice changes it")
		}
	})
}
