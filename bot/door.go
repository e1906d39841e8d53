package bot

import (
	"strings"
	"unicode/utf8"
)

// Door is where a matter outside the plan is dealt with (configs/plan/doors.yaml). When completes "…，请找这里".
type Door struct {
	ID     string   `yaml:"id"`
	Name   string   `yaml:"name"`
	Phone  string   `yaml:"phone"`
	When   string   `yaml:"when"`
	Urgent bool     `yaml:"urgent"`
	Cues   []string `yaml:"cues"`
}

// doorFor is the first door with a cue in the text, else the one without cues. Emergencies are short: see urgentLength.
func doorFor(doors []Door, text string) (Door, bool) {
	long := utf8.RuneCountInString(text) > urgentLength
	for _, d := range doors {
		if len(d.Cues) == 0 || d.cued(text) && !(d.Urgent && long) {
			return d, true
		}
	}
	return Door{}, false
}

// urgentFor is the first door that can't wait, if the text calls for one.
func urgentFor(doors []Door, text string) (Door, bool) {
	for _, d := range doors {
		if d.Urgent && d.cued(text) {
			return d, true
		}
	}
	return Door{}, false
}

func (d Door) cued(text string) bool {
	for _, cue := range d.Cues {
		if strings.Contains(text, cue) {
			return true
		}
	}
	return false
}
