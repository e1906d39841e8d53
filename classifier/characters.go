package classifier

// marks say of each character, in one bit per question, whether something can be there: looking costs next to nothing, so that nothing
// else is done for most characters.
type marks struct {
	basic []uint32 // of the basic plane
	rest  uint32   // of all others (emoji) together
}

func newMarks() marks { return marks{basic: make([]uint32, 1<<16)} }

func (m *marks) at(r rune) uint32 {
	if int(r) < len(m.basic) {
		return m.basic[r]
	}
	return m.rest
}

func (m *marks) add(bit uint32, from, to rune) {
	for r := from; r <= to; r++ {
		if int(r) >= len(m.basic) {
			m.rest |= bit
			return
		}
		m.basic[r] |= bit
	}
}
