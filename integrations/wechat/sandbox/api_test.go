package sandbox

import (
	"bytes"
	"fmt"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiesu/integrations/wechat"
	"jiesu/routing"
)

func TestTokenIsGivenForTheRightSecretOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	ask := func(grant, app, secret string) answer {
		return w.post("/cgi-bin/stable_token", map[string]any{"grant_type": grant, "appid": app, "secret": secret})
	}
	for _, tt := range []struct {
		grant, app, secret string
		code               int
	}{
		{"client_credential", testApp, testSecret, 0},
		{"password", testApp, testSecret, 40002},
		{"client_credential", "wxother", testSecret, 40013},
		{"client_credential", testApp, "wrong", 40125},
	} {
		if a := ask(tt.grant, tt.app, tt.secret); a.code() != tt.code || (a["access_token"] != nil) != (tt.code == 0) {
			t.Errorf("%+v: %v", tt, a)
		}
	}
	if a := w.post("/cgi-bin/stable_token", "{"); a.code() != 47001 {
		t.Errorf("broken JSON: %v", a)
	}
}

func TestTokenIsStableUntilFiveMinutesBeforeItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	first := w.token()
	w.clock.advance(tokenLife - 5*time.Minute)
	if w.token() != first {
		t.Error("another token while the first had five minutes left")
	}
	w.clock.advance(time.Second)
	second := w.token()
	if second == first {
		t.Error("no new token in the last five minutes")
	}
	forced := w.post("/cgi-bin/stable_token", map[string]any{"grant_type": "client_credential", "appid": testApp, "secret": testSecret, "force_refresh": true})
	if forced["access_token"] == second {
		t.Error("the same token although a new one was forced")
	}
}

func TestAPIWantsAToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	expired := w.token()
	w.box.ExpireToken()
	good := w.token()
	for token, code := range map[string]int{"": 41001, "nonsense": 40001, expired: 42001, good: 46003} { // there is no menu
		if a := w.get("/cgi-bin/menu/get?access_token=" + token); a.code() != code {
			t.Errorf("token %q: %v, want %d", token, a, code)
		} else if !regexp.MustCompile(` rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$`).MatchString(a["errmsg"].(string)) {
			t.Errorf("no request id: %v", a)
		}
	}
	w.clock.advance(tokenLife)
	if a := w.get("/cgi-bin/menu/get?access_token=" + good); a.code() != 42001 {
		t.Errorf("at the end of its life: %v", a)
	}
}

func TestTemplateMessageIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	f, gone := w.box.Fan("打印店"), w.box.Fan("机械厂")
	if err := gone.Unfollow(t.Context()); err != nil {
		t.Fatal(err)
	}
	set := func(key string, value any) func(map[string]any) { return func(m map[string]any) { m[key] = value } }
	field := func(key, value string) func(map[string]any) {
		return func(m map[string]any) { m["data"].(map[string]any)[key] = map[string]string{"value": value} }
	}
	tests := []struct {
		name string
		bend func(map[string]any)
		code int
	}{
		{"stranger", set("touser", "oStranger"), 40003},
		{"no longer a fan", set("touser", gone.OpenID()), 43004},
		{"no template", set("template_id", ""), 40036},
		{"unknown template", set("template_id", "other"), 40037},
		{"address too long", set("url", "https://jiesu.example/"+strings.Repeat("a", 1024)), 40039},
		{"address of no page", set("url", "javascript:alert(1)"), 40039},
		{"wrong JSON", set("touser", 1), 47001},
		{"field missing", func(m map[string]any) { delete(m["data"].(map[string]any), "thing3") }, 47003},
		{"empty field", field("thing3", ""), 47003},
		{"spaces alone", field("thing3", "  "), 47003},
		{"thing too long", field("thing3", strings.Repeat("长", 21)), 47003},
		{"line feed", field("thing3", "一\n二"), 47003},
		{"Chinese in a character string", field("character_string1", "编号1"), 47003},
		{"character string too long", field("character_string1", strings.Repeat("1", 33)), 47003},
		{"phrase too long", field("phrase2", "一二三四五六"), 47003},
		{"phrase not Chinese", field("phrase2", "done"), 47003},
		{"no time", field("time5", "昨天"), 47003},
		{"thing as long as may be", field("thing3", strings.Repeat("长", 20)), 0},
		{"no address", set("url", ""), 0},
	}
	for _, tt := range tests {
		m := card(f, "")
		tt.bend(m)
		a := w.call("/cgi-bin/message/template/send", m)
		if a.code() != tt.code || (a["msgid"] != nil) != (tt.code == 0) {
			t.Errorf("%s: %v, want %d", tt.name, a, tt.code)
		}
	}
	if a := w.call("/cgi-bin/message/template/send", "{"); a.code() != 47001 {
		t.Errorf("broken JSON: %v", a)
	}
}

// What the client makes fit, the platform takes: two statements of the same rules, written apart.
func TestFittedFieldsAreTaken(t *testing.T) {
	t.Parallel()
	kinds := []string{"thing", "number", "letter", "symbol", "character_string", "time", "date", "amount", "phone_number", "car_number", "name", "phrase", "const"}
	pieces := rapid.SampledFrom([]string{"乱收费", "办", "A", "z9", "12", "¥3.5", "元", "（", "!", " ", "\n", "\x07", "😀", "2026年3月4日 10:00", "-", "\u00a0", "\u200b", "Ω", "é"})
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		value := strings.Join(rapid.SliceOfN(pieces, 0, 12).Draw(t, "pieces"), "")
		if rapid.Bool().Draw(t, "any") {
			value = rapid.String().Draw(t, "value")
		}
		got, err := wechat.FitField(kind+"1", value, "2006年1月2日 15:04")
		if err == nil && !fits(kind+"1", got) {
			t.Fatalf("%s: %q made of %q is refused", kind, got, value)
		}
	})
}

func TestTemplateMessageBecomesACardAndAReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	f := w.box.Fan("打印店")
	a := w.call("/cgi-bin/message/template/send", card(f, "n1"))
	e := w.await(f, isCard)
	if e.Side != SideAccount || e.Card.URL != "https://jiesu.example/p/abc" || len(e.Card.Fields) != 6 ||
		e.Card.Fields[0] != (CardField{"character_string1", w.words.Text("sandbox.template.number"), "JS20260304-000001"}) {
		t.Errorf("card %+v", e.Card)
	}
	in := w.awaitInbound(isReport)
	if in.Status != "success" || in.ProviderID != fmt.Sprint(e.Card.MsgID) || fmt.Sprint(a["msgid"]) != in.ProviderID || in.OpenID != f.OpenID() {
		t.Errorf("report %+v on %v", in, a)
	}
}

func TestSameClientMessageIDIsDeliveredOnceInTenMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	f, other := w.box.Fan("打印店"), w.box.Fan("机械厂")
	cards := func(f *Fan) (n int) {
		for _, e := range f.Transcript() {
			if e.Kind == KindCard {
				n++
			}
		}
		return n
	}
	send := func(f *Fan, id string) answer { return w.call("/cgi-bin/message/template/send", card(f, id)) }
	first := send(f, "n1")
	w.await(f, isCard)
	if again := send(f, "n1"); again["msgid"] != first["msgid"] || again.code() != 0 {
		t.Errorf("sent again: %v, first %v", again, first)
	}
	if a := send(other, "n1"); a["msgid"] == first["msgid"] {
		t.Error("the key counts for one fan alone")
	}
	send(f, "n2")
	for n := range 2 {
		w.awaitInbound(func(in routing.Inbound) bool { return isReport(in) && in.OpenID == f.OpenID() && cards(f) > n })
	}
	if n := cards(f); n != 2 {
		t.Errorf("%d cards, want 2", n)
	}
	w.clock.advance(10 * time.Minute)
	if a := send(f, "n1"); a["msgid"] == first["msgid"] {
		t.Error("remembered for longer than ten minutes")
	}
}

func TestReportSaysWhyACardWasNotShown(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		set  func(w *world, f *Fan)
		want string
	}{
		{"refused by the fan", func(_ *world, f *Fan) { f.Block(true) }, "failed:user block"},
		{"fault", func(w *world, _ *Fan) { w.box.SetFaults(Faults{Report: "failed: system failed"}) }, "failed: system failed"},
		{"taken again", func(_ *world, f *Fan) { f.Block(true); f.Block(false) }, "success"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, mute)
			f := w.box.Fan("打印店")
			tt.set(w, f)
			w.call("/cgi-bin/message/template/send", card(f, "n1"))
			if in := w.awaitInbound(isReport); in.Status != tt.want {
				t.Errorf("status %q, want %q", in.Status, tt.want)
			}
			if shown := len(f.Transcript()) > 0; shown != (tt.want == "success") {
				t.Errorf("card shown: %v", shown)
			}
		})
	}
}

func (w *world) custom(f *Fan, text string) int {
	w.t.Helper()
	return w.call("/cgi-bin/message/custom/send", map[string]any{"touser": f.OpenID(), "msgtype": "text", "text": map[string]string{"content": text}}).code()
}

func TestCustomMessagesNeedAnOpenWindow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(t *testing.T, f *Fan) error
		n    int // messages it allows
		life time.Duration
	}{
		{"message", func(t *testing.T, f *Fan) error { _, err := f.Say(t.Context(), "你好"); return err }, 5, 48 * time.Hour},
		{"image", func(t *testing.T, f *Fan) error { _, err := f.SendImage(t.Context(), photo()); return err }, 5, 48 * time.Hour},
		{"click", func(t *testing.T, f *Fan) error { _, err := f.Click(t.Context(), "report"); return err }, 3, time.Minute},
		{"follow", func(t *testing.T, f *Fan) error { _, err := f.Follow(t.Context()); return err }, 3, time.Minute},
		{"scan", func(t *testing.T, f *Fan) error { _, err := f.Scan(t.Context(), "c"); return err }, 3, time.Minute},
		{"view", func(t *testing.T, f *Fan) error { _, err := f.View(t.Context(), "https://jiesu.example/"); return err }, 0, 0},
		{"nothing", func(*testing.T, *Fan) error { return nil }, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, mute)
			f := w.box.Fan("打印店")
			if err := tt.do(t, f); err != nil {
				t.Fatal(err)
			}
			for i := range tt.n {
				if code := w.custom(f, "在"); code != 0 {
					t.Fatalf("message %d: %d", i+1, code)
				}
			}
			want := 45047
			if tt.n == 0 {
				want = 45015
			}
			if code := w.custom(f, "在"); code != want {
				t.Errorf("one more: %d, want %d", code, want)
			}
			if err := tt.do(t, f); err != nil {
				t.Fatal(err)
			}
			w.clock.advance(tt.life)
			if code := w.custom(f, "在"); code != 45015 {
				t.Errorf("when the window has closed: %d, want 45015", code)
			}
		})
	}
}

func TestTheAllowanceThatEndsFirstIsSpentFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	f := w.box.Fan("打印店")
	if _, err := f.Say(t.Context(), "你好"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Click(t.Context(), "report"); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		if code := w.custom(f, "在"); code != 0 {
			t.Fatalf("message %d: %d", i+1, code)
		}
	}
	if code := w.custom(f, "在"); code != 45047 {
		t.Errorf("the ninth: %d", code)
	}
}

func TestCustomMessageIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	f := w.box.Fan("打印店")
	if _, err := f.Say(t.Context(), "你好"); err != nil {
		t.Fatal(err)
	}
	body := func(to, kind, text string) map[string]any {
		return map[string]any{"touser": to, "msgtype": kind, "text": map[string]string{"content": text}}
	}
	for name, tt := range map[string]struct {
		body any
		code int
	}{
		"stranger":   {body("oStranger", "text", "在"), 40003},
		"type":       {body(f.OpenID(), "hologram", "在"), 40008},
		"no answers": {map[string]any{"touser": f.OpenID(), "msgtype": "msgmenu", "msgmenu": map[string]any{"head_content": "解决了吗"}}, 47001},
		"empty":      {body(f.OpenID(), "text", ""), 44004},
		"too long":   {body(f.OpenID(), "text", strings.Repeat("a", 2049)), 45002},
		"JSON":       {"{", 47001},
		"just fits":  {body(f.OpenID(), "text", strings.Repeat("a", 2048)), 0},
	} {
		if a := w.call("/cgi-bin/message/custom/send", tt.body); a.code() != tt.code {
			t.Errorf("%s: %v, want %d", name, a, tt.code)
		}
	}
	e := w.await(f, func(e Entry) bool { return e.Side == SideAccount })
	if e.Passive || len(e.Text) != 2048 {
		t.Errorf("shown %+v", e)
	}
	if err := f.Unfollow(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code := w.custom(f, "在"); code != 45015 {
		t.Errorf("after the fan has left: %d", code)
	}
}

func (w *world) upload(kind string, content []byte) answer {
	w.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("media", "f")
	if err != nil {
		w.t.Fatal(err)
	}
	_, _ = part.Write(content)
	_ = form.Close()
	resp, err := http.Post(w.url+"/sandbox/api/cgi-bin/media/upload?type="+kind+"&access_token="+w.token(), form.FormDataContentType(), &b)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.read(resp)
}

func mp4() []byte {
	return append([]byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"), make([]byte, 100)...)
}

func TestMediaIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	for name, tt := range map[string]struct {
		kind    string
		content []byte
		code    int
	}{
		"image":             {"image", photo(), 0},
		"thumb":             {"thumb", photo(), 0},
		"voice":             {"voice", SampleVoice(time.Second), 0},
		"video":             {"video", mp4(), 0},
		"unknown type":      {"hologram", photo(), 40004},
		"text as image":     {"image", []byte("hello"), 40005},
		"image as video":    {"video", photo(), 40005},
		"voice too large":   {"voice", append(SampleVoice(time.Second), make([]byte, 2<<20)...), 40006},
		"nothing":           {"image", nil, 44001},
		"page as an image":  {"image", []byte("<html><script>alert(1)</script>"), 40005},
		"image too large":   {"image", append(photo(), make([]byte, 10<<20)...), 40006},
		"larger than taken": {"image", append(photo(), make([]byte, maxUpload)...), 41005},
	} {
		if a := w.upload(tt.kind, tt.content); a.code() != tt.code || (a["media_id"] != nil) != (tt.code == 0) {
			t.Errorf("%s: %v, want %d", name, a, tt.code)
		}
	}
}

func (w *world) fetch(path string) (int, string, []byte) {
	w.t.Helper()
	resp, err := http.Get(path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Content-Type"), body
}

func TestMediaLivesThreeDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	image, _ := w.upload("image", photo())["media_id"].(string)
	video, _ := w.upload("video", mp4())["media_id"].(string)
	address := func(id string) string {
		return "/cgi-bin/media/get?access_token=" + w.token() + "&media_id=" + url.QueryEscape(id)
	}
	status, kind, content := w.fetch(w.url + "/sandbox/api" + address(image))
	if status != 200 || kind != "image/jpeg" || !bytes.Equal(content, photo()) {
		t.Errorf("image: %d %s, %d bytes", status, kind, len(content))
	}
	at, _ := w.get(address(video))["video_url"].(string)
	if status, kind, content = w.fetch(at); status != 200 || kind != "video/mp4" || !bytes.Equal(content, mp4()) {
		t.Errorf("video at %s: %d %s, %d bytes", at, status, kind, len(content))
	}
	if a := w.get(address("unknown")); a.code() != 40007 {
		t.Errorf("unknown: %v", a)
	}
	w.clock.advance(mediaLife)
	if a := w.get(address(image)); a.code() != 40007 {
		t.Errorf("after three days: %v", a)
	}
}

func TestQRCodeIsShownUntilItExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	create := func(action string, expire int, scene string) answer {
		return w.call("/cgi-bin/qrcode/create", map[string]any{"expire_seconds": expire, "action_name": action,
			"action_info": map[string]any{"scene": map[string]string{"scene_str": scene}}})
	}
	for name, tt := range map[string]struct {
		a    answer
		code int
	}{
		"action":     {create("QR_HOLOGRAM", 60, "c"), 40052},
		"no scene":   {create("QR_STR_SCENE", 60, ""), 40053},
		"long scene": {create("QR_STR_SCENE", 60, strings.Repeat("c", 65)), 40053},
		"no life":    {create("QR_STR_SCENE", 0, "c"), 40051},
		"31 days":    {create("QR_STR_SCENE", 31*24*3600, "c"), 40051},
		"JSON":       {w.call("/cgi-bin/qrcode/create", "{"), 47001},
	} {
		if tt.a.code() != tt.code {
			t.Errorf("%s: %v, want %d", name, tt.a, tt.code)
		}
	}
	ticket, _ := create("QR_STR_SCENE", 60, "case-1")["ticket"].(string)
	picture := w.url + "/sandbox/api/cgi-bin/showqrcode?ticket=" + url.QueryEscape(ticket)
	status, _, content := w.fetch(picture)
	if _, err := png.Decode(bytes.NewReader(content)); status != 200 || err != nil {
		t.Errorf("picture: status %d, %v", status, err)
	}
	w.clock.advance(time.Minute)
	if status, _, _ := w.fetch(picture); status != 404 {
		t.Errorf("expired: status %d", status)
	}
	f := w.box.fan("机械厂", false)
	if _, err := f.Scan(t.Context(), "case-1"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Scan(t.Context(), "case-1"); err != nil {
		t.Fatal(err)
	}
	in := w.received()
	if len(in) != 2 || in[0].Kind != routing.InboundSubscribe || in[0].Scene != "case-1" || in[1].Kind != routing.InboundScan || in[1].Scene != "case-1" {
		t.Errorf("scans taken in: %+v", in)
	}
}

func TestMenuIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	click := map[string]any{"type": "click", "name": "查进度", "key": "progress"}
	many := func(n int) (out []map[string]any) {
		for range n {
			out = append(out, click)
		}
		return out
	}
	with := func(key string, value any) []map[string]any {
		b := map[string]any{"type": "click", "name": "查进度", "key": "progress"}
		b[key] = value
		return []map[string]any{b}
	}
	for name, tt := range map[string]struct {
		buttons []map[string]any
		code    int
	}{
		"none":          {nil, 40016},
		"four":          {many(4), 40016},
		"no name":       {with("name", ""), 40018},
		"long name":     {with("name", strings.Repeat("名", 6)), 40018},
		"type":          {with("type", "hologram"), 40017},
		"no key":        {with("key", ""), 40019},
		"no address":    {with("type", "view"), 40020},
		"six below":     {with("sub_button", many(6)), 40023},
		"long name sub": {with("sub_button", with("name", strings.Repeat("名", 21))), 40025},
		"good":          {many(3), 0},
	} {
		if a := w.call("/cgi-bin/menu/create", map[string]any{"button": tt.buttons}); a.code() != tt.code {
			t.Errorf("%s: %v, want %d", name, a, tt.code)
		}
	}
	if a := w.call("/cgi-bin/menu/create", `{"button":[{"type":"click","name":"\u67e5","key":"k"}]}`); a.code() != 40033 {
		t.Errorf("escaped: %v", a)
	}
	if a := w.call("/cgi-bin/menu/create", "{"); a.code() != 47001 {
		t.Errorf("JSON: %v", a)
	}
	if a := w.get("/cgi-bin/menu/get?access_token=" + w.token()); a["menu"] == nil {
		t.Errorf("the menu: %v", a)
	}
	if a := w.get("/cgi-bin/menu/delete?access_token=" + w.token()); a.code() != 0 {
		t.Errorf("delete: %v", a)
	}
	if a := w.get("/cgi-bin/menu/get?access_token=" + w.token()); a.code() != 46003 {
		t.Errorf("deleted: %v", a)
	}
}

func TestFaultsOfTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mute)
	token := w.token()
	setMenu(w)
	path := "/cgi-bin/menu/get?access_token=" + token

	w.box.SetFaults(Faults{Code: 45009})
	if a := w.get(path); a.code() != 45009 {
		t.Errorf("errcode: %v", a)
	}
	if w.token() != token {
		t.Error("the errcode must leave the token alone")
	}
	w.box.SetFaults(Faults{Outage: true})
	if status, _, _ := w.fetch(w.url + "/sandbox/api" + path); status != 502 {
		t.Errorf("outage: status %d", status)
	}
	w.box.SetFaults(Faults{Slow: 3 * time.Second})
	answered := make(chan answer, 1)
	go func() { answered <- w.get(path) }()
	tm := w.setTimer(3 * time.Second)
	select {
	case a := <-answered:
		t.Errorf("answered at once: %v", a)
	default:
	}
	tm.fire <- time.Time{}
	if a := <-answered; a["menu"] == nil {
		t.Errorf("after the pause: %v", a)
	}
	w.box.SetFaults(Faults{})
	if a := w.get(path); a["menu"] == nil {
		t.Errorf("repaired: %v", a)
	}
}
