package classifier

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"testing"

	"github.com/goccy/go-yaml"
)

// tiny is a model of two labels and a handful of features, as a file.
func tiny(t testing.TB, tax Taxonomy) []byte {
	t.Helper()
	m := &Model{labels: []Label{{Item: "1.1", Unit: "finance"}, {Item: Other}}, columns: 2, joint: 2, bias: []float32{0.1, -0.1}, temperature: 1,
		hashes: []uint32{1, 5, 9}, idf: []float32{1, 2, 3}, scale: []float32{1, 1, 1}, matrix: []byte{1, 2, 3, 4, 5, 6}}
	featurizer, err := NewFeaturizer()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.complete(tax, featurizer); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := m.Save(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A model file is refused with one of three reasons, or its model answers every text with a probability. Whoever writes it can make its sum right, so
// the fuzzer may, too.
func FuzzModelFile(f *testing.F) {
	var tax Taxonomy
	data, err := os.ReadFile("../configs/plan/taxonomy.yaml")
	if err != nil {
		f.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &tax); err != nil {
		f.Fatal(err)
	}
	file := tiny(f, tax)
	header := binary.Size(fileHeader{})
	f.Add(file, false)
	f.Add(file[header:], true)
	f.Add(file[header:header+40], true)
	f.Add([]byte{}, true)
	f.Add([]byte("\x02\x00\x00\x00{}"), true)
	f.Add([]byte("\xff\xff\xff\xff{}"), true)
	featurizer, err := NewFeaturizer()
	if err != nil {
		f.Fatal(err)
	}
	refused := func(t *testing.T, err error) {
		t.Helper()
		if !errors.Is(err, ErrNotModel) && !errors.Is(err, ErrModelFormat) && !errors.Is(err, ErrModelTooLarge) {
			t.Fatalf("refused with %v", err)
		}
	}
	f.Fuzz(func(t *testing.T, content []byte, summed bool) {
		if summed {
			h := fileHeader{Format: fileFormat, Sum: sha256.Sum256(content), Length: uint32(len(content))}
			copy(h.Magic[:], fileMagic)
			var b bytes.Buffer
			if err := binary.Write(&b, binary.LittleEndian, h); err != nil {
				t.Fatal(err)
			}
			content = append(b.Bytes(), content...)
		}
		body, _, err := bodyOf(content)
		if err != nil {
			refused(t, err)
			return
		}
		m, features, err := parse(body)
		if err != nil {
			refused(t, err)
			return
		}
		if features != featurizer.Fingerprint() { // which Load refuses
			return
		}
		if err := m.complete(tax, featurizer); err != nil {
			refused(t, err)
			return
		}
		r := m.Classify("街道拖欠工程款三年，浑南区")
		if math.IsNaN(r.Confidence) || r.Confidence < 0 || r.Confidence > 1 {
			t.Fatalf("%+v", r)
		}
	})
}
