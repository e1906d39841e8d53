package classifier

import "sync"

// workspace is the memory that judging one text takes, used again for the next one.
type workspace struct {
	reading
	terms []term
	// counts has, per row of the model, how often its feature occurs in the passage that is being counted and, after that, the number of
	// its term, from 1. Zero between texts, as seen.
	counts []int32
	// seen has a bit per row with a count, so that the rows are found in order.
	seen      []uint64
	columns   []float32
	scores    []float64
	order     []int
	direction []float64
	// within is the range of the direction beyond the columns that all texts are judged by.
	within        [2]int
	contributions []float64
	perCharacter  []float64
	spans         map[string]int
	weighed       []Span
	passages      []candidate
	kept          []bool
	focused       []term
	matterWords   []occurrence
	search        search
	traits        []Trait
}

// Workspaces that grew with a text of more characters than this are left to the garbage collector.
const lastingLength = 4000

// workspaces are the free workspaces of a model.
type workspaces struct{ pool sync.Pool }

func newWorkspaces(rows, columns, labels int) *workspaces {
	return &workspaces{sync.Pool{New: func() any {
		return &workspace{
			counts: make([]int32, rows), seen: make([]uint64, (rows+63)/64),
			columns: make([]float32, columns), direction: make([]float64, columns),
			scores: make([]float64, labels), order: make([]int, 0, labels), spans: map[string]int{},
		}
	}}}
}

func (p *workspaces) take() *workspace { return p.pool.Get().(*workspace) }

// release gives the workspace back, without references to the text.
func (p *workspaces) release(w *workspace) {
	if len(w.Folded) > lastingLength {
		return
	}
	w.source, w.search.reading = "", nil
	w.Forget()
	clear(w.spans)
	clear(w.weighed)
	p.pool.Put(w)
}

// count counts known features.
func (w *workspace) count(occurrences []occurrence) {
	for _, o := range occurrences {
		if o.row < 0 {
			continue
		}
		if w.counts[o.row] == 0 {
			w.seen[o.row/64] |= 1 << (o.row % 64)
		}
		w.counts[o.row]++
	}
}

// forgetTerms makes the workspace ready to count again.
func (w *workspace) forgetTerms() {
	for _, t := range w.terms {
		w.counts[t.row] = 0
	}
}
