package console

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"pgregory.net/rapid"

	"jiesu/routing"
)

// person is somebody with a browser that keeps its cookies.
type person struct {
	w       *world
	cookies map[string]string
}

func (w *world) person() *person { return &person{w, map[string]string{}} }

func (p *person) do(method, path string, fields ...string) answer {
	p.w.t.Helper()
	var list []string
	for name, value := range p.cookies {
		list = append(list, name+"="+value)
	}
	form := formOf(fields...)
	if method == http.MethodGet {
		form = nil
	}
	a := p.w.do("", method, path, form, "Cookie", strings.Join(list, "; "))
	for _, c := range a.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(p.cookies, c.Name)
		} else {
			p.cookies[c.Name] = c.Value
		}
	}
	return a
}

func (p *person) get(path string) answer { p.w.t.Helper(); return p.do(http.MethodGet, path) }

func (p *person) post(path string, fields ...string) answer {
	p.w.t.Helper()
	return p.do(http.MethodPost, path, fields...)
}

func (p *person) signIn(name string) answer {
	p.w.t.Helper()
	return p.post("/console/login", "name", name, "password", password)
}

var (
	secretPattern = regexp.MustCompile(`class="secret">([A-Z2-7 ]+)<`)
	codePattern   = regexp.MustCompile(`<code>([a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4})</code>`)
)

// enrolled sets up a telephone for somebody who has signed in, and returns its secret and the recovery codes.
func (p *person) enrolled(fields ...string) (secret string, codes []string) {
	p.w.t.Helper()
	page := p.get("/console/second/new").want(200, "data:image/png;base64,")
	secret = strings.ReplaceAll(secretPattern.FindStringSubmatch(page.body)[1], " ", "")
	page = p.post("/console/second/new", append(fields, "code", p.w.code(secret))...).want(200, "请保存恢复码")
	for _, m := range codePattern.FindAllStringSubmatch(page.body, -1) {
		codes = append(codes, m[1])
	}
	if len(codes) != recoveryCodes {
		p.w.t.Fatalf("%d recovery codes: %s", len(codes), page.body)
	}
	return secret, codes
}

// code is what the telephone shows now.
func (w *world) code(secret string) string {
	w.t.Helper()
	code, err := totp.GenerateCode(secret, w.clock.now())
	must(w.t, err)
	return code
}

// strict is the console as it is served: the office and the administrators need a second factor.
func strict(t *testing.T) *world {
	t.Helper()
	return start(t, func(c *Config) { c.SecondFactor = []routing.Role{routing.RoleOffice, routing.RoleAdmin} })
}

func TestTheOfficeSetsUpATelephoneBeforeItSeesAnything(t *testing.T) {
	t.Parallel()
	w := strict(t)
	c := w.file()
	p := w.person()
	p.signIn("office").to("/console")
	p.get("/console/cases/" + c.Number).to("/console/second/new?next=%2Fconsole%2Fcases%2F" + c.Number)
	p.post("/console/cases/"+c.Number+"/supervise", "note", "x").to("/console/second/new")
	if w.load(c.Number).Supervised {
		t.Error("a step was taken with half a sign-in")
	}
	p.get("/console/events").to("/console/second/new?next=%2Fconsole%2Fevents")
	p.get("/console/account").to("/console/second/new?next=%2Fconsole%2Faccount")
	p.get("/console/second/new?next=/console/triage").want(200, `value="/console/triage"`)
	p.post("/console/second/new", "code", "000000").want(422, "这六位数字对不上")
	before := p.cookies[cookieName]
	p.enrolled()
	if p.cookies[cookieName] == before {
		t.Error("the token of before is still the session's")
	}
	p.get("/console/cases/" + c.Number).want(200)
	if _, err := w.store.Session(t.Context(), digest(before)); err == nil {
		t.Error("the session of before still exists")
	}

	w.person().signIn("operator").to("/console") // needs none
	o := w.person()
	o.signIn("operator")
	o.get("/console").want(200)
}

func TestAPasswordAloneIsHalfASignIn(t *testing.T) {
	t.Parallel()
	w := strict(t)
	p := w.person()
	p.signIn("office")
	secret, _ := p.enrolled()
	w.clock.add(time.Minute)

	thief := w.person()
	a := thief.signIn("office").to("/console")
	for _, c := range a.Result().Cookies() {
		if c.Name == knownName {
			t.Error("a password alone makes the browser a known one")
		}
	}
	thief.get("/console").to("/console/second?next=%2Fconsole")
	thief.get("/console/password").to("/console/second?next=%2Fconsole%2Fpassword")
	thief.post("/console/password", "password", password, "new", "盛京路的槐花开了", "repeat", "盛京路的槐花开了").to("/console/second")
	thief.get("/console/second/new").to("/console/second?next=%2Fconsole%2Fsecond%2Fnew")
	thief.post("/console/second/new", "code", "123456", "password", password).to("/console/second")
	thief.post("/console/second/recovery", "password", password).to("/console/second")
	thief.post("/console/account/others").to("/console/second")
	thief.post("/console/second", "code", "").want(401, "验证码不对")
	w.clock.add(codeTime + time.Second)
	thief.get("/console").to("/console/login?next=%2Fconsole") // half a sign-in doesn't wait for ever

	owner := w.person()
	owner.signIn("office")
	owner.get("/console/second?next=/console/triage").want(200, `value="/console/triage"`)
	owner.post("/console/second", "code", w.code(secret), "next", "/console/triage").to("/console/triage")
	owner.get("/console/triage").want(200)
	owner.get("/console/second?next=//evil.example").to("/console") // done already
}

func TestACodeIsTakenOnceAndNearItsTimeOnly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "now"), 0)
		by := rapid.Int64Range(-6, 6).Draw(t, "steps away")
		u := routing.User{ID: "u", Secret: "JBSWY3DPEHPK3PXP"}
		code, err := totp.GenerateCode(u.Secret, now.Add(time.Duration(by)*codeStep))
		if err != nil {
			t.Fatal(err)
		}
		near := by >= -1 && by <= 1
		if got := takeCode(&u, code, now); got != near {
			t.Errorf("a code of %d steps away is taken: %t", by, got)
		}
		if takeCode(&u, code, now) || near && takeCode(&u, code, now.Add(codeStep)) {
			t.Errorf("a code is taken twice")
		}
	})
}

func TestRecoveryCodesOpenOnceEach(t *testing.T) {
	t.Parallel()
	w := strict(t)
	p := w.person()
	p.signIn("office")
	_, codes := p.enrolled()
	in := func(code string) answer {
		t.Helper()
		q := w.person()
		q.signIn("office")
		return q.post("/console/second", "code", code)
	}
	in(codes[0]).to("/console")
	in(codes[0]).want(401, "还剩 9 个")
	in(" " + strings.ToUpper(strings.ReplaceAll(codes[1], "-", " "))).to("/console")
	in("").want(401)
	user := w.user("office")
	for _, code := range codes {
		for _, hash := range user.Recovery {
			if strings.Contains(hash, code) || len(hash) != 64 {
				t.Error("the store knows a recovery code itself")
			}
		}
	}
	p.post("/console/second/recovery", "password", "wrong").want(422, "现在的密码不对")
	p.post("/console/second/recovery", "password", password).want(200, "请保存恢复码")
	in(codes[2]).want(401)
}

// user is the account as it is stored.
func (w *world) user(name string) routing.User {
	w.t.Helper()
	u, err := w.store.UserByName(w.t.Context(), name)
	must(w.t, err)
	return u
}

func TestWrongCodesHaveAnEnd(t *testing.T) {
	t.Parallel()
	w := strict(t)
	p := w.person()
	p.signIn("office")
	secret, codes := p.enrolled()
	w.clock.add(time.Minute)
	q := w.person()
	q.signIn("office")
	for range 3 {
		q.post("/console/second", "code", "000000").want(401)
	}
	q.post("/console/second", "code", w.code(secret)).want(401, "要等 15 分钟")
	q.post("/console/second", "code", codes[0]).want(401)
	w.clock.add(15 * time.Minute)
	q = w.person()
	q.signIn("office")
	q.post("/console/second", "code", w.code(secret)).to("/console")
}

func TestAnotherTelephoneNeedsThePasswordAgain(t *testing.T) {
	t.Parallel()
	w := strict(t)
	p := w.person()
	p.signIn("office")
	old, _ := p.enrolled()
	elsewhere := w.person()
	elsewhere.signIn("office")
	w.clock.add(time.Minute)
	elsewhere.post("/console/second", "code", w.code(old)).to("/console")

	page := p.get("/console/second/new").want(200, `name="password"`)
	secret := strings.ReplaceAll(secretPattern.FindStringSubmatch(page.body)[1], " ", "")
	p.post("/console/second/new", "password", "wrong", "code", w.code(secret)).want(422, "现在的密码不对")
	p.post("/console/second/new", "password", password, "code", w.code(old)).want(422, "对不上")
	if w.user("office").Secret != old {
		t.Fatal("the telephone was changed")
	}
	p.post("/console/second/new", "password", password, "code", w.code(secret)).want(200)
	elsewhere.get("/console").to("/console/login?next=%2Fconsole")
	w.clock.add(time.Minute)
	q := w.person()
	q.signIn("office")
	q.post("/console/second", "code", w.code(old)).want(401)
	q.post("/console/second", "code", w.code(secret)).to("/console")
}

func TestAStolenTokenSetsUpNoTelephone(t *testing.T) {
	t.Parallel()
	w := strict(t)
	p := w.person()
	p.signIn("office")
	w.clock.add(codeTime + time.Second)
	page := p.get("/console/second/new").want(200, `name="password"`)
	secret := strings.ReplaceAll(secretPattern.FindStringSubmatch(page.body)[1], " ", "")
	p.post("/console/second/new", "code", w.code(secret)).want(422, "现在的密码不对")
	if w.user("office").Secret != "" {
		t.Fatal("a telephone was set up without the password")
	}
	p.post("/console/second/new", "code", w.code(secret), "password", password).want(200, "请保存恢复码")
}

func TestTheFirstPasswordMustBeChanged(t *testing.T) {
	t.Parallel()
	w := strict(t)
	for _, name := range []string{"operator", "office"} {
		u := w.user(name)
		u.Initial = true
		w.update(func(ctx context.Context, tx routing.Tx) error { return tx.UpdateUser(ctx, u) })
	}
	p := w.person()
	p.signIn("operator").to("/console")
	p.get("/console/file").to("/console/password?next=%2Fconsole%2Ffile")
	p.get("/console/account").to("/console/password?next=%2Fconsole%2Faccount")
	p.get("/console/password?next=/console/file").want(200, "现在的密码是别人替您设的", `value="/console/file"`).lacks("data-live")
	const fresh = "盛京路的槐花开了"
	for _, c := range []struct{ old, fresh, repeat, says string }{
		{"wrong", fresh, fresh, "现在的密码不对"},
		{password, "盛京七字", "盛京七字", "至少要 8 个字"},
		{password, strings.Repeat("长", 201), strings.Repeat("长", 201), "最多 200 个字"},
		{password, "12345678", "12345678", "容易被猜到"},
		{password, "operator1", "operator1", "容易被猜到"},
		{password, "aaaaaaaaaa", "aaaaaaaaaa", "容易被猜到"},
		{password, "Password1!", "Password1!", "容易被猜到"},
		{password, fresh, fresh + "!", "两次输入的新密码不一样"},
		{password, password, password, "和现在的一样"},
	} {
		p.post("/console/password", "password", c.old, "new", c.fresh, "repeat", c.repeat).want(422, c.says).lacks(c.fresh)
		must(t, w.store.Update(t.Context(), func(tx routing.Tx) error { return tx.DeleteGuesses(t.Context(), "again/"+u(w, "operator")) }))
	}
	other := w.person()
	other.signIn("operator")
	p.post("/console/password", "password", password, "new", fresh, "repeat", fresh, "next", "/console/file").to("/console/file")
	p.get("/console/file").want(200)
	other.get("/console/password").to("/console/login?next=%2Fconsole%2Fpassword")
	w.signIn("operator", password).want(401)
	w.signIn("operator", fresh).to("/console")
	if strings.Contains(w.log.String(), fresh) {
		t.Error("the password is in the log")
	}

	o := w.person() // first the password, then the telephone
	o.signIn("office")
	o.get("/console").to("/console/password?next=%2Fconsole")
	o.get("/console/second/new").to("/console/password?next=%2Fconsole%2Fsecond%2Fnew")
	o.post("/console/password", "password", password, "new", fresh, "repeat", fresh).to("/console")
	o.get("/console").to("/console/second/new?next=%2Fconsole")
}

func u(w *world, name string) string { return w.users[name].ID }

func TestTheAccountPageEndsOtherSignIns(t *testing.T) {
	t.Parallel()
	w := strict(t)
	p, other := w.person(), w.person()
	p.signIn("operator")
	p.get("/console/account").want(200, "没有在其他地方登录", "没有绑定")
	other.signIn("operator")
	p.get("/console/account").want(200, "还有 1 处登录")
	p.post("/console/account/others").to("/console/account")
	other.get("/console").to("/console/login?next=%2Fconsole")
	p.get("/console/account").want(200, "没有在其他地方登录")
	secret, _ := p.enrolled() // who need not may
	p.get("/console/account").want(200, "已绑定", "恢复码还剩 10 个")
	w.clock.add(time.Minute)
	other.signIn("operator")
	other.get("/console").to("/console/second?next=%2Fconsole")
	other.post("/console/second", "code", w.code(secret)).to("/console")
	w.person().get("/console/account").to("/console/login?next=%2Fconsole%2Faccount")
}
