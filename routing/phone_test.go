package routing

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNumbersAreKnownInOneForm(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"13800138000": "13800138000", " 138-0013 8000 ": "13800138000", "+86 13800138000": "13800138000", "0086-13800138000": "13800138000",
		"１３８００１３８０００": "13800138000", "＋86１３８００１３８０００": "13800138000", "(024) 2270-0001": "02422700001", "（024）22700001": "02422700001",
		"+86 24 22700001": "02422700001", "0410-7654321": "04107654321", "400-100-2000": "4001002000",
	} {
		if got, callable := PlainPhone(typed); !callable || got != want {
			t.Errorf("%q is %q, want %q", typed, got, want)
		}
	}
	for _, typed := range []string{"", "　", "12345", "110", "12800001234", "1380000123", "138000012345", "23456789", "+1 212 555 0100", "张三", "-", "+86"} {
		if got, callable := PlainPhone(typed); callable {
			t.Errorf("%q is taken for the number %q", typed, got)
		}
	}
}

func TestAPlainNumberStaysAsItIs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		typed := rapid.StringMatching(`(\+86 ?|0086|＋86)?(1[3-9]|0?24|400|１３)[0-9０-９ -]{0,12}`).Draw(t, "phone")
		once, callable := PlainPhone(typed)
		if !callable {
			return
		}
		if again, ok := PlainPhone(once); !ok || again != once || strings.Trim(once, "0123456789") != "" {
			t.Fatalf("%q became %q, then %q", typed, once, again)
		}
	})
}
