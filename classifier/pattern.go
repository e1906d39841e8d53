package classifier

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
)

// pattern is a regular expression that is only tried where a match can begin, and only on the stretch that a match can be in: over a
// whole text it would cost more than everything else together. It finds what FindAll finds.
type pattern struct {
	start, anywhere *regexp.Regexp // the same, only at the start of a text and anywhere in it
	groups          [9]int         // of the names that the kind asks for, -1 without
	bit             uint32
	shortest        int  // characters that a match has at least
	longest         int  // and at most, unlimited if there is no limit
	needy           bool // there are characters of which a match has at least one
}

const (
	unlimited = 1 << 20
	// patient is the length of a stretch from which a search may not begin anew at each character.
	patient = 64
)

// patterns are all patterns of a finder.
type patterns struct {
	count int
	// starts and inside mark what a match of each pattern can begin with and what it can be made of; needed, what each match has one of.
	starts, inside, needed marks
}

func newPatterns() patterns {
	return patterns{starts: newMarks(), inside: newMarks(), needed: newMarks()}
}

func (p *patterns) compile(expression string, names ...string) (*pattern, error) {
	if p.count == 32 {
		return nil, errors.New("too many patterns")
	}
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	one := &pattern{bit: 1 << p.count}
	p.count++
	if one.start, err = regexp.Compile("^(?:" + expression + ")"); err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	if one.anywhere, err = regexp.Compile(expression); err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	for i := range one.groups {
		one.groups[i] = -1
		if i < len(names) {
			one.groups[i] = one.anywhere.SubexpIndex(names[i])
		}
	}
	for _, r := range needs(tree) {
		one.needy = true
		p.needed.add(one.bit, r, r)
	}
	one.shortest, one.longest, err = p.mark(tree, one.bit, true)
	switch {
	case err != nil:
		return nil, err
	case one.shortest == 0:
		return nil, errors.New("may match nothing")
	}
	return one, nil
}

// mark marks the characters of a part of a pattern, as first ones too if first is set, and returns how many characters it matches.
func (p *patterns) mark(part *syntax.Regexp, bit uint32, first bool) (shortest, longest int, err error) {
	set := func(from, to rune) {
		p.inside.add(bit, from, to)
		if first {
			p.starts.add(bit, from, to)
		}
	}
	switch part.Op {
	case syntax.OpEmptyMatch:
		return 0, 0, nil
	case syntax.OpEndText:
		p.inside.add(bit, 0, unicode.MaxRune) // a stretch must not end before the text does
		return 0, 0, nil
	case syntax.OpLiteral:
		for _, r := range part.Rune {
			set(r, r)
			for other := unicode.SimpleFold(r); part.Flags&syntax.FoldCase != 0 && other != r; other = unicode.SimpleFold(other) {
				set(other, other)
			}
			first = false
		}
		return len(part.Rune), len(part.Rune), nil
	case syntax.OpCharClass:
		for i := 0; i+1 < len(part.Rune); i += 2 {
			set(part.Rune[i], part.Rune[i+1])
		}
		return 1, 1, nil
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		set(0, unicode.MaxRune)
		return 1, 1, nil
	case syntax.OpCapture:
		return p.mark(part.Sub[0], bit, first)
	case syntax.OpQuest, syntax.OpStar, syntax.OpPlus, syntax.OpRepeat:
		return p.markRepeated(part, bit, first)
	case syntax.OpAlternate:
		shortest = unlimited
		for _, sub := range part.Sub {
			least, most, err := p.mark(sub, bit, first)
			if err != nil {
				return 0, 0, err
			}
			shortest, longest = min(shortest, least), max(longest, most)
		}
		return shortest, longest, nil
	case syntax.OpConcat:
		for _, sub := range part.Sub {
			least, most, err := p.mark(sub, bit, first)
			if err != nil {
				return 0, 0, err
			}
			first = first && least == 0
			shortest, longest = shortest+least, min(longest+most, unlimited)
		}
		return shortest, longest, nil
	}
	return 0, 0, fmt.Errorf("%v is not supported", part.Op) // what looks back, such as ^ and \b, would not see what is there
}

// needs returns a few characters of which each match of the part has at least one, none if there are no such characters or many.
func needs(part *syntax.Regexp) []rune {
	const many = 24
	var set []rune
	switch part.Op {
	case syntax.OpLiteral:
		if part.Flags&syntax.FoldCase == 0 {
			return part.Rune[:1]
		}
	case syntax.OpCharClass:
		for i := 0; i+1 < len(part.Rune); i += 2 {
			for r := part.Rune[i]; r <= part.Rune[i+1]; r++ {
				if set = append(set, r); len(set) > many {
					return nil
				}
			}
		}
		return set
	case syntax.OpCapture, syntax.OpPlus:
		return needs(part.Sub[0])
	case syntax.OpRepeat:
		if part.Min > 0 {
			return needs(part.Sub[0])
		}
	case syntax.OpConcat:
		for _, sub := range part.Sub {
			if s := needs(sub); len(s) > 0 && (set == nil || len(s) <= len(set)) {
				set = s
			}
		}
		return set
	case syntax.OpAlternate:
		for _, sub := range part.Sub {
			s := needs(sub)
			if set = append(set, s...); len(s) == 0 || len(set) > many {
				return nil
			}
		}
		return set
	}
	return nil
}

func (p *patterns) markRepeated(part *syntax.Regexp, bit uint32, first bool) (shortest, longest int, err error) {
	least, most := part.Min, part.Max
	switch part.Op {
	case syntax.OpQuest:
		least, most = 0, 1
	case syntax.OpStar:
		least, most = 0, -1
	case syntax.OpPlus:
		least, most = 1, -1
	}
	shortest, longest, err = p.mark(part.Sub[0], bit, first)
	if most < 0 {
		most = unlimited
	}
	return shortest * least, min(longest*most, unlimited), err
}

// place is a character where a pattern may match.
type place struct {
	character, byte int
	can             uint32 // the patterns' bits
}

// prepare finds the places of a text for all patterns.
func (p *patterns) prepare(s *search) {
	s.places, s.folded = s.places[:0], ""
	at := 0
	for i, r := range s.Folded {
		if can := p.starts.at(r); can != 0 {
			s.places = append(s.places, place{i, at, can})
		}
		at += utf8.RuneLen(r)
	}
	if len(s.places) > 0 {
		s.folded = string(s.Folded)
	}
}

// match is where a pattern matched: bytes of the folded text, and its characters [from, to).
type match struct {
	at       []int // pairs of groups, as regexp has them
	from, to int
}

// group returns what the group of a name matched, "" if nothing.
func (p *pattern) group(s *search, m match, name int) string {
	g := p.groups[name]
	if g < 0 || m.at[2*g] < 0 {
		return ""
	}
	return s.folded[m.at[2*g]:m.at[2*g+1]]
}

// each calls found for every match, one behind the other.
func (p *patterns) each(one *pattern, s *search, found func(match)) {
	next := 0 // the character behind the last match
	var end place
	need := 0 // the last character of the stretch that each match needs one of
	for _, begin := range s.places {
		if begin.can&one.bit == 0 || begin.character < next {
			continue
		}
		if begin.character >= end.character || one.longest < unlimited {
			end = p.reach(one, s, begin)
			need = p.lastNeeded(one, s, begin, end)
		}
		if end.character-begin.character < one.shortest || one.needy && need < begin.character {
			continue
		}
		expression, long := one.start, end.character-begin.character > patient
		if long {
			expression = one.anywhere
		}
		window := s.folded[begin.byte:end.byte]
		at := expression.FindStringSubmatchIndex(window)
		if at == nil {
			s.work += len(window)
			if long {
				next = end.character
			}
			continue
		}
		s.work += at[1]
		m := match{at: at, from: begin.character + utf8.RuneCountInString(window[:at[0]])}
		m.to = m.from + utf8.RuneCountInString(window[at[0]:at[1]])
		for i := range at {
			if at[i] >= 0 {
				at[i] += begin.byte
			}
		}
		next = m.to
		found(m)
	}
}

// lastNeeded returns where the last character of the stretch is that each match has one of, or -1.
func (p *patterns) lastNeeded(one *pattern, s *search, begin, end place) int {
	at := end.character - 1
	for one.needy && at >= begin.character && p.needed.at(s.Folded[at])&one.bit == 0 {
		at--
	}
	s.work += end.character - begin.character
	if at < begin.character {
		return -1
	}
	return at
}

// reach returns how far a match that begins there could reach: over nothing that it can't be made of, and one character beyond its
// greatest length, so that this end is not taken for the end of the text.
func (p *patterns) reach(one *pattern, s *search, begin place) place {
	end := begin
	for end.character < len(s.Folded) && end.character-begin.character <= one.longest && p.inside.at(s.Folded[end.character])&one.bit != 0 {
		end.byte += utf8.RuneLen(s.Folded[end.character])
		end.character++
	}
	return end
}
