package routing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// How alike two matters must be to be called one, as chosen on pairs of texts of the same and of different matters (docs/evaluation.md).
const (
	SameMatterOwn = 0.15 // of one complainant, who has few cases
	SameMatter    = 0.2  // of anybody in the city
)

const (
	// mostAlike is how many cases are shown as alike.
	mostAlike = 5
	// mostNear is how many cases of a burst are looked at, and how many of the city's a unit's own are picked from.
	mostNear = 50
	// newestOfBurst is how many of the newest cases with a trait are looked at for a burst, of which cases come one after the other.
	newestOfBurst = 100
)

// Trait is a feature of a text, by its hash, and how much it tells what the text is about.
type Trait struct {
	Hash   uint32
	Weight float32
}

// Matter tells what a complaint is about from what others are about: the traits of its text, in order of hash, the squares of their
// weights together at most 1.
type Matter []Trait

// Likeness says how much two matters are one, from 0 to 1: the cosine of their traits.
func (m Matter) Likeness(o Matter) float64 {
	var sum float64
	for i, j := 0, 0; i < len(m) && j < len(o); {
		switch {
		case m[i].Hash < o[j].Hash:
			i++
		case m[i].Hash > o[j].Hash:
			j++
		default:
			sum += float64(m[i].Weight) * float64(o[j].Weight)
			i, j = i+1, j+1
		}
	}
	return sum
}

// Resemblance selects open cases by what they are about.
type Resemblance struct {
	Matter  Matter
	Except  string    // number of a case that is not looked for
	Since   time.Time // filed then or later; zero: whenever
	Newest  int       // how many of the newest cases with each trait are looked at; 0: as many as can tell anything
	Pending bool      // not those of mass incidents that the office is done with
	Least   float64   // likeness
	Limit   int
}

// Near is an open case that is like a matter.
type Near struct {
	Number        string
	Likeness      float64
	ComplainantID string
	FiledAt       time.Time
	Incident      string // task id of the mass incident that it is one of, "" when of none
}

// Alike is a case like another one, as the actor may see it.
type Alike struct {
	Case     Case
	Likeness float64
	Own      bool // of the same complainant
}

// AlikeTo lists the open cases that are most likely the same matter as this one: those of the same complainant first, then the most alike
// of the city. A unit chooses among the cases that it may see, and is told nothing of confidential ones: that two cases are alike may
// tell who complains. Errors: ErrNotFound, ErrForbidden for complainants.
func (d *Desk) AlikeTo(ctx context.Context, actor Actor, number string) ([]Alike, error) {
	c, err := d.store.Case(ctx, number)
	if err != nil {
		return nil, err
	}
	if !actor.CanSee(c) {
		return nil, ErrNotFound
	}
	if actor.Role == RoleUnit && c.Confidential || c.WithheldFrom(actor) {
		return nil, nil
	}
	m, err := d.store.MatterOf(ctx, number)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read matter of %s: %w", number, err)
	}
	return d.alike(ctx, actor, Resemblance{Matter: m, Except: number}, c.ComplainantID)
}

// AlikeBefore is AlikeTo for a complaint that isn't filed yet, by what it is about and who says it ("" when not known).
func (d *Desk) AlikeBefore(ctx context.Context, actor Actor, m Matter, complainantID string) ([]Alike, error) {
	return d.alike(ctx, actor, Resemblance{Matter: m}, complainantID)
}

func (d *Desk) alike(ctx context.Context, actor Actor, r Resemblance, complainantID string) ([]Alike, error) {
	if actor.Role == RoleComplainant {
		return nil, ErrForbidden
	}
	near, err := d.nearOwn(ctx, r, complainantID)
	if err != nil {
		return nil, err
	}
	own := len(near)
	r.Least, r.Limit = SameMatter, mostNear
	city, err := d.store.Alike(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("look for cases alike: %w", err)
	}
	var list []Alike
	for i, n := range append(near, city...) {
		if len(list) == mostAlike {
			break
		}
		if i >= own && n.ComplainantID == complainantID { // stands among the first
			continue
		}
		c, err := d.store.Case(ctx, n.Number)
		if err != nil {
			return nil, fmt.Errorf("read case alike: %w", err)
		}
		if actor.CanSee(c) && (actor.Role != RoleUnit || !c.Confidential) {
			list = append(list, Alike{c.View(actor), n.Likeness, i < own})
		}
	}
	return list, nil
}

// nearOwn lists the complainant's own open cases that are alike, the most alike first.
func (d *Desk) nearOwn(ctx context.Context, r Resemblance, complainantID string) ([]Near, error) {
	if complainantID == "" {
		return nil, nil
	}
	matters, err := d.store.MattersOf(ctx, complainantID)
	if err != nil {
		return nil, fmt.Errorf("read the complainant's matters: %w", err)
	}
	var near []Near
	for number, m := range matters {
		if l := r.Matter.Likeness(m); l >= SameMatterOwn && number != r.Except {
			near = append(near, Near{Number: number, Likeness: l, ComplainantID: complainantID})
		}
	}
	slices.SortFunc(near, func(a, b Near) int {
		return cmp.Or(cmp.Compare(b.Likeness, a.Likeness), cmp.Compare(b.Number, a.Number))
	})
	return near[:min(len(near), mostAlike)], nil
}
