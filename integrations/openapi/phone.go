package openapi

import (
	"regexp"
	"strings"
)

// phonePattern: mobile numbers have 11 digits and start with 13 to 19; fixed lines have an area code of 3 or 4 digits and 7 or 8
// digits (电信网编号计划); 400 and 800 are the numbers of enterprises.
var phonePattern = regexp.MustCompile(`^(1[3-9]\d{9}|0\d{2,3}[2-9]\d{6,7}|[48]00\d{7})$`)

// normalPhone brings a Chinese number into the one form under which callers are known: digits only, without the country code.
// An empty number is fine; false means that it is none that could be called.
func normalPhone(s string) (string, bool) {
	if s == "" {
		return "", true
	}
	digits := strings.NewReplacer(" ", "", "-", "", "(", "", ")", "").Replace(s)
	for _, code := range []string{"+86", "0086"} {
		if rest, ok := strings.CutPrefix(digits, code); ok {
			digits = rest
			if !strings.HasPrefix(digits, "1") && !strings.HasPrefix(digits, "0") {
				digits = "0" + digits // +86 24 …: the area code loses its zero abroad
			}
			break
		}
	}
	return digits, phonePattern.MatchString(digits)
}
