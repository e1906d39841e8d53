package console

import (
	"strings"
	"testing"
)

func TestPasswordsThatAreTriedFirstAreRefused(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{
		"trustno1": "console.password.guessed", "TrustNo1": "console.password.guessed", "samantha": "console.password.guessed", "1q2w3e4r5t": "console.password.guessed",
		"87654321": "console.password.guessed", "aabbaabb": "console.password.guessed", "finance-9": "console.password.guessed", "woaini12": "console.password.guessed",
		"short": "console.password.short", strings.Repeat("long ", 60): "console.password.long",
		password: "", "一个长一点的口令": "", "trustno1 and nobody else": "", "# The 6,": "",
	} {
		if got := WeakPassword("finance", password); got != want {
			t.Errorf("%q: %q, want %q", password, got, want)
		}
	}
	if n := strings.Count(commonPasswords, "\n") - 2; n < 3000 {
		t.Errorf("only %d passwords are known", n)
	}
}
