package classifier

import "unicode"

// Lengths, in letters and digits, below which a text says too little: under fewest always, under enough when the model can make
// nothing of it.
const (
	fewest = 6
	enough = 16
	// substantial is how many letters must be of words that say something, however long the text is.
	substantial = 4
	// sureOther is the confidence from which a short text is taken to be outside the plan instead of unfinished ("怎么办营业执照").
	sureOther = 0.6
)

// Thin reports whether text, of which Classify says r, says too little to be worked on ("我要投诉"), so that the next thing to do is
// to ask what happened.
func Thin(text string, r Result) bool {
	n := 0
	for _, c := range text {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			n++
		}
	}
	switch {
	case n < fewest || r.substance < substantial:
		return true
	case n >= enough:
		return false
	case r.Item == Other:
		return r.Confidence < sureOther
	}
	return r.Decision == Triage
}
