package routing

import "strings"

// tapPrefix begins the key of an answer under a message that asks whether it is solved.
const tapPrefix = "rate/"

// Tap is an answer that one tap gives. Key comes back as the button of a click.
type Tap struct{ Key, Text string }

// Taps are the answers to "is it solved?" under a message about the case.
func Taps(w Wording, number string) []Tap {
	var list []Tap
	for _, s := range []Solved{SolvedYes, SolvedPartly, SolvedNo} {
		list = append(list, Tap{Key: tapPrefix + number + "/" + string(s), Text: w.Text("survey.tap." + string(s))})
	}
	return list
}

// ReadTap reads the key of a tap back.
func ReadTap(key string) (number string, solved Solved, ok bool) {
	rest, ok := strings.CutPrefix(key, tapPrefix)
	number, answer, found := strings.Cut(rest, "/")
	solved = Solved(answer)
	ok = ok && found && number != "" && (solved == SolvedYes || solved == SolvedPartly || solved == SolvedNo)
	if !ok {
		return "", "", false
	}
	return number, solved, true
}
