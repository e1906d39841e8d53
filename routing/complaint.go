package routing

// Complaint is what is said to us (诉求), before it is a case.
type Complaint struct {
	Text          string
	Channel       Channel
	Contact       Contact
	Confidential  bool
	Published     bool   // the complainant agreed that everybody may read it
	ComplainantID string // known sender; empty: found or made from Contact
	ExternalID    string
	System        string // outside system in which ExternalID is unique; "": the actor
	Judgement     Judgement
	SameAs        string     // number of an open case of the same matter, by whose word: it is placed as that one and joins its problem
	Placement     *Placement // decided by a person; nil: the judgement decides
	Attachments   []string   // ids of attachments already taken in
	Urgency       Urgency    // as a person or a rule judged it
	Note          string     // internal remark of who files, e.g. why it goes to triage
}

// Placement is where a person says that a case belongs.
type Placement struct {
	Item, Unit, District string
	Assisting            []string
}

// Decision is what the classifier dares to do with a text.
type Decision string

// The decisions, from sure to unsure.
const (
	DecisionDispatch Decision = "dispatch"
	DecisionAsk      Decision = "ask"
	DecisionTriage   Decision = "triage"
)

// Judge understands a text. It must be fast (it runs inside a transaction's turn) and safe for concurrent use.
type Judge interface {
	Judge(text string) Judgement
}

// Judgement is what the classifier says of a text, kept with the case so that screens can show why.
type Judgement struct {
	Item         string        `json:"item"`
	Unit         string        `json:"unit"`
	District     string        `json:"district"`
	Confidence   float64       `json:"confidence"`
	Decision     Decision      `json:"decision"`
	Thin         bool          `json:"thin,omitempty"` // says too little to be worked on
	Alternatives []Alternative `json:"alternatives,omitempty"`
	Evidence     []Evidence    `json:"evidence,omitempty"`
	Contrary     []Evidence    `json:"contrary,omitempty"` // what spoke for the second alternative
	Entities     *Entities     `json:"entities,omitempty"`
	Model        string        `json:"model,omitempty"`
	Matter       Matter        `json:"-"` // kept beside the case: see Reader.MatterOf
}

// Alternative is one candidate with its calibrated probability; the first is the judgement itself.
type Alternative struct {
	Item       string  `json:"item"`
	Unit       string  `json:"unit"`
	Confidence float64 `json:"confidence"`
}

// Evidence is a stretch of the text that decided. Start and End count characters (runes) of the original text.
type Evidence struct {
	Text   string  `json:"text"`
	Start  int     `json:"start"`
	End    int     `json:"end"`
	Weight float64 `json:"weight"`
}

// Entities are what the text names. Phones and people are personal data.
type Entities struct {
	Enterprise string   `json:"enterprise,omitempty"`
	Amounts    []string `json:"amounts,omitempty"`
	Dates      []string `json:"dates,omitempty"`
	Phones     []string `json:"phones,omitempty"`
	People     []string `json:"people,omitempty"`
	// PlaceHint is a street, town or landmark. It is no district: PlaceDistrict, where it lies, is a suggestion to confirm, "" if unknown.
	PlaceHint     string `json:"place_hint,omitempty"`
	PlaceDistrict string `json:"place_district,omitempty"`
}

// SuggestedDistrict returns the district that a judgement without one may mean, by the place that it names; "" and "" if there is none.
func (j Judgement) SuggestedDistrict() (place, district string) {
	if j.District != "" || j.Entities == nil || j.Entities.PlaceDistrict == "" {
		return "", ""
	}
	return j.Entities.PlaceHint, j.Entities.PlaceDistrict
}
