package classifier

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"
)

// The model file: magic, format (uint16), SHA-256 of the body, length of the body (uint32), body. The body: length of the description
// (uint32), description (JSON), then per feature its hash, its idf, its scale, then the matrix, one signed byte a weight. All little endian.
// It isn't packed, since weights pack to half at best, and unpacking would take longer than all else at the start.
const (
	fileMagic  = "JIESU-M\n"
	fileFormat = 3
	// What a file may ask us to hold: a model of ours has some 100,000 rows of 170 columns.
	maxBody        = 160 << 20
	maxDescription = 4 << 20
	maxRows        = 4 << 20
	maxColumns     = 1 << 16
)

var (
	// ErrNotModel reports a file that isn't a model, is cut short or has been changed.
	ErrNotModel = errors.New("not a model file")
	// ErrModelFormat reports a model of a format that this program doesn't read, or one that was trained with another dictionary or
	// other features than this program has; train it again.
	ErrModelFormat = errors.New("unknown model format")
	// ErrModelTooLarge reports a model beyond the limits that protect the memory.
	ErrModelTooLarge = errors.New("model too large")
)

type fileHeader struct {
	Magic  [len(fileMagic)]byte
	Format uint16
	Sum    [sha256.Size]byte
	Length uint32
}

type description struct {
	Labels      []Label    `json:"labels"`
	Columns     int        `json:"columns"`
	Joint       int        `json:"joint"`
	Rows        int        `json:"rows"`
	Bias        []float32  `json:"bias"`
	Temperature float64    `json:"temperature"`
	Thresholds  Thresholds `json:"thresholds"`
	Risks       []Risk     `json:"risks"`
	Corpus      string     `json:"corpus"`
	Figures     Figures    `json:"figures"`
	// Features is the fingerprint of the featurizer that the weights were learnt with; they mean nothing to another.
	Features string `json:"features"`
}

// New makes a model of freshly trained weights, rounded as they will be in the file. It returns ErrWeights for weights that don't fit together.
func New(w Weights, tax Taxonomy) (*Model, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	m := &Model{labels: w.Labels, columns: w.Columns, joint: w.Joint, bias: w.Bias, temperature: w.Temperature, risks: w.Risks,
		corpus: w.Corpus, figures: w.Figures, hashes: w.Hashes, idf: w.IDF}
	m.thresholds = m.AtRisk(w.Share).thresholds
	m.scale, m.matrix = quantize(w.Matrix, w.Columns)
	featurizer, err := NewFeaturizer()
	if err != nil {
		return nil, err
	}
	if err := m.complete(tax, featurizer); err != nil {
		return nil, err
	}
	body, err := m.body()
	if err != nil {
		return nil, err
	}
	m.version = version(sha256.Sum256(body))
	return m, nil
}

// quantize rounds each row to 255 steps of its own size.
func quantize(matrix []float32, columns int) (scale []float32, rounded []byte) {
	const steps = 127
	scale, rounded = make([]float32, len(matrix)/columns), make([]byte, len(matrix))
	for row := range scale {
		var largest float32
		for _, w := range matrix[row*columns:][:columns] {
			largest = max(largest, w, -w)
		}
		if largest == 0 {
			continue
		}
		scale[row] = largest / steps
		for c, w := range matrix[row*columns:][:columns] {
			rounded[row*columns+c] = byte(int8(math.RoundToEven(float64(w / scale[row]))))
		}
	}
	return scale, rounded
}

// complete adds what the file doesn't hold.
func (m *Model) complete(tax Taxonomy, featurizer *Featurizer) (err error) {
	m.featurizer, m.tax = featurizer, tax
	if m.finder, err = newFinder(tax); err != nil {
		return err
	}
	if m.places, err = newPlaces(tax, &m.finder.offices); err != nil {
		return err
	}
	m.index = newIndex(m.hashes)
	if len(m.idf) > 0 {
		m.rarest = slices.Max(m.idf)
	}
	m.steps = new([256]float32)
	for i := range m.steps {
		m.steps[i] = float32(int8(i))
	}
	m.free = newWorkspaces(len(m.hashes), m.columns, len(m.labels))
	return nil
}

func version(sum [sha256.Size]byte) string {
	return fmt.Sprintf("%d-%s", fileFormat, hex.EncodeToString(sum[:6]))
}

// Save writes the model; the same model always gives the same bytes.
func (m *Model) Save(w io.Writer) error {
	body, err := m.body()
	if err != nil {
		return err
	}
	header := fileHeader{Format: fileFormat, Sum: sha256.Sum256(body), Length: uint32(len(body))}
	copy(header.Magic[:], fileMagic)
	if err := binary.Write(w, binary.LittleEndian, header); err != nil {
		return fmt.Errorf("write model header: %w", err)
	}
	if _, err := w.Write(body); err != nil {
		return fmt.Errorf("write model: %w", err)
	}
	return nil
}

func (m *Model) body() ([]byte, error) {
	text, err := json.Marshal(description{Labels: m.labels, Columns: m.columns, Joint: m.joint, Rows: len(m.hashes), Bias: m.bias, Temperature: m.temperature,
		Thresholds: m.thresholds, Risks: m.risks, Corpus: m.corpus, Figures: m.figures, Features: m.featurizer.Fingerprint()})
	if err != nil {
		return nil, fmt.Errorf("describe model: %w", err)
	}
	var body bytes.Buffer
	for _, part := range []any{uint32(len(text)), text, m.hashes, m.idf, m.scale, m.matrix} {
		if err := binary.Write(&body, binary.LittleEndian, part); err != nil {
			return nil, fmt.Errorf("lay out model: %w", err)
		}
	}
	return body.Bytes(), nil
}

// Load reads a model that Save wrote. It returns ErrNotModel, ErrModelFormat or ErrModelTooLarge (wrapped) for anything else, without
// reserving more memory than the file has content for.
func Load(r io.Reader, tax Taxonomy) (*Model, error) {
	file, err := io.ReadAll(io.LimitReader(r, maxBody+1<<10))
	if err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	return open(file, tax)
}

// open makes the model of a file, which it keeps: the weights stay where they are.
func open(file []byte, tax Taxonomy) (*Model, error) {
	featurizer := inBackground(NewFeaturizer)
	content, sum, err := bodyOf(file)
	if err != nil {
		return nil, err
	}
	m, features, err := parse(content)
	if err != nil {
		return nil, err
	}
	ready, err := featurizer()
	if err != nil {
		return nil, err
	}
	if err := m.complete(tax, ready); err != nil {
		return nil, err
	}
	if want := m.featurizer.Fingerprint(); features != want {
		return nil, fmt.Errorf("%w: trained with other features (%.16q, not %s)", ErrModelFormat, features, want)
	}
	m.version = version(sum)
	return m, nil
}

// inBackground begins to make something and returns how to wait for it: the dictionary loads while the weights are unpacked.
func inBackground[T any](make func() (T, error)) func() (T, error) {
	wait := sync.OnceValues(make)
	go wait() //nolint:errcheck // whoever waits gets the error
	return wait
}

func bodyOf(file []byte) (body []byte, sum [sha256.Size]byte, err error) {
	var header fileHeader
	size := binary.Size(header)
	if len(file) < size {
		return nil, sum, fmt.Errorf("%w: %d bytes", ErrNotModel, len(file))
	}
	if _, err := binary.Decode(file[:size], binary.LittleEndian, &header); err != nil {
		return nil, sum, fmt.Errorf("%w: read header: %w", ErrNotModel, err)
	}
	switch {
	case string(header.Magic[:]) != fileMagic:
		return nil, sum, ErrNotModel
	case header.Format != fileFormat:
		return nil, sum, fmt.Errorf("%w: %d", ErrModelFormat, header.Format)
	case header.Length > maxBody:
		return nil, sum, ErrModelTooLarge
	}
	body = file[size:]
	if len(body) > int(header.Length) {
		body = body[:header.Length]
	}
	if sum = sha256.Sum256(body); sum != header.Sum {
		return nil, sum, fmt.Errorf("%w: cut short or changed", ErrNotModel)
	}
	return body, sum, nil
}

// parse also returns the fingerprint of the features that the weights belong to.
func parse(content []byte) (m *Model, features string, err error) {
	if len(content) < 4 {
		return nil, "", fmt.Errorf("%w: no description", ErrNotModel)
	}
	length := int64(binary.LittleEndian.Uint32(content))
	content = content[4:]
	if length > maxDescription || length > int64(len(content)) {
		return nil, "", fmt.Errorf("%w: description of %d bytes", ErrNotModel, length)
	}
	var d description
	if err := json.Unmarshal(content[:length], &d); err != nil {
		return nil, "", fmt.Errorf("%w: description: %w", ErrNotModel, err)
	}
	content = content[length:]
	if d.Rows < 0 || d.Rows > maxRows || d.Columns <= 0 || d.Columns > maxColumns {
		return nil, "", ErrModelTooLarge
	}
	if want := int64(d.Rows) * int64(12+d.Columns); int64(len(content)) != want || len(d.Labels) == 0 || len(d.Bias) != d.Columns {
		return nil, "", fmt.Errorf("%w: %d bytes of weights instead of %d", ErrNotModel, len(content), want)
	}
	if err := checkShape(d.Labels, d.Joint, d.Columns, d.Temperature); err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrNotModel, err)
	}
	m, err = d.model(content)
	return m, d.Features, err
}

// model reads the arrays; content has exactly their size.
func (d description) model(content []byte) (*Model, error) {
	m := &Model{labels: d.Labels, columns: d.Columns, joint: d.Joint, bias: d.Bias, temperature: d.Temperature, thresholds: d.Thresholds,
		risks: d.Risks, corpus: d.Corpus, figures: d.Figures, hashes: make([]uint32, d.Rows), idf: make([]float32, d.Rows), scale: make([]float32, d.Rows), matrix: content[12*d.Rows:]}
	for row := range d.Rows {
		m.hashes[row] = binary.LittleEndian.Uint32(content[4*row:])
		m.idf[row] = math.Float32frombits(binary.LittleEndian.Uint32(content[4*(d.Rows+row):]))
		m.scale[row] = math.Float32frombits(binary.LittleEndian.Uint32(content[4*(2*d.Rows+row):]))
	}
	if !slices.IsSorted(m.hashes) {
		return nil, fmt.Errorf("%w: features out of order", ErrNotModel)
	}
	return m, nil
}
