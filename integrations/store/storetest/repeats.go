package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"jiesu/routing"
)

// matter is about the things named, all of the same weight, like itself to 1 when there are four.
func matter(things ...uint32) routing.Matter {
	slices.Sort(things)
	var m routing.Matter
	for _, hash := range things {
		m = append(m, routing.Trait{Hash: hash, Weight: 0.5})
	}
	return m
}

// about stores an open case of the matter.
func about(t *testing.T, s routing.Store, n int, complainantID string, m routing.Matter) routing.Case {
	t.Helper()
	return file(t, s, n, complainantID, func(c *routing.Case) { c.Judgement.Matter = m })
}

// step stores an event that takes the case to a state.
func step(t *testing.T, s routing.Store, number string, to routing.State) {
	t.Helper()
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		c, err := tx.Case(ctx, number)
		if err != nil {
			return err
		}
		e := routing.Event{ID: routing.NewID(), Case: number, Seq: c.Version + 1, Action: routing.ActionProgress, At: c.FiledAt, From: c.State, To: to}
		c.State, c.Version = to, e.Seq
		return tx.UpdateCase(ctx, c, e)
	})
}

// wantNear holds the numbers and the likeness of what is found.
func wantNear(t *testing.T, what string, s routing.Reader, r routing.Resemblance, want ...string) {
	t.Helper()
	near, err := s.Alike(t.Context(), r)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	var got []string
	for _, n := range near {
		got = append(got, fmt.Sprintf("%s %.2f", n.Number[len(n.Number)-2:], n.Likeness))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

const most = uint32(1<<32 - 1) // the database's numbers are signed

func testMatters(t *testing.T, s routing.Store) {
	ctx := t.Context()
	complainant(t, s, "1")
	complainant(t, s, "2")
	m1, m2 := matter(1, 2, 3, most), matter(7, 8, 9, 10)
	c1, c2 := about(t, s, 1, "1", m1), about(t, s, 2, "1", m2)
	c3, c4 := about(t, s, 3, "2", m2), file(t, s, 4, "1", nil)
	got, err := s.MatterOf(ctx, c1.Number)
	want(t, "matter", got, err, m1)
	_, err = s.MatterOf(ctx, c4.Number)
	wantErr(t, "matter that wasn't kept", err, routing.ErrNotFound)
	all, err := s.MattersOf(ctx, "1")
	want(t, "matters of one", all, err, map[string]routing.Matter{c1.Number: m1, c2.Number: m2})
	step(t, s, c2.Number, routing.StateWithdrawn)
	all, err = s.MattersOf(ctx, "1")
	want(t, "matters of open cases", all, err, map[string]routing.Matter{c1.Number: m1})
	got, err = s.MatterOf(ctx, c2.Number)
	want(t, "matter of a case withdrawn", got, err, m2)
	all, err = s.MattersOf(ctx, "3")
	want(t, "matters of nobody", all, err, map[string]routing.Matter{})
	near, err := s.Alike(ctx, routing.Resemblance{Matter: m2, Limit: 9})
	want(t, "near", near, err, []routing.Near{{Number: c3.Number, Likeness: 1, ComplainantID: "2", FiledAt: c3.FiledAt}})
}

func testAlike(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	c1 := about(t, s, 1, "1", matter(1, 2, 3, most))
	about(t, s, 2, "1", matter(1, 2, 3, 4))
	about(t, s, 3, "1", matter(2, 3, 5, 6))
	about(t, s, 4, "1", matter(8, 9))
	closed := file(t, s, 5, "1", func(c *routing.Case) { c.Judgement.Matter, c.State = matter(1, 2, 3, most), routing.StateStruckOff })
	r := routing.Resemblance{Matter: matter(1, 2, 3, most), Limit: 9}
	wantNear(t, "all", s, r, "01 1.00", "02 0.75", "03 0.50")
	r.Least = 0.6
	wantNear(t, "the likest", s, r, "01 1.00", "02 0.75")
	r.Except = c1.Number
	wantNear(t, "others", s, r, "02 0.75")
	r = routing.Resemblance{Matter: matter(1, 2, 3, most), Limit: 1}
	wantNear(t, "one", s, r, "01 1.00")
	r = routing.Resemblance{Matter: matter(1, 2, 3, most), Limit: 9, Since: stored(noon.Add(2 * time.Second))}
	wantNear(t, "filed later", s, r, "02 0.75", "03 0.50")
	r.Since = noon.AddDate(0, 0, 1)
	wantNear(t, "filed another day", s, r)
	wantNear(t, "nothing said", s, routing.Resemblance{Limit: 9})
	wantNear(t, "something else", s, routing.Resemblance{Matter: matter(100), Limit: 9})

	r = routing.Resemblance{Matter: matter(1, 2, 3, most), Limit: 9, Least: 0.9}
	for _, state := range routing.States() {
		step(t, s, c1.Number, state)
		if state.Open() {
			wantNear(t, "as "+string(state), s, r, "01 1.00")
		} else {
			wantNear(t, "as "+string(state), s, r)
		}
	}
	step(t, s, closed.Number, routing.StateDispatched)
	wantNear(t, "redone", s, r, "05 1.00")
}

// A feature that very many cases share neither hides those that share more, nor slows anything down.
func testAlikeAmongMany(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	about(t, s, 1, "1", matter(1, 2, 3, 4))
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		for n := range uint32(1500) {
			c, e := example(int(n)+10, "1")
			c.Judgement.Matter = matter(1, 10*n+10, 10*n+11, 10*n+12)
			if err := tx.InsertCase(ctx, c, e); err != nil {
				return err
			}
		}
		return nil
	})
	wantNear(t, "among many", s, routing.Resemblance{Matter: matter(1, 2, 3, 9), Limit: 1}, "01 0.75")
}

func testIncidents(t *testing.T, s routing.Store) {
	ctx := t.Context()
	complainant(t, s, "1")
	m := matter(1, 2, 3, 4)
	c1, c2, c3 := about(t, s, 1, "1", m), about(t, s, 2, "1", m), about(t, s, 3, "1", m)
	older := routing.Task{ID: "t2", Kind: routing.TaskIncident, CreatedAt: stored(noon)}
	newer := routing.Task{ID: "t1", Kind: routing.TaskIncident, CreatedAt: stored(noon.Add(time.Second))}
	write(t, s, func(ctx context.Context, tx routing.Tx) error {
		return errors.Join(tx.LockIncidents(ctx), tx.InsertTask(ctx, newer), tx.InsertTask(ctx, older), tx.JoinIncident(ctx, "t2", c2.Number),
			tx.JoinIncident(ctx, "t2", c1.Number), tx.JoinIncident(ctx, "t1", c3.Number))
	})
	open, err := s.OpenIncidents(ctx)
	want(t, "incidents", open, err, []routing.Incident{{Task: older, Cases: []string{c1.Number, c2.Number}}, {Task: newer, Cases: []string{c3.Number}}})
	tasks, err := s.OpenTasks(ctx, 9)
	want(t, "tasks of operators", tasks, err, nil)
	join := func(task, number string) error {
		return writing(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.JoinIncident(ctx, task, number) })
	}
	wantErr(t, "a case of two incidents", join("t1", c1.Number), routing.ErrExists)
	wantErr(t, "no case", join("t1", "JS20261124-999999"), routing.ErrNotFound)
	wantErr(t, "no incident", join("t9", about(t, s, 4, "1", m).Number), routing.ErrNotFound)
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.FinishTask(ctx, "t2", "办公室", noon) })
	open, err = s.OpenIncidents(ctx)
	want(t, "incidents left", open, err, []routing.Incident{{Task: newer, Cases: []string{c3.Number}}})
	near := func(pending bool) (incidents []string) {
		list, err := s.Alike(ctx, routing.Resemblance{Matter: m, Limit: 9, Pending: pending})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range list {
			incidents = append(incidents, n.Number[len(n.Number)-1:]+n.Incident)
		}
		return incidents
	}
	want(t, "all that are alike", near(false), nil, []string{"4", "3t1", "2t2", "1t2"})
	want(t, "what the office isn't done with", near(true), nil, []string{"4", "3t1"})
}

// A desk that takes five complainants within a day for a mass incident, on a clock that the test sets.
type office struct {
	t    *testing.T
	s    routing.Store
	desk *routing.Desk
	at   time.Time
}

func newOffice(t *testing.T, s routing.Store) *office {
	o := &office{t: t, s: s, at: noon}
	desk := routing.NewDesk(s, &routing.Plan{}, routing.NewMemory(time.Now), func() time.Time { return o.at })
	o.desk = desk.WithBurst(routing.Burst{Complainants: 5, Within: 24 * time.Hour})
	return o
}

func (o *office) file(phone string, m routing.Matter) (routing.Case, error) {
	c, _, err := o.desk.File(o.t.Context(), routing.Actor{Role: routing.RoleOperator, ID: "op"}, routing.Complaint{Text: "停业通知没有依据",
		Channel: routing.ChannelHotline, Contact: routing.Contact{Phone: phone}, Judgement: routing.Judgement{Matter: m}})
	return c, err
}

func (o *office) filed(phone string, m routing.Matter) routing.Case {
	o.t.Helper()
	c, err := o.file(phone, m)
	if err == nil {
		err = o.desk.Gather(o.t.Context())
	}
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

// wantIncidents holds how many cases each open incident has.
func (o *office) wantIncidents(what string, sizes ...int) []routing.Incident {
	o.t.Helper()
	open, err := o.desk.Incidents(o.t.Context(), routing.Actor{Role: routing.RoleOffice})
	if err != nil {
		o.t.Fatal(err)
	}
	var got []int
	for _, i := range open {
		got = append(got, len(i.Cases))
	}
	if !slices.Equal(got, sizes) {
		o.t.Fatalf("%s: incidents of %v cases, want %v", what, got, sizes)
	}
	return open
}

// wantJoined holds that the case's row, version and timeline agree on whether it was put on an incident.
func (o *office) wantJoined(number string, joined bool) {
	o.t.Helper()
	c, err := o.s.Case(o.t.Context(), number)
	if err != nil {
		o.t.Fatal(err)
	}
	events, err := o.s.Events(o.t.Context(), number)
	if err != nil {
		o.t.Fatal(err)
	}
	last := events[len(events)-1]
	if c.Version != int64(len(events)) || (last.Action == routing.ActionJoin && last.Data.Incident != "") != joined {
		o.t.Errorf("%s: version %d, last event %+v", number, c.Version, last)
	}
}

func testBurst(t *testing.T, s routing.Store) {
	o := newOffice(t, s)
	m := matter(1, 2, 3, 4)
	long := o.filed("13800000000", m)
	o.at = o.at.Add(25 * time.Hour)
	first := o.filed("13800000001", m)
	o.filed("13800000001", m) // again: the same complainant
	o.filed("13800000002", m)
	o.filed("13800000003", m)
	other := o.filed("13800000005", matter(11, 12, 13, 14))
	o.wantIncidents("four complainants")
	o.wantJoined(first.Number, false)
	raising := o.filed("13800000004", m)
	o.wantIncidents("three complainants and one who says it again")
	o.wantJoined(raising.Number, false)
	last := o.filed("13800000006", matter(1, 2, 3, 9))
	open := o.wantIncidents("five complainants", 6)
	o.wantJoined(first.Number, true)
	o.wantJoined(last.Number, true)
	o.wantJoined(other.Number, false)
	o.wantJoined(long.Number, false)

	// A step decided before the case was put on the incident is not stale; one decided before another step is.
	act := func(version int64) error {
		_, err := o.desk.Act(t.Context(), routing.Actor{Role: routing.RoleOffice}, first.Number, routing.Step{Action: routing.ActionUrge, Version: version})
		return err
	}
	if err := act(1); err != nil {
		t.Errorf("a step on the version before: %v", err)
	}
	wantErr(t, "a stale step", act(1), routing.ErrConflict)
	wantErr(t, "a step on a version to come", act(9), routing.ErrConflict)

	o.at = o.at.Add(20 * time.Hour)
	o.filed("13800000007", m)
	o.wantIncidents("one more", 7)
	watching := o.desk
	o.desk = routing.NewDesk(s, &routing.Plan{}, routing.NewMemory(time.Now), func() time.Time { return o.at }) // as if the server died just then
	lost := o.filed("13800000008", m)
	o.desk = watching
	o.wantIncidents("one that nobody compared", 7)
	o.filed("13800000009", m)
	o.wantIncidents("the next takes it along", 9)
	o.wantJoined(lost.Number, true)
	wantErr(t, "an operator finishes it", o.desk.FinishTask(t.Context(), routing.Actor{Role: routing.RoleOperator}, open[0].ID), routing.ErrForbidden)
	if err := o.desk.FinishTask(t.Context(), routing.Actor{Role: routing.RoleOffice, Name: "办公室"}, open[0].ID); err != nil {
		t.Fatal(err)
	}
	for _, phone := range []string{"13800000011", "13800000012", "13800000013", "13800000014"} {
		o.filed(phone, m)
	}
	o.wantIncidents("four more after the office is done")
	o.filed("13800000015", m)
	o.wantIncidents("it goes on", 5)
	for _, role := range []routing.Role{routing.RoleUnit, routing.RoleComplainant, ""} {
		_, err := o.desk.Incidents(t.Context(), routing.Actor{Role: role, Unit: "finance", ID: "1"})
		wantErr(t, "incidents for "+string(role), err, routing.ErrForbidden)
	}
}

// However many file at once, and whoever looks for bursts meanwhile, there is one incident, and everybody is on it.
func testBurstRace(t *testing.T, s routing.Store) {
	o := newOffice(t, s)
	m := matter(1, 2, 3, 4)
	for n := range 4 {
		o.filed(fmt.Sprint("1380000000", n), m)
	}
	var racing sync.WaitGroup
	for n := range 8 {
		racing.Go(func() {
			_, err := o.file(fmt.Sprint("1390000000", n), m)
			if err == nil {
				err = o.desk.Gather(t.Context())
			}
			if err != nil {
				t.Errorf("file and gather: %v", err)
			}
		})
	}
	racing.Wait()
	o.filed("13700000000", m)
	open, err := s.OpenIncidents(t.Context())
	if err != nil || len(open) != 1 {
		t.Fatalf("%d incidents, %v", len(open), err)
	}
	for _, number := range open[0].Cases {
		o.wantJoined(number, true)
	}
	if n := len(open[0].Cases); n != 13 {
		t.Errorf("an incident of %d cases", n)
	}
	if left, err := s.Uncompared(t.Context(), 9); err != nil || len(left) > 0 {
		t.Errorf("not compared: %v, %v", left, err)
	}
}

func testAlikeTo(t *testing.T, s routing.Store) {
	complainant(t, s, "1")
	complainant(t, s, "2")
	o := newOffice(t, s)
	place := func(n int, who, unit string, confidential bool, m routing.Matter) routing.Case {
		return file(t, s, n, who, func(c *routing.Case) {
			c.Unit, c.Assisting, c.Confidential, c.Judgement.Matter = unit, nil, confidential, m
		})
	}
	c := place(1, "1", "finance", false, matter(1, 2, 3, 4))
	little := matter(4, 5, 6, 7)
	little[0].Weight = 0.35 // alike enough for the same complainant alone
	own := place(2, "1", "taxes", false, little)
	city := place(3, "2", "finance", false, matter(1, 2, 3, 9))
	hidden := place(4, "2", "finance", true, matter(1, 2, 3, 8))
	place(5, "2", "finance", false, matter(21, 22, 23, 24))
	none := file(t, s, 6, "2", nil)
	seen := func(a routing.Actor, number string) (numbers []string) {
		t.Helper()
		list, err := o.desk.AlikeTo(t.Context(), a, number)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range list {
			numbers = append(numbers, x.Case.Number)
			if x.Own != (x.Case.Number == own.Number) || x.Case.Contact.Phone == "13800001234" {
				t.Errorf("%s shown as %+v", x.Case.Number, x)
			}
		}
		return numbers
	}
	unit := func(id string) routing.Actor { return routing.Actor{Role: routing.RoleUnit, Unit: id} }
	for what, f := range map[string]struct {
		by     routing.Actor
		number string
		want   []string
	}{
		"the office":              {routing.Actor{Role: routing.RoleOffice}, c.Number, []string{own.Number, hidden.Number, city.Number}},
		"an operator":             {routing.Actor{Role: routing.RoleOperator}, c.Number, []string{own.Number, hidden.Number, city.Number}},
		"the unit":                {unit("finance"), c.Number, []string{city.Number}},
		"a unit, of what is hid":  {unit("finance"), hidden.Number, nil},
		"a case without a matter": {routing.Actor{Role: routing.RoleOffice}, none.Number, nil},
	} {
		if got := seen(f.by, f.number); !slices.Equal(got, f.want) {
			t.Errorf("%s sees %v, want %v", what, got, f.want)
		}
	}
	_, err := o.desk.AlikeTo(t.Context(), unit("taxes"), c.Number)
	wantErr(t, "another unit", err, routing.ErrNotFound)
	_, err = o.desk.AlikeTo(t.Context(), routing.Actor{Role: routing.RoleComplainant, ID: "1"}, c.Number)
	wantErr(t, "the complainant", err, routing.ErrForbidden)
	list, err := o.desk.AlikeBefore(t.Context(), routing.Actor{Role: routing.RoleOperator}, matter(1, 2, 3, 4), "")
	if err != nil || len(list) != 3 || list[0].Case.Number != c.Number || list[0].Likeness != 1 || list[0].Own {
		t.Errorf("before filing: %+v, %v", list, err)
	}
}
