package routing

import "slices"

// Deed is what somebody may do or see beside the steps on a case and on a problem, which have tables of their own (transitions, problemTransitions).
type Deed string

// The deeds. Routes of the console and operations of the API ask for the same ones as the desk does.
const (
	DeedSee       Deed = "see"       // know of a case, read it as Case.View shows it
	DeedReadAll   Deed = "read-all"  // read also what is with a body before which nobody must be warned
	DeedFile      Deed = "file"      // file a complaint
	DeedServe     Deed = "serve"     // work at the operators' desk: calls, tasks, conversations, codes, orders of the hotline
	DeedStandIn   Deed = "stand-in"  // end what another operator has begun, and what several have to see to
	DeedPresent   Deed = "present"   // count as somebody who can take over a conversation
	DeedOversee   Deed = "oversee"   // place what waits in triage, act on many cases at once, see to mass incidents, make papers, draw samples
	DeedPapers    Deed = "papers"    // read papers; who is tied to a unit its own, and the public figures of the city
	DeedExport    Deed = "export"    // take a list out of the house
	DeedTemplates Deed = "templates" // keep texts of answers
	DeedWatch     Deed = "watch"     // see who looked at a case
	DeedPerson    Deed = "person"    // hand out or erase what is kept of somebody
	DeedEndpoints Deed = "endpoints" // set up webhooks, look at their log
)

// Deeds lists every deed.
func Deeds() []Deed {
	return []Deed{DeedSee, DeedReadAll, DeedFile, DeedServe, DeedStandIn, DeedPresent, DeedOversee, DeedPapers, DeedExport, DeedTemplates, DeedWatch, DeedPerson, DeedEndpoints}
}

// Relation is what must tie somebody to a thing for them to have to do with it.
type Relation string

// The relations; "" is none at all: the role never may.
const (
	RelationAny  Relation = "any"
	RelationCase Relation = "own case" // it is their complaint
	RelationUnit Relation = "own unit" // their unit leads it or assists
	RelationLead Relation = "led"      // their unit leads it
)

// holds reports whether the actor is so related to the case.
func (r Relation) holds(a Actor, c Case) bool {
	switch r {
	case RelationAny:
		return true
	case RelationCase:
		return a.ID != "" && a.ID == c.ComplainantID
	case RelationUnit:
		return a.Unit != "" && (a.Unit == c.Unit || slices.Contains(c.Assisting, a.Unit))
	case RelationLead:
		return a.Unit != "" && a.Unit == c.Unit
	}
	return false
}

// policy says who may do what, and with what they must be related. A deed or a role that isn't here is nobody's.
var policy = map[Deed]map[Role]Relation{
	DeedSee:       {RoleComplainant: RelationCase, RoleUnit: RelationUnit, RoleOperator: RelationAny, RoleOffice: RelationAny, RoleAdmin: RelationAny, RoleSystem: RelationAny},
	DeedReadAll:   overseers,
	DeedFile:      {RoleComplainant: RelationAny, RoleOperator: RelationAny, RoleOffice: RelationAny, RoleAdmin: RelationAny, RoleSystem: RelationAny},
	DeedServe:     {RoleOperator: RelationAny, RoleOffice: RelationAny, RoleAdmin: RelationAny, RoleSystem: RelationAny},
	DeedStandIn:   overseers,
	DeedPresent:   {RoleOperator: RelationAny},
	DeedOversee:   overseers,
	DeedPapers:    {RoleUnit: RelationUnit, RoleOffice: RelationAny, RoleAdmin: RelationAny, RoleSystem: RelationAny},
	DeedExport:    {RoleUnit: RelationUnit, RoleOffice: RelationAny, RoleAdmin: RelationAny},
	DeedTemplates: {RoleUnit: RelationLead},
	DeedWatch:     {RoleOffice: RelationAny, RoleAdmin: RelationAny},
	DeedPerson:    {RoleOffice: RelationAny, RoleAdmin: RelationAny},
	DeedEndpoints: overseers,
}

// overseers are the office and those who stand in for it.
var overseers = map[Role]Relation{RoleOffice: RelationAny, RoleAdmin: RelationAny, RoleSystem: RelationAny}

// RelationOf is how a role must be related to a thing for the deed; "": it never may.
func RelationOf(r Role, d Deed) Relation { return policy[d][r] }

// May reports whether the actor may do the deed at all, with things that they are rightly related to.
func (a Actor) May(d Deed) bool { return RelationOf(a.Role, d) != "" }

// stepRelation is how a role must be related to a case for a step of the table that it may take: an assisting unit reads and reports progress; every other step belongs
// to the lead unit.
func stepRelation(r Role, action Action) Relation {
	if r == RoleUnit && action != ActionProgress {
		return RelationLead
	}
	return RelationOf(r, DeedSee)
}
