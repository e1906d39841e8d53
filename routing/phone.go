package routing

import (
	"regexp"
	"strings"
)

// phonePattern: mobile numbers have 11 digits and begin with 13 to 19; fixed lines have an area code of 3 or 4 digits and 7 or 8
// digits; 400 and 800 are the numbers of enterprises (电信网编号计划).
var phonePattern = regexp.MustCompile(`^(1[3-9]\d{9}|0\d{2,3}[2-9]\d{6,7}|[48]00\d{7})$`)

// PlainPhone brings a Chinese number into the one form under which callers are known, whatever channel it comes by: half-width digits
// without the country code and without what people put between them. callable is false when that is no number that could be called;
// nothing typed is neither.
func PlainPhone(typed string) (plain string, callable bool) {
	plain = strings.Map(func(r rune) rune {
		if r >= '\uff01' && r <= '\uff5e' { // the width that Chinese keyboards give
			r -= 0xfee0
		}
		if strings.ContainsRune(" -()\u3000\t", r) {
			return -1
		}
		return r
	}, typed)
	for _, code := range []string{"+86", "0086"} {
		if rest, ok := strings.CutPrefix(plain, code); ok {
			if plain = rest; !strings.HasPrefix(rest, "1") && !strings.HasPrefix(rest, "0") {
				plain = "0" + rest // +86 24 …: the area code loses its zero abroad
			}
			break
		}
	}
	return plain, phonePattern.MatchString(plain)
}

// MobilePhone is the number in plain form if it is a mobile telephone in China, which a text message can reach.
func MobilePhone(typed string) (plain string, ok bool) {
	plain, callable := PlainPhone(typed)
	return plain, callable && strings.HasPrefix(plain, "1") && len(plain) == 11
}
