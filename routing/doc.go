// Package routing is the domain of Jiesu: complaints become cases, cases are dispatched to lead units, worked on and struck off, and
// the complainant is told of every step. It imports the standard library only; databases, WeChat, screens and jobs are other packages'.
//
// The events of a case are the truth; the Case row is a projection of them, written in the same transaction (Case.Apply).
//
//	          file (unsure)                          not-accept
//	    ┌───────────────────► triage ─────────────────────────────► not_accepted
//	    │                       │ assign
//	    │      file (sure)      ▼        refuse           transfer (also from triage, signed, refused)
//	complaint ───────────► dispatched ◄────────► refused ─────────► transferred
//	                       ▲    │  ▲   reassign
//	                       │    │sign  (the office decides; one refusal per unit and case)
//	                  redo │    ▼
//	                       │  signed
//	                       │    │reply
//	                       │    ▼       close           strike-off
//	                       └─ replied ────────► closed ───────────► struck_off
//	                            (redo also from closed, and by the office from struck_off)
//
// The complainant may withdraw before it is closed (→ withdrawn). progress, extend, rate, urge, supervise, supplement and reveal
// are events that leave the state alone. The table is in state.go; Next is the one function that decides.
//
// Clocks (时限) run beside the states: Timetable.Clocks computes them from the events, by rules and on a calendar of working days, whenever
// somebody asks. What is due that nobody does, Desk.TickIn writes down as events of the system: warn, urge, supervise, bulletin.
package routing
