package console

import (
	"context"
	"html"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// rawKey is a catalogue key where its text should be: the beginning of a part, a dot, a name.
var rawKey = regexp.MustCompile(`\b(console|page|clock|day|urgency|weekday|state|event|action|role|channel|error|notice)\.[a-z_<{][\w.<>{}-]*`)

// complete checks that a page is whole and speaks Chinese everywhere.
func (a answer) complete() answer {
	a.t.Helper()
	if key := rawKey.FindString(a.body); key != "" {
		a.t.Errorf("the text of %s is missing: %s", key, a.body)
	}
	if strings.Contains(a.body, "<html") && !strings.HasSuffix(strings.TrimSpace(a.body), "</html>") {
		a.t.Error("half a page")
	}
	for _, odd := range []string{"%!", "&lt;nil&gt;", "ZgotmplZ", "0001-01-01", "1年1月1日", "{unit}", "{n}", "{number}", "{days}", "{text}"} {
		if strings.Contains(a.body, odd) {
			a.t.Errorf("the page shows %q:\n%s", odd, a.body)
		}
	}
	return a
}

// bare is a case with nothing but its words.
func bare(c *routing.Complaint) {
	c.Contact, c.Judgement = routing.Contact{}, routing.Judgement{Item: routing.Other, Decision: routing.DecisionTriage}
}

// everything gives a case all that a page can show, whatever its state.
func (w *world) everything(c routing.Case) {
	w.t.Helper()
	for _, kind := range []struct{ kind, contentType string }{{"image", "image/png"}, {"voice", "audio/amr"}, {"voice", "audio/mpeg"}, {"video", "video/mp4"}} {
		w.attach(c, kind.kind, kind.contentType, onePixel)
	}
	for _, state := range []routing.AttachmentState{routing.AttachmentPending, routing.AttachmentRejected} {
		for _, kind := range []string{"image", "voice", "video"} {
			a := routing.Attachment{ID: routing.NewID(), ComplainantID: c.ComplainantID, CaseNumber: c.Number, Kind: kind, State: state, At: w.clock.now()}
			w.update(func(ctx context.Context, tx routing.Tx) error { return tx.InsertAttachment(ctx, a) })
		}
	}
	w.notify(c.Number)
}

// busy takes every step that leaves a case where it is, and goes round once.
func (w *world) busy() routing.Case {
	w.t.Helper()
	c := w.at(routing.StateRefused)
	yes, no := true, false
	w.act("office", c.Number, routing.Step{Action: routing.ActionReassign, Unit: lead, Assisting: []string{other, "court"}, Note: "退单理由不成立"},
		step(routing.ActionSupervise, "盯紧"), step(routing.ActionUrge, ""), routing.Step{Action: routing.ActionExtend, Days: 3, Note: "同意"})
	w.act("unit", c.Number, routing.Step{Action: routing.ActionExtend, Days: 5, Note: "审计"}, step(routing.ActionSign, ""),
		routing.Step{Action: routing.ActionProgress, Note: "内部", Internal: true}, step(routing.ActionProgress, "在办"), step(routing.ActionReply, "好了"))
	w.act("complainant", c.Number, routing.Step{Action: routing.ActionRate, Rating: &routing.Rating{Solved: routing.SolvedNo, Satisfied: 1}}, step(routing.ActionRedo, "没有好"),
		routing.Step{Action: routing.ActionSupplement, Confidential: &yes}, routing.Step{Action: routing.ActionSupplement, Confidential: &no, Contact: &caller})
	w.act("unit", c.Number, step(routing.ActionSign, ""), step(routing.ActionReply, "这回好了"))
	for solved := range map[routing.Solved]int{routing.SolvedYes: 1, routing.SolvedPartly: 2} {
		w.act("complainant", c.Number, routing.Step{Action: routing.ActionRate, Rating: &routing.Rating{Solved: solved, Satisfied: 4}})
	}
	if _, err := w.desk.Reveal(w.t.Context(), w.actor("unit"), c.Number, "核对"); err != nil {
		w.t.Fatal(err)
	}
	return w.load(c.Number)
}

func TestEveryPageIsCompleteWhateverItShows(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *Config) { c.Sandbox = true })
	staff := []string{"operator", "unit", "office", "admin"}
	for _, role := range append(staff, "other") {
		for _, path := range []string{"/console", "/console/triage", "/console/file", "/console/tasks", "/console?q=x&state=all", "/console/cases/none", "/console/groups", "/console/groups/2", "/console/replies"} {
			w.get(role, path).complete().want(w.get(role, path).Code, "演示环境")
		}
	}
	w.get("", "/console/login").complete()
	w.signIn("nobody", "x").complete()
	cases := []routing.Case{w.busy(), w.file(bare, func(c *routing.Complaint) { c.Note = "不确定归属" })}
	for _, s := range routing.States() {
		cases = append(cases, w.at(s), w.at(s, confidential))
	}
	for _, ch := range []routing.Channel{routing.ChannelWeChat, routing.ChannelWeb, routing.ChannelAPI, routing.ChannelImport} {
		cases = append(cases, w.file(func(c *routing.Complaint) { c.Channel = ch }))
	}
	w.everything(cases[0])
	for _, kind := range []routing.TaskKind{routing.TaskCallBack, routing.TaskChat, routing.TaskVoice} {
		w.addTask(kind, cases[0], "")
	}
	w.addTask(routing.TaskChat, routing.Case{ComplainantID: cases[0].ComplainantID}, "")
	w.addTask(routing.TaskChat, routing.Case{ComplainantID: w.fan().ID}, "")
	for _, voice := range cases[:4] {
		w.attach(voice, "voice", "audio/amr", []byte("#!AMR\n"))
		w.attach(voice, "video", "video/mp4", []byte("x"))
	}
	for _, c := range cases {
		for _, role := range staff {
			w.get(role, casePath(c)).complete()
			w.get(role, casePath(c, "print")).complete()
		}
		w.get("", "/p/"+c.Token).complete()
		if c.Confidential {
			continue
		}
		for _, action := range routing.Actions() { // every refusal has its words
			w.post("office", casePath(c, string(action)), "version", "77").complete()
			if action != routing.ActionSign && action != routing.ActionReply {
				w.post("", "/p/"+c.Token+"/"+string(action)).complete()
			}
		}
	}
	for _, done := range ownSteps {
		w.get("", "/p/"+cases[0].Token+"?done="+string(done)).complete()
	}
	for _, role := range staff {
		for _, path := range []string{"/console?state=all", "/console/triage", "/console/tasks", "/console/groups", "/console/groups/1", "/console?state=all&order=clock"} {
			w.get(role, path).complete()
		}
	}
}

func TestEveryProblemHasItsWords(t *testing.T) {
	t.Parallel()
	w := start(t)
	for name, err := range map[string]error{
		"signed out": errSignedOut, "not found": routing.ErrNotFound, "forbidden": routing.ErrForbidden, "conflict": routing.ErrConflict, "exists": routing.ErrExists,
		"illegal": &routing.IllegalStepError{Action: routing.ActionSign, State: routing.StateClosed}, "invalid": &routing.InvalidError{Key: "error.note_empty"},
		"anything": context.DeadlineExceeded,
	} {
		rec := httptest.NewRecorder()
		c, _ := gin.CreateTestContext(rec)
		c.Request = httptest.NewRequestWithContext(t.Context(), "POST", "/", nil)
		w.console.fail(c, routing.Actor{}, err)
		if rec.Code < 400 {
			t.Errorf("%s: %d", name, rec.Code)
		}
		(&answer{rec, t, rec.Body.String()}).complete()
	}
}

// keysOf are the catalogue keys that the templates and the code of this package name: whole ones, and beginnings that a value ends.
func keysOf(t *testing.T) (whole, begun []string) {
	t.Helper()
	literal := regexp.MustCompile(`"((?:console|page|state|event|action|role|channel)\.[a-z_.-]+)"`)
	begin := regexp.MustCompile(`print "([a-z_.-]+\.)"|print \.Text "(\.[a-z]+\.)"|"((?:console|page|state|action)\.[a-z_.]+\.)" \+`)
	read := func(text string) {
		for _, m := range literal.FindAllStringSubmatch(text, -1) {
			if !strings.HasSuffix(m[1], ".") {
				whole = append(whole, m[1])
			}
		}
		for _, m := range begin.FindAllStringSubmatch(text, -1) {
			for _, b := range m[1:] {
				if strings.HasPrefix(b, ".") {
					begun = append(begun, "console"+b, "page"+b)
				} else if b != "" {
					begun = append(begun, b)
				}
			}
		}
	}
	must(t, fs.WalkDir(templateFiles, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := templateFiles.ReadFile(path)
		read(string(text))
		return err
	}))
	sources, err := filepath.Glob("*.go")
	must(t, err)
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		must(t, err)
		read(string(text))
	}
	return whole, begun
}

func TestCatalogueAndPagesNameTheSameTexts(t *testing.T) {
	t.Parallel()
	w := start(t)
	whole, begun := keysOf(t)
	for _, key := range whole {
		if !w.words.Has(key) {
			t.Errorf("no text for %s", key)
		}
	}
	for key := range w.words {
		if !strings.HasPrefix(key, "console.") && !strings.HasPrefix(key, "page.") {
			continue
		}
		if !slices.Contains(whole, key) && !slices.ContainsFunc(begun, func(b string) bool { return strings.HasPrefix(key, b) }) {
			t.Errorf("nothing shows %s", key)
		}
	}
	if len(whole) < 100 || len(begun) < 10 {
		t.Errorf("the search finds %d keys and %d beginnings", len(whole), len(begun))
	}
}

func TestWhatStrangersWriteIsNeverMarkup(t *testing.T) {
	t.Parallel()
	w := start(t)
	const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`
	c := w.at(routing.StateSigned, func(c *routing.Complaint) {
		c.Text = "拖欠工程款" + evil
		c.Contact = routing.Contact{Enterprise: evil, Name: evil, Phone: caller.Phone}
	})
	w.act("unit", c.Number, step(routing.ActionProgress, evil), step(routing.ActionReply, evil))
	w.act("complainant", c.Number, step(routing.ActionSupplement, evil), routing.Step{Action: routing.ActionRate, Rating: &routing.Rating{Solved: routing.SolvedNo}, Note: evil})
	w.file(unsure, func(c *routing.Complaint) { c.Text, c.Contact.Enterprise = "发票"+evil, evil })
	w.addTask(routing.TaskCallBack, c, evil)
	u := w.users["office"]
	u.Name = evil
	w.update(func(ctx context.Context, tx routing.Tx) error { return tx.UpdateUser(ctx, u) })
	clean := func(what string, a answer) {
		t.Helper()
		if strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "<img src=x") || strings.Contains(a.body, `"'><`) {
			t.Errorf("%s lets markup through: %s", what, a.body)
		}
		if !strings.Contains(html.UnescapeString(a.body), "<script>alert(1)") {
			t.Errorf("%s doesn't show what was written: %s", what, a.body)
		}
	}
	for _, path := range []string{casePath(c), casePath(c, "print"), "/console?state=all", "/console?q=" + "%3Cscript%3Ealert(1)%3C/script%3E", "/console/triage", "/console/tasks"} {
		clean(path, w.get("office", path))
	}
	clean("own page", w.get("", "/p/"+c.Token))
	clean("failed step", w.post("office", casePath(c, "sign"), "version", "0", "note", evil))
	clean("late step", w.post("unit", casePath(c, "reply"), "version", "1", "note", evil))
	clean("lost login", w.post("", casePath(c, "reply"), "note", evil))
	clean("failed filing", w.post("operator", "/console/file", "text", evil, "placement", "manual", "item", evil, "unit", evil, "external_id", evil))
	clean("suggestion", w.post("operator", "/console/suggest", "text", "拖欠"+evil, "placement", evil))
	clean("lookup", w.post("operator", "/console/lookup", "phone", caller.Phone))
	clean("sign-in", w.signIn(evil, "x"))
	clean("reveal", w.post("office", casePath(c, "reveal"), "note", evil))
}
