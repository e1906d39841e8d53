package text

// Buffers hold one prepared text and what it took to prepare it; used again for the next text, they spare the memory of each. Not safe
// for concurrent use.
type Buffers struct {
	// Folded are the folded characters, one for one with the original's (Folder.Fold).
	Folded []rune
	// Normalized is the text as the classifier sees it, Text the same as a string.
	Normalized Normalized
	Text       string
	// Tokens are the words of Text.
	Tokens []Token

	visible []rune
	where   []int32
	units   []int32
	steps   []step
}

// Forget drops the references to the text, so that keeping the buffers doesn't keep it.
func (b *Buffers) Forget() {
	b.Text = ""
	clear(b.Tokens)
	b.Tokens = b.Tokens[:0]
}
