package routing

import (
	"context"
	"time"
)

// Store is the only record of Jiesu. Two implementations of one meaning (SQLite, PostgreSQL) pass one conformance suite.
// Every method may also return a wrapped driver error; a miss is ErrNotFound. Times are kept to the millisecond, in UTC.
type Store interface {
	Reader
	// Update runs fn in one write transaction and commits when it returns nil. It may run fn again after a rollback when
	// the database asks for it, so fn has no other effect than through tx. Functions given to Tx.AfterCommit run once, after the commit.
	Update(ctx context.Context, fn func(tx Tx) error) error
	// SpendQuota takes one customer message from the quota that ends first and says whether there was one.
	SpendQuota(ctx context.Context, complainantID string, now time.Time) (bool, error)
	Ping(ctx context.Context) error
	Close() error
}

// Reader reads, inside a transaction or outside.
type Reader interface {
	ListReader
	Case(ctx context.Context, number string) (Case, error)
	CaseByToken(ctx context.Context, token string) (Case, error)
	// CaseByExternalID finds what the source has filed under its own number.
	CaseByExternalID(ctx context.Context, source, externalID string) (Case, error)
	// Cases lists in the query's order; next is "" on the last page. ErrInvalidCursor… an unreadable cursor is an *InvalidError.
	Cases(ctx context.Context, q Query) (cases []Case, next string, err error)
	// CountByState counts the cases that the query matches, its States aside. ErrTooMany: its Text finds very many.
	CountByState(ctx context.Context, q Query) (map[State]int, error)
	Events(ctx context.Context, number string) ([]Event, error)
	// DueTicks lists the numbers of cases whose Clock.NextTick has come, the longest due first.
	DueTicks(ctx context.Context, now time.Time, limit int) ([]string, error)

	// Histories hands over, in the order of their numbers, at least the cases that were open at a moment of the span or of which something
	// happened in it, each with all its events before the span's end. It stops at the first error of a visit and returns it. Each case goes to
	// one of the visits, which run side by side; its events are good until the visit returns.
	Histories(ctx context.Context, s Span, visits ...func(h History) error) error
	// Placements hands over, in the order of their numbers, the cases filed in the span, each with its events in the span that say where it
	// belongs: file, assign, reassign. They are good until the visit returns.
	Placements(ctx context.Context, s Span, visit func(h History) error) error
	// ProblemHistories hands over, in the order of their numbers, at least the problems that were open at a moment of the span or of which
	// something happened in it, each with all its events before the span's end.
	ProblemHistories(ctx context.Context, s Span, visit func(h ProblemHistory) error) error
	// Paper is the paper of the period; ErrNotFound when none was made.
	Paper(ctx context.Context, period string) (Paper, error)
	// Papers lists the papers that were made, without their figures, those of the latest periods first.
	Papers(ctx context.Context, limit int) ([]Paper, error)

	// Draft is what the user was writing down; ErrNotFound: nothing.
	Draft(ctx context.Context, userID string) (Draft, error)
	Call(ctx context.Context, id string) (Call, error)
	// Calls lists the newest first.
	Calls(ctx context.Context, q CallQuery) ([]Call, error)
	// UserOfCall finds who answers a call, by account name or else by extension; ErrNotFound when it is nobody of ours.
	UserOfCall(ctx context.Context, name, extension string) (User, error)

	// Endpoints lists the webhook endpoints, the oldest first.
	Endpoints(ctx context.Context) ([]Endpoint, error)
	Endpoint(ctx context.Context, id string) (Endpoint, error)
	Hook(ctx context.Context, id string) (Hook, error)
	// Hooks lists the newest first.
	Hooks(ctx context.Context, q HookQuery) ([]Hook, error)
	// HookBefore reports whether an earlier event of the same case is still to be told to the same endpoint.
	HookBefore(ctx context.Context, h Hook) (bool, error)

	// Published lists cases that everybody may read, the newest first.
	Published(ctx context.Context, q PublishedQuery) ([]Case, error)

	// CountDoubted counts the complainant's cases that are marked as made up, but for one.
	CountDoubted(ctx context.Context, complainantID, but string) (int, error)
	// Erasable lists cases that ended, were last changed before then and aren't erased, in the order of their numbers, from the one after `after` on.
	Erasable(ctx context.Context, before time.Time, after string, limit int) ([]string, error)
	// Forgettable lists people of whom something is kept though every case of theirs is erased, who aren't newer and said nothing since then.
	Forgettable(ctx context.Context, before time.Time, limit int) ([]string, error)

	Complainant(ctx context.Context, id string) (Complainant, error)
	ComplainantByOpenID(ctx context.Context, openID string) (Complainant, error)
	ComplainantByPhone(ctx context.Context, phone string) (Complainant, error)
	// CasesCalled lists the cases that a caller telephoned about and that a WeChat user has been given since, the newest first.
	CasesCalled(ctx context.Context, complainantID string, limit int) ([]Case, error)

	Attachment(ctx context.Context, id string) (Attachment, error)
	AttachmentsOf(ctx context.Context, caseNumber string) ([]Attachment, error)
	AttachmentContent(ctx context.Context, id string) ([]byte, error)

	Notice(ctx context.Context, id string) (Notice, error)
	NoticesOf(ctx context.Context, caseNumber string) ([]Notice, error)
	DeliveriesOf(ctx context.Context, caseNumber string) ([]Delivery, error)
	// NextPending is the notice of the case whose turn it is to be sent; ErrNotFound when none waits.
	NextPending(ctx context.Context, caseNumber string) (Notice, error)

	Quotas(ctx context.Context, complainantID string, now time.Time) ([]Quota, error)
	Dialogue(ctx context.Context, complainantID string) (Dialogue, error)
	DueDialogues(ctx context.Context, now time.Time, limit int) ([]Dialogue, error)
	// DueSpooled lists messages that are kept to be worked on and whose time has come, the oldest first; CountSpooled counts all that are kept.
	DueSpooled(ctx context.Context, now time.Time, limit int) ([]Inbound, error)
	CountSpooled(ctx context.Context) (int, error)
	// SpooledOf lists all messages of one fan that are kept, the oldest first.
	SpooledOf(ctx context.Context, openID string) ([]Inbound, error)
	// MatterOf is what the case is about, as judged at filing; ErrNotFound when that wasn't kept.
	MatterOf(ctx context.Context, number string) (Matter, error)
	// MattersOf are the matters of the complainant's newest open cases, by number.
	MattersOf(ctx context.Context, complainantID string) (map[string]Matter, error)
	// Alike lists open cases that are like a matter, the most alike first. Of features that very many cases share it considers the newest
	// cases alone, so that it is quick however many there are.
	Alike(ctx context.Context, r Resemblance) ([]Near, error)
	// Uncompared lists open cases that nobody has held against others since they were filed.
	Uncompared(ctx context.Context, limit int) ([]Uncompared, error)
	// OpenIncidents lists the mass incidents that the office has still to see to, oldest first.
	OpenIncidents(ctx context.Context) ([]Incident, error)

	// SurveysOf are the askings about a case, oldest first.
	SurveysOf(ctx context.Context, number string) ([]Survey, error)
	// DueSurveys lists the numbers of cases whose survey is to be followed up, the longest due first.
	DueSurveys(ctx context.Context, now time.Time, limit int) ([]string, error)

	Problem(ctx context.Context, number string) (Problem, error)
	// ProblemOf is the problem that the case is one of; ErrNotFound before dispatch.
	ProblemOf(ctx context.Context, caseNumber string) (Problem, error)
	// Problems lists newest first; next is "" on the last page. An unreadable cursor is an *InvalidError.
	Problems(ctx context.Context, q ProblemQuery) (problems []Problem, next string, err error)
	// CountProblems counts the problems that the query matches by state, its States aside.
	CountProblems(ctx context.Context, q ProblemQuery) (map[ProblemState]int, error)
	ProblemEvents(ctx context.Context, number string) ([]ProblemEvent, error)
	// ProblemCases are the cases of the problem, the first that joined it first.
	ProblemCases(ctx context.Context, number string) ([]Case, error)
	// CameBack lists cases of struck-off problems that are like a matter, the most alike first.
	CameBack(ctx context.Context, q Comeback) ([]Near, error)

	// Chat is the conversation of a task; ErrNotFound: it has none.
	Chat(ctx context.Context, taskID string) (Chat, error)
	// ChatWith is the open conversation with somebody; ErrNotFound: there is none.
	ChatWith(ctx context.Context, complainantID string) (Chat, error)
	// OpenChats lists the open conversations, who waits longest first.
	OpenChats(ctx context.Context) ([]Chat, error)
	// ChatsByOperator counts the open conversations that each operator has, by their id; "" is of those that nobody has taken.
	ChatsByOperator(ctx context.Context) (map[string]int, error)
	// ChatsOf lists all conversations with somebody, the oldest first.
	ChatsOf(ctx context.Context, complainantID string) ([]Chat, error)
	// ChatLines is what was said in the conversation, in its order.
	ChatLines(ctx context.Context, taskID string) ([]ChatLine, error)
	// OnDuty lists the ids of the users whose screens were open then or later.
	OnDuty(ctx context.Context, since time.Time) ([]string, error)

	CodeByID(ctx context.Context, id string) (Code, error)
	// LiveCode is the code with these digits that is neither used nor expired; ErrNotFound: there is none.
	LiveCode(ctx context.Context, digits string, now time.Time) (Code, error)
	// CodesSent counts the codes that were made for a number since then.
	CodesSent(ctx context.Context, phone string, since time.Time) (int, error)
	// SMSRefused reports whether the number's owner wants no messages.
	SMSRefused(ctx context.Context, phone string) (bool, error)

	Import(ctx context.Context, id string) (Import, error)
	// Imports lists the newest first.
	Imports(ctx context.Context, limit int) ([]Import, error)
	ImportFile(ctx context.Context, id string) ([]byte, error)
	// ImportMapping is how the columns of files with such headings were chosen last; ErrNotFound: never.
	ImportMapping(ctx context.Context, headings []string) (OrderMapping, error)
	// ImportLines lists the lines after one in their order, of the outcomes or, without any, of all.
	ImportLines(ctx context.Context, id string, outcomes []OrderOutcome, after, limit int) ([]ImportLine, error)

	// OpenTasks lists what operators have to do, oldest first, mass incidents aside.
	OpenTasks(ctx context.Context, limit int) ([]Task, error)
	// OpenTasksOf lists what operators have to do about one person, oldest first.
	OpenTasksOf(ctx context.Context, complainantID string) ([]Task, error)
	// Task finds a task, done or not. Errors: ErrNotFound.
	Task(ctx context.Context, id string) (Task, error)

	User(ctx context.Context, id string) (User, error)
	UserByName(ctx context.Context, name string) (User, error)
	// UserBySubject finds an account by who they are at the provider of staff's accounts.
	UserBySubject(ctx context.Context, subject string) (User, error)
	Session(ctx context.Context, hash string) (Session, error)
	// Looks lists who has looked at a case, the newest first.
	Looks(ctx context.Context, number string, limit int) ([]Look, error)
	// SessionsOf counts a user's sign-ins, those that have run out among them.
	SessionsOf(ctx context.Context, userID string) (int, error)
	Browser(ctx context.Context, hash string) (Browser, error)
	APIKeyByHash(ctx context.Context, hash string) (APIKey, error)
	// APIKeys lists every key, the newest first.
	APIKeys(ctx context.Context) ([]APIKey, error)
}

// Tx writes within one transaction.
type Tx interface {
	Reader
	ListWriter
	// AfterCommit registers what may be announced once the transaction is durable.
	AfterCommit(fn func())
	// Enqueue adds a job in this transaction.
	Enqueue(ctx context.Context, j Job) error

	// PutInbound records the key and returns false and the stored reply when it was there already. Under a race the second
	// caller waits for the first.
	PutInbound(ctx context.Context, in Inbound, complainantID string) (fresh bool, reply string, err error)
	SetReply(ctx context.Context, key, reply string) error
	// ForgetInbound drops the keys and replies of at most limit messages that came before, and returns how many it dropped.
	ForgetInbound(ctx context.Context, before time.Time, limit int) (int, error)
	// PutSpooled keeps a message to be worked on, not before due, unless it was taken in or is kept already.
	PutSpooled(ctx context.Context, in Inbound, due time.Time) error
	DelaySpooled(ctx context.Context, key string, due time.Time) error
	DropSpooled(ctx context.Context, key string) error
	// PutDialogue stores the state if its version is still d.Version and counts it up; else ErrConflict.
	PutDialogue(ctx context.Context, d Dialogue) error

	// InsertCase stores a new case with its first event and its matter; ErrExists when the number or (source, external id) is taken.
	InsertCase(ctx context.Context, c Case, e Event) error
	// UpdateCase appends the event and stores the projection; ErrConflict unless the stored version is e.Seq-1.
	UpdateCase(ctx context.Context, c Case, e Event) error
	// EraseCase is UpdateCase for ActionErase: it also removes what was written in the case's events, which stay in their chain, and all that hangs on the case and names
	// people: files, notices, tasks, calls, codes, what it is found by. *IllegalStepError: a day of its events isn't sealed yet.
	EraseCase(ctx context.Context, c Case, e Event) error
	// EraseComplainant removes who they are and what they said outside of cases; work about them that is open is done.
	EraseComplainant(ctx context.Context, id string, at time.Time) error
	// DropReplies forgets what was answered to messages of theirs, which is kept in case the platform sends one again.
	DropReplies(ctx context.Context, complainantID string) error
	// ForgetTalk removes what was said before then outside of cases: ended conversations, words sent in the chat, notes of work done, codes, calls about no case.
	ForgetTalk(ctx context.Context, before time.Time) error
	// SetClock stores the projection of the clocks alone, without an event; ErrConflict unless the case is at the version.
	SetClock(ctx context.Context, number string, version int64, clock CaseClock) error

	InsertComplainant(ctx context.Context, c Complainant) error // ErrExists: open id taken
	UpdateComplainant(ctx context.Context, c Complainant) error
	SetConsent(ctx context.Context, complainantID, version string, at time.Time) error
	// PutCaller keeps who telephoned about a case that goes to a WeChat user.
	PutCaller(ctx context.Context, caseNumber, complainantID string) error
	// LockPhone keeps every other transaction from adding somebody known by this number until this one ends.
	LockPhone(ctx context.Context, phone string) error
	GrantQuota(ctx context.Context, complainantID string, q Quota) error

	InsertAttachment(ctx context.Context, a Attachment) error
	UpdateAttachment(ctx context.Context, a Attachment) error
	PutAttachmentContent(ctx context.Context, id string, content []byte) error

	InsertNotice(ctx context.Context, n Notice) error
	// HoldEarlier reports whether a notice of the case before this number waits, and keeps it from being settled until the transaction ends: whoever settles it
	// then sees the one that comes after it.
	HoldEarlier(ctx context.Context, caseNumber string, seq int64) (bool, error)
	UpdateNotice(ctx context.Context, n Notice) error // stores how far it has come: State and Rung
	// ClaimNotice takes the notice for a worker until then, so that no two deliver it at once. The worker that has it may take it again.
	// False: it is settled, another worker has it, or an earlier notice of its case is still to be sent.
	ClaimNotice(ctx context.Context, id, worker string, now, until time.Time) (bool, error)
	InsertDelivery(ctx context.Context, d Delivery) error
	// DeliveryByProvider finds the attempt that the channel knows under this id.
	DeliveryByProvider(ctx context.Context, providerID string) (Delivery, error)
	SetOutcome(ctx context.Context, providerID string, o Outcome) error
	// PutReport keeps a report that came before its attempt was recorded; TakeReport finds it, ErrNotFound when there is none.
	PutReport(ctx context.Context, providerID, status string) error
	TakeReport(ctx context.Context, providerID string) (status string, err error)

	// Compared takes note that the cases have been held against others.
	Compared(ctx context.Context, numbers []string) error
	// LockIncidents keeps every other transaction from raising a mass incident until this one ends.
	LockIncidents(ctx context.Context) error
	// JoinIncident puts a case on a mass incident; ErrExists: it is on one already.
	JoinIncident(ctx context.Context, taskID, number string) error
	InsertTask(ctx context.Context, t Task) error
	FinishTask(ctx context.Context, id, by string, at time.Time) error // ErrConflict: somebody did it already
	// UpdateTask stores kind, case and note of an open task; ErrConflict when it isn't open.
	UpdateTask(ctx context.Context, t Task) error

	InsertChat(ctx context.Context, c Chat) error // ErrExists: another one with the complainant is open
	// UpdateChat stores the conversation if its version is still c.Version and counts it up; else ErrConflict.
	UpdateChat(ctx context.Context, c Chat) error
	InsertChatLine(ctx context.Context, l ChatLine) error
	InsertCode(ctx context.Context, c Code) error
	UseCode(ctx context.Context, c Code) error // ErrConflict: it is used
	// RefuseSMS notes that a number's owner wants no messages; the zero time: that they do again.
	RefuseSMS(ctx context.Context, phone string, at time.Time) error
	InsertImport(ctx context.Context, i Import, content []byte) error
	UpdateImport(ctx context.Context, i Import) error // ErrConflict unless the stored version is i.Version
	InsertImportLine(ctx context.Context, id string, l ImportLine) error
	DropImportLines(ctx context.Context, id string) error
	PutImportMapping(ctx context.Context, headings []string, m OrderMapping) error
	ForgetImports(ctx context.Context, before time.Time) error
	PutDuty(ctx context.Context, userID string, seen time.Time) error

	InsertSurvey(ctx context.Context, s Survey) error // ErrExists: that round was asked about already
	// UpdateSurvey stores the survey if its stage is still from; else ErrConflict.
	UpdateSurvey(ctx context.Context, s Survey, from SurveyStage) error

	// InsertProblem stores a new problem with its first event; ErrExists when the number is taken.
	InsertProblem(ctx context.Context, p Problem, e ProblemEvent) error
	// UpdateProblem appends the event and stores the projection; ErrConflict unless the stored version is e.Seq-1.
	UpdateProblem(ctx context.Context, p Problem, e ProblemEvent) error
	// LockProblem keeps every other transaction from changing the problem until this one ends.
	LockProblem(ctx context.Context, number string) error
	// PutInProblem makes the case one of the problem, and of no other any more.
	PutInProblem(ctx context.Context, caseNumber, problem string, at time.Time) error

	// PutPaper keeps the paper, in the place of an earlier one of its period.
	PutPaper(ctx context.Context, p Paper) error

	InsertUser(ctx context.Context, u User) error // ErrExists: name taken
	UpdateUser(ctx context.Context, u User) error
	InsertSession(ctx context.Context, s Session) error
	TouchSession(ctx context.Context, hash string, at time.Time) error
	UpdateSession(ctx context.Context, s Session) error // ErrNotFound
	DeleteSession(ctx context.Context, hash string) error
	// DeleteSessionsOf ends every sign-in of a user.
	DeleteSessionsOf(ctx context.Context, userID string) error
	// AddLook records a look; another of the same kind by the same actor in the same hour changes nothing.
	AddLook(ctx context.Context, l Look) error
	// ForgetLooks drops those before then.
	ForgetLooks(ctx context.Context, before time.Time) error
	// ForgetSessions drops sign-ins that were begun before then.
	ForgetSessions(ctx context.Context, before time.Time) error
	// Guess counts a try at a password and says whether it may be made at all. The limit-th in a row is the last one: it locks the key until then, unless
	// DeleteGuesses begins anew. The key says who tries, not only at what: counted for the account as a whole, anybody could lock out a colleague.
	Guess(ctx context.Context, key string, limit int, now, until time.Time) (open bool, err error)
	DeleteGuesses(ctx context.Context, key string) error
	// ForgetGuesses drops counts whose last was before then.
	ForgetGuesses(ctx context.Context, before time.Time) error
	InsertBrowser(ctx context.Context, b Browser) error
	// DeleteBrowsersOf makes every browser of a user a stranger.
	DeleteBrowsersOf(ctx context.Context, userID string) error
	// ForgetBrowsers drops those that were first signed in with before then.
	ForgetBrowsers(ctx context.Context, before time.Time) error
	InsertAPIKey(ctx context.Context, k APIKey) error
	// UpdateAPIKey stores when the key was used last and revoked; the rest of a key never changes.
	UpdateAPIKey(ctx context.Context, k APIKey) error

	PutDraft(ctx context.Context, d Draft) error
	DropDraft(ctx context.Context, userID string) error
	InsertCall(ctx context.Context, c Call) error // ErrExists
	UpdateCall(ctx context.Context, c Call) error

	InsertEndpoint(ctx context.Context, e Endpoint) error // ErrExists: name taken
	UpdateEndpoint(ctx context.Context, e Endpoint) error
	InsertHook(ctx context.Context, h Hook) error
	UpdateHook(ctx context.Context, h Hook) error
	// ForgetHooks drops what was told before, or given up.
	ForgetHooks(ctx context.Context, before time.Time) error

	// ClaimAnswer begins a request with an idempotency key: fresh, or with what was kept for it. Under a race the second caller waits for the first.
	ClaimAnswer(ctx context.Context, a KeptAnswer) (fresh bool, kept KeptAnswer, err error)
	KeepAnswer(ctx context.Context, a KeptAnswer) error
	ForgetAnswers(ctx context.Context, before time.Time) error
}

// Job is work to be done after the transaction that enqueues it.
type Job struct {
	Kind JobKind
	ID   string // notice or attachment id
}

// JobKind names a kind of work.
type JobKind string

// The kinds of job.
const (
	JobDeliver JobKind = "deliver"     // a notice
	JobMedia   JobKind = "fetch_media" // an attachment's content
	JobHook    JobKind = "webhook"     // an event told to an outside system
	JobImport  JobKind = "import"      // a file of work orders
)

// ClockFilter names the cases whose clocks need somebody.
type ClockFilter string

// The filters; their Chinese names are in the catalogue under "clock.filter.<value>".
const (
	ClockSoon  ClockFilter = "soon"    // warned, and still in time
	ClockOver  ClockFilter = "late"    // over the limit
	ClockNamed ClockFilter = "named"   // to be named in the bulletin
	ClockBlind ClockFilter = "missing" // no calendar for a year that they need
)

// ClockFilters lists the filters in the order of their weight.
func ClockFilters() []ClockFilter {
	return []ClockFilter{ClockSoon, ClockOver, ClockNamed, ClockBlind}
}

// ByClock restricts the query to the filter's cases as they stand now; an unknown filter restricts nothing.
func (q Query) ByClock(f ClockFilter, now time.Time) Query {
	switch f {
	case ClockSoon:
		q.Level, q.DueFrom = LevelWarned, now
	case ClockOver:
		q.DueBefore = now
	case ClockNamed:
		q.Level = LevelNamed
	case ClockBlind:
		q.NoCalendar = true
	}
	return q
}

// Query selects cases. Empty fields don't restrict.
type Query struct {
	Visible       Actor // only what this actor may see; the zero actor sees nothing
	Unit          string
	States        []State
	Category      string
	Item          string
	District      string
	ComplainantID string
	Supervised    bool
	DueBefore     time.Time // a running clock of theirs ends before
	DueFrom       time.Time // the first of their running clocks ends then or later
	Level         Level     // a running clock of theirs has come so far up the ladder
	NoCalendar    bool      // a running clock of theirs needs a year that the calendar lacks
	// Text is looked for, word by word, in number, complaint, supplements, answers, enterprise name and the names of item, unit and district;
	// in a confidential case a unit finds by number and those names alone, lest it guess from hits who complains.
	Text   string
	Order  Order
	Cursor string // as returned by the page before
	Limit  int    // 1 to 200; 0: 50
}
