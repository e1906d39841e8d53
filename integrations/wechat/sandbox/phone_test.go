package sandbox

import (
	"bufio"
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"jiesu/routing"
)

// form posts to the phone as its page does and returns the status and body.
func (w *world) form(path string, fields url.Values) (int, string) {
	w.t.Helper()
	resp, err := http.PostForm(w.url+"/sandbox"+path, fields)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func (w *world) sendFile(f *Fan, content []byte) int {
	w.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", "f")
	if err != nil {
		w.t.Fatal(err)
	}
	_, _ = part.Write(content)
	_ = form.Close()
	resp, err := http.Post(w.url+"/sandbox/fans/"+f.OpenID()+"/file", form.FormDataContentType(), &b)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func (w *world) screen(f *Fan) string {
	w.t.Helper()
	status, _, body := w.fetch(w.url + "/sandbox/screen?fan=" + f.OpenID())
	if status != 200 {
		w.t.Fatalf("status %d", status)
	}
	return string(body)
}

func TestPageNeedsNoNetworkAndNoOtherTexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	setMenu(w)
	f := w.box.Fan("打印店")
	if _, err := f.Say(t.Context(), "详见 https://jiesu.example/p/abc 谢谢<script>"); err != nil {
		t.Fatal(err)
	}
	w.call("/cgi-bin/message/template/send", card(f, "n1"))
	w.await(f, isCard)
	w.box.SetFaults(Faults{Slow: time.Second, Code: 45015, DropAnswers: 2, Duplicate: true, Outage: true, Report: "failed:user block"})
	status, kind, body := w.fetch(w.url + "/sandbox")
	page := string(body)
	if status != 200 || kind != "text/html; charset=utf-8" {
		t.Fatalf("status %d, %s", status, kind)
	}
	for _, gap := range []string{"sandbox.active", "sandbox.fault", "sandbox.layout", "%!"} {
		if strings.Contains(page, ">"+gap) {
			t.Errorf("a text is missing: %s", gap)
		}
	}
	for key := range w.words {
		if strings.HasPrefix(key, "sandbox.") && strings.Contains(page, key) && key != "sandbox.css" {
			t.Errorf("the key %s instead of its text", key)
		}
	}
	if strings.Contains(page, "<script>") || !strings.Contains(page, "&lt;script&gt;") {
		t.Error("what the fan wrote is not escaped")
	}
	if !strings.Contains(page, `<a href="https://jiesu.example/p/abc" target="_blank" rel="noopener">https://jiesu.example/p/abc</a>`) {
		t.Error("the link in the text is none")
	}
	for _, attribute := range []string{`src="http`, `rel="stylesheet" href="http`, "@import", " style="} {
		if strings.Contains(page, attribute) {
			t.Errorf("page has %s", attribute)
		}
	}
	for _, asset := range []string{"sandbox.css", "sandbox.js"} {
		if status, _, body := w.fetch(w.url + "/sandbox/" + asset); status != 200 || strings.Contains(string(body), "http") {
			t.Errorf("%s: status %d, or it reaches out", asset, status)
		}
	}
}

func TestPhoneActsForItsFan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, echo)
	status, id := w.form("/fans", url.Values{"name": {" 打印店 "}})
	f := w.box.Fan("打印店")
	if status != 201 || id != f.OpenID() {
		t.Fatalf("status %d, %q", status, id)
	}
	kind := func(k routing.InboundKind) func(routing.Inbound) bool {
		return func(in routing.Inbound) bool { return in.Kind == k }
	}
	w.awaitInbound(kind(routing.InboundSubscribe))
	for _, tt := range []struct {
		act    string
		fields url.Values
		kind   routing.InboundKind
	}{
		{"say", url.Values{"text": {"你好"}}, routing.InboundText},
		{"voice", nil, routing.InboundVoice},
		{"click", url.Values{"key": {"report"}}, routing.InboundClick},
		{"view", url.Values{"url": {"https://jiesu.example/"}}, routing.InboundView},
		{"scan", url.Values{"ticket": {w.box.addCode("case-1", time.Hour)}}, routing.InboundScan},
		{"unfollow", nil, routing.InboundUnsubscribe},
	} {
		if status, _ := w.form("/fans/"+id+"/"+tt.act, tt.fields); status != 202 {
			t.Errorf("%s: status %d", tt.act, status)
		}
		w.awaitInbound(kind(tt.kind))
	}
	if status, _ := w.form("/fans/"+id+"/follow", nil); status != 202 {
		t.Errorf("follow: status %d", status)
	}
	w.awaitInbound(func(routing.Inbound) bool { return len(w.received()) == 8 }) // so far
	for content, k := range map[string]routing.InboundKind{string(photo()): routing.InboundImage, string(mp4()): routing.InboundVideo} {
		if status := w.sendFile(f, []byte(content)); status != 202 {
			t.Errorf("%s: status %d", k, status)
		}
		w.awaitInbound(kind(k))
	}
}

func TestPhoneRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	f := w.box.Fan("打印店")
	stranger := w.box.fan("路人", false)
	act := "/fans/" + f.OpenID() + "/"
	for name, tt := range map[string]struct {
		path   string
		fields url.Values
		want   int
	}{
		"nothing said":   {act + "say", url.Values{"text": {"  "}}, 422},
		"too much said":  {act + "say", url.Values{"text": {strings.Repeat("长", maxSay+1)}}, 422},
		"unknown deed":   {act + "dance", nil, 422},
		"no button":      {act + "click", nil, 422},
		"no address":     {act + "view", nil, 422},
		"expired code":   {act + "scan", url.Values{"ticket": {w.box.addCode("c", 0)}}, 422},
		"no file":        {act + "file", nil, 422},
		"unknown fan":    {"/fans/oNobody/say", url.Values{"text": {"你好"}}, 404},
		"not following":  {"/fans/" + stranger.OpenID() + "/say", url.Values{"text": {"你好"}}, 409},
		"no name":        {"/fans", url.Values{"name": {" "}}, 422},
		"long name":      {"/fans", url.Values{"name": {strings.Repeat("长", maxName+1)}}, 422},
		"slow no number": {"/faults", url.Values{"slow": {"x"}}, 422},
		"slow for hours": {"/faults", url.Values{"slow": {"60001"}}, 422},
		"drop below 0":   {"/faults", url.Values{"drop": {"-1"}}, 422},
	} {
		if status, body := w.form(tt.path, tt.fields); status != tt.want || body != "" {
			t.Errorf("%s: status %d, body %q; want %d", name, status, body, tt.want)
		}
	}
	if status := w.sendFile(f, []byte("<html>")); status != 422 {
		t.Errorf("a page as file: status %d", status)
	}
	if n := len(w.received()); n != 0 {
		t.Errorf("%d taken in", n)
	}
}

func TestOtherSitesCannotActAsAFan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/sandbox/faults", strings.NewReader("outage=1"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != 403 || w.box.Faults() != (Faults{}) {
		t.Errorf("status %d, faults %+v", resp.StatusCode, w.box.Faults())
	}
}

func TestFaultsAreSetByThePhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	status, _ := w.form("/faults", url.Values{"slow": {"1500"}, "code": {"45015"}, "drop": {"2"}, "duplicate": {"on"}, "outage": {"on"}, "report": {"failed:user block"}})
	want := Faults{Slow: 1500 * time.Millisecond, Code: 45015, DropAnswers: 2, Duplicate: true, Outage: true, Report: "failed:user block"}
	if got := w.box.Faults(); status != 204 || got != want {
		t.Errorf("status %d, faults %+v", status, got)
	}
	if status, _ := w.form("/faults", nil); status != 204 || w.box.Faults() != (Faults{}) {
		t.Errorf("status %d, faults %+v", status, w.box.Faults())
	}
}

func TestTimeStandsAboveWhatWasSaidAfterAPause(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	f := w.box.Fan("打印店")
	for _, pause := range []time.Duration{0, time.Minute, quiet, 24 * time.Hour} {
		w.clock.advance(pause)
		if _, err := f.Say(t.Context(), "你好"); err != nil {
			t.Fatal(err)
		}
	}
	page := w.screen(f)
	if n := strings.Count(page, `<time class="aside">`); n != 3 {
		t.Errorf("%d times above messages, want 3", n)
	}
	if !strings.Contains(page, ">3月4日 10:00<") || !strings.Contains(page, ">10:06<") {
		t.Errorf("times are not as they should be:\n%s", page)
	}
}

func TestPageHearsOfNews(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	f := w.box.Fan("打印店")
	resp, err := http.Get(w.url + "/sandbox/events")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewScanner(resp.Body)
	next := func() bool {
		for lines.Scan() {
			if lines.Text() == "event: changed" {
				return true
			}
		}
		return false
	}
	if !next() {
		t.Fatal("nothing at the beginning")
	}
	if _, err := f.Say(t.Context(), "你好"); err != nil {
		t.Fatal(err)
	}
	if !next() {
		t.Fatal("nothing after a message")
	}
	w.box.Close()
	for next() { // what was under way; then the stream ends
	}
}

func TestMediaIsNeverAPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	id := w.box.keep([]byte("<html><script>alert(1)</script>"))
	if status, kind, _ := w.fetch(w.url + "/sandbox/media/" + id); status != 200 || kind != "application/octet-stream" {
		t.Errorf("status %d, %s", status, kind)
	}
	if status, _, _ := w.fetch(w.url + "/sandbox/media/unknown"); status != 404 {
		t.Errorf("unknown: status %d", status)
	}
}

func TestScanLinkAsksFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	w.box.Fan("打印店")
	ticket := w.box.addCode("case-1", time.Hour)
	if _, _, page := w.fetch(w.box.scanURL(ticket)); !strings.Contains(string(page), `id="scan"`) {
		t.Error("the page doesn't ask")
	}
	if n := len(w.received()); n != 0 {
		t.Errorf("%d taken in by looking alone", n)
	}
	w.clock.advance(time.Hour)
	if _, _, page := w.fetch(w.box.scanURL(ticket)); strings.Contains(string(page), `id="scan"`) {
		t.Error("an expired code is offered")
	}
}

func TestOldChatIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	f := w.box.Fan("打印店")
	for range maxTranscript + 10 {
		f.set(func() { f.add(Entry{Side: SideFan, Kind: KindText, Text: "你好"}) })
	}
	if n := len(f.Transcript()); n != maxTranscript {
		t.Errorf("%d entries kept", n)
	}
	first := w.box.keep([]byte("x"))
	for range maxMedia {
		w.box.keep([]byte("y"))
	}
	if _, ok := w.box.file(first); ok {
		t.Error("the oldest file is still there")
	}
}
