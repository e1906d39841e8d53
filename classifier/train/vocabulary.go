package train

import (
	"math"
	"slices"

	"jiesu/classifier"
)

// document is a text as the learner sees it.
type document struct {
	features []classifier.Feature // of the whole text
	passages []classifier.Passage
	label    int
	trap     bool
}

// length counts normalised characters.
func (d document) length() int {
	sum := 0
	for _, p := range d.passages {
		sum += p.Length
	}
	return sum
}

// cell is a known feature of a document: its row and scaled value.
type cell struct {
	row   int32
	value float32
}

// vocabulary are the features that occur in enough documents to learn from.
type vocabulary struct {
	hashes []uint32 // ascending
	idf    []float32
	row    map[uint32]int32
}

func newVocabulary(docs []document, minimum int) vocabulary {
	frequency := map[uint32]int{}
	for _, d := range docs {
		for _, f := range d.features {
			frequency[f.Hash]++
		}
	}
	v := vocabulary{row: map[uint32]int32{}}
	for h, n := range frequency {
		if n >= minimum {
			v.hashes = append(v.hashes, h)
		}
	}
	slices.Sort(v.hashes)
	for i, h := range v.hashes {
		v.row[h] = int32(i)
		v.idf = append(v.idf, float32(1+math.Log(float64(len(docs)+1)/float64(frequency[h]+1))))
	}
	return v
}

// frequent tells of a feature that at least one of 500 documents has.
func (v vocabulary) frequent(row int) bool { return v.idf[row] < float32(1+math.Log(500)) }

// only returns the vocabulary of some rows.
func (v vocabulary) only(rows []int) vocabulary {
	less := vocabulary{hashes: pick(v.hashes, rows), idf: pick(v.idf, rows), row: make(map[uint32]int32, len(rows))}
	for i, h := range less.hashes {
		less.row[h] = int32(i)
	}
	return less
}

// cells are the known features, scaled to length one as the model does.
func (v vocabulary) cells(features []classifier.Feature) []cell {
	cells := make([]cell, 0, len(features))
	var squares float64
	for _, f := range features {
		row, ok := v.row[f.Hash]
		if !ok {
			continue
		}
		value := classifier.TermWeight(f.Count, v.idf[row])
		squares += float64(value) * float64(value)
		cells = append(cells, cell{row, value})
	}
	if squares > 0 {
		norm := float32(1 / math.Sqrt(squares))
		for i := range cells {
			cells[i].value *= norm
		}
	}
	return cells
}
