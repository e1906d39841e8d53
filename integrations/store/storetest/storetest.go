// Package storetest is the meaning of routing.Store as tests: every implementation passes the same suite.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"jiesu/routing"
)

// Run runs the suite. open returns an empty store, which Run's parts don't share; the caller closes it in a cleanup.
func Run(t *testing.T, open func(t *testing.T) routing.Store) {
	parts := []struct {
		name string
		test func(t *testing.T, s routing.Store)
	}{
		{"Cases", testCases},
		{"CaseKeysAreUnique", testCaseKeys},
		{"ReplayedEventsGiveTheRow", testReplay},
		{"OneWinnerPerVersion", testOneWinner},
		{"Ticks", testTicks},
		{"ClockFilters", testClockFilters},
		{"Pages", testPages},
		{"PagesOfInvalidInput", testInvalidPages},
		{"Filters", testFilters},
		{"TextSearch", testTextSearch},
		{"SearchFollowsWhatIsSaid", testSearchFollows},
		{"SearchOfCommonWords", testManyHits},
		{"Order", testOrder},
		{"Figures", testFigures},
		{"Keeping", testKeeping},
		{"Visibility", testVisibility},
		{"Complainants", testComplainants},
		{"Inbound", testInbound},
		{"InboundRace", testInboundRace},
		{"Forgetting", testForgetting},
		{"Spool", testSpool},
		{"Dialogues", testDialogues},
		{"Quotas", testQuotas},
		{"QuotaRace", testQuotaRace},
		{"Notices", testNotices},
		{"NoticesCallTheNext", testNoticesCallTheNext},
		{"Claims", testClaims},
		{"Deliveries", testDeliveries},
		{"Attachments", testAttachments},
		{"Tasks", testTasks},
		{"Surveys", testSurveys},
		{"Staff", testStaff},
		{"Guesses", testGuesses},
		{"Looks", testLooks},
		{"Erasing", testErasing},
		{"Browsers", testBrowsers},
		{"Matters", testMatters},
		{"Alike", testAlike},
		{"AlikeAmongMany", testAlikeAmongMany},
		{"AlikeTo", testAlikeTo},
		{"Incidents", testIncidents},
		{"Burst", testBurst},
		{"BurstRace", testBurstRace},
		{"Problems", testProblems},
		{"ProblemLists", testProblemLists},
		{"CameBack", testCameBack},
		{"StruckOffAsOne", testStruckOffAsOne},
		{"PlansAndNotes", testPlansAndNotes},
		{"Returns", testReturns},
		{"MergesThatMayNotBe", testMergesThatMayNotBe},
		{"LedgerModel", testLedgerModel},
		{"LedgerRace", testLedgerRace},
		{"Histories", testHistories},
		{"ProblemHistories", testProblemHistories},
		{"Published", testPublished},
		{"Hooks", testHooks},
		{"Calls", testCalls},
		{"Chats", testChats},
		{"Codes", testCodes},
		{"Imports", testImports},
		{"CrossingCalls", testCrossingCalls},
		{"KeysAndAnswers", testKeysAndAnswers},
		{"Papers", testPapers},
		{"RollbackLeavesNothing", testRollback},
		{"PanicRollsBack", testPanic},
		{"GoexitRollsBack", testGoexit},
		{"CancelledBeforeStart", testCancelled},
		{"CancelledWithin", testCancelledWithin},
		{"FailureBesideOthers", testFailureBesideOthers},
		{"ReadsItsOwnWrites", testOwnWrites},
		{"Close", testClose},
	}
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			p.test(t, open(t))
		})
	}
}

// noon is a time that no clock of the store knows of, with more than milliseconds.
var noon = time.Date(2026, 11, 24, 4, 0, 0, 123_456_789, time.UTC)

// stored is a time as the store gives it back.
func stored(t time.Time) time.Time { return t.Truncate(time.Millisecond).UTC() }

// write runs fn in Update and fails the test on an error.
func write(t *testing.T, s routing.Store, fn func(ctx context.Context, tx routing.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), func(tx routing.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// writing runs fn in Update and returns its error.
func writing(t *testing.T, s routing.Store, fn func(ctx context.Context, tx routing.Tx) error) error {
	t.Helper()
	return s.Update(t.Context(), func(tx routing.Tx) error { return fn(t.Context(), tx) })
}

func want[T any](t *testing.T, what string, got T, err error, want T) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: got error %v, want %v", what, err, want)
	}
}

// complainant adds somebody.
func complainant(t *testing.T, s routing.Store, id string) routing.Complainant {
	t.Helper()
	c := routing.Complainant{ID: id, OpenID: "openid-of-" + id, Phone: "1390000" + id, Name: "钱某", Enterprise: "示例机械厂", Following: true,
		CreatedAt: stored(noon)}
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.InsertComplainant(ctx, c) })
	return c
}

// example is a case in which every field says something, with its first event. Its complainant must exist.
func example(n int, complainantID string) (routing.Case, routing.Event) {
	filed := stored(noon.Add(time.Duration(n) * time.Second))
	c := routing.Case{
		Number: fmt.Sprintf("JS20261124-%06d", n), State: routing.StateDispatched, Version: 1, Text: "政府工程款拖欠两年，多次催要无果。",
		Contact:      routing.Contact{Enterprise: "示例建设公司", Name: "赵某", Phone: "13800001234"},
		Confidential: n%2 == 1, Channel: routing.ChannelWeChat, ExternalID: fmt.Sprint("ext-", n), Source: "key-1",
		ComplainantID: complainantID, Token: fmt.Sprint("token-", n),
		Judgement: routing.Judgement{Item: "item-1", Unit: "finance", District: "示例区", Confidence: 0.93, Decision: routing.DecisionDispatch,
			Alternatives: []routing.Alternative{{Item: "item-1", Unit: "finance", Confidence: 0.93}},
			Evidence:     []routing.Evidence{{Text: "拖欠", Start: 5, End: 7, Weight: 1.25}},
			Entities:     &routing.Entities{Enterprise: "示例建设公司", Phones: []string{"13800001234"}, People: []string{"赵某"}}, Model: "m1"},
		Category: "cat-1", Item: "item-1", Unit: "finance", District: "示例区", Assisting: []string{"housing", "transport"}, Confidence: 0.93,
		FiledAt: filed, UpdatedAt: filed, DispatchedAt: filed,
		Reply: "已受理", Rating: &routing.Rating{Solved: routing.SolvedPartly, Satisfied: 3}, Redos: 2, Urges: 3, RefusedBy: []string{"taxes"}, Supervised: true,
		Urgency: routing.UrgencyUrgent, Named: 1, Clock: routing.CaseClock{Kind: routing.ClockFinish, Unit: routing.WorkingDays, From: filed.Add(time.Hour),
			Due: filed.Add(48 * time.Hour), Left: time.Hour, Paused: true, Level: routing.LevelUrged, Missing: 2027, NextTick: filed.Add(24 * time.Hour)},
	}
	yes := true
	e := routing.Event{ID: fmt.Sprint("event-", n, "-1"), Case: c.Number, Seq: 1, Action: routing.ActionFile, At: filed,
		Actor: routing.Actor{Role: routing.RoleOperator, Unit: "u", ID: "op-1", Name: "接线员"}, To: c.State,
		Data: routing.EventData{Note: "转自热线", Internal: true, Item: c.Item, Unit: c.Unit, District: c.District, Assisting: c.Assisting,
			ProposedUnit: "x", Days: 3, Rating: &routing.Rating{Solved: routing.SolvedYes}, Confidence: 0.5, Attachments: []string{"a1"},
			Contact: true, Confidential: &yes, Urgency: &c.Urgency,
			Clock: &routing.ClockMark{Kind: routing.ClockSign, Since: 1, Due: filed.Add(time.Hour)}}}
	return c, e
}

// file stores a case as edit leaves it.
func file(t *testing.T, s routing.Store, n int, complainantID string, edit func(c *routing.Case)) routing.Case {
	t.Helper()
	c, e := example(n, complainantID)
	if edit != nil {
		edit(&c)
	}
	e.To = c.State
	write(t, s, func(ctx context.Context, tx routing.Tx) error { return tx.InsertCase(ctx, c, e) })
	return c
}
