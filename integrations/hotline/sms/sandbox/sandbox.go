// Package sandbox is a stand-in for the carriers of text messages: it speaks the protocols of Alibaba Cloud (Dysmsapi 2017-05-25), Tencent Cloud (SMS 2021-01-11)
// and our plain gateway at one address, as strictly as they do: signatures, approved signs and templates, the values of a template, numbers, frequency. It
// reports what became of each message. Nothing leaves the machine.
package sandbox

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"jiesu/integrations/hotline/sms"
)

// Account is the one customer.
type Account struct {
	KeyID, Secret string
	Sign          string
	AppID         string            // Tencent Cloud's
	Templates     map[string]string // id → text, with ${name} (Alibaba Cloud, gateway) or {1} (Tencent Cloud) for its places
}

// Sent is a message that was taken.
type Sent struct {
	ID    string // the carrier's
	OutID string // ours
	Phone string
	Text  string // as the telephone shows it
	At    time.Time
}

// Server is the stand-in. It is safe for concurrent use.
type Server struct {
	account Account
	now     func() time.Time

	mu   sync.Mutex
	sent []Sent
	fail map[string]string // by number: the code that the next message to it is refused with
}

// New returns a stand-in with one customer.
func New(a Account, now func() time.Time) *Server {
	return &Server{account: a, now: now, fail: map[string]string{}}
}

// Sent lists what was taken, the oldest first.
func (s *Server) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

// FailNext refuses the next message to the number with the code.
func (s *Server) FailNext(phone, code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail[phone] = code
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil || r.Method != http.MethodPost {
		http.Error(w, "POST with a small body", http.StatusBadRequest)
		return
	}
	switch {
	case strings.HasPrefix(r.Header.Get("Authorization"), "ACS3-HMAC-SHA256"):
		s.aliyun(w, r, body)
	case strings.HasPrefix(r.Header.Get("Authorization"), "TC3-HMAC-SHA256"):
		s.tencent(w, r, body)
	default:
		s.gateway(w, r, body)
	}
}

// refusal is a carrier's code and words.
type refusal struct{ code, message string }

func (r *refusal) Error() string { return r.code + ": " + r.message }

// The frequency of one number: one in 30 seconds, ten in a day (短信发送频率限制).
const (
	apart  = 30 * time.Second
	perDay = 10
)

// take accepts a message or says why not, in the carrier's codes.
func (s *Server) take(phone, outID, text string, codes map[string]string) (Sent, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if code := s.fail[phone]; code != "" {
		delete(s.fail, phone)
		return Sent{}, &refusal{code, "as asked for"}
	}
	if !regexp.MustCompile(`^1[3-9]\d{9}$`).MatchString(phone) {
		return Sent{}, &refusal{codes["number"], "no mobile number"}
	}
	now, today := s.now(), 0
	for _, m := range s.sent {
		if m.Phone != phone {
			continue
		}
		if now.Sub(m.At) < apart {
			return Sent{}, &refusal{codes["soon"], "too soon after the last"}
		}
		if now.Sub(m.At) < 24*time.Hour {
			today++
		}
	}
	if today >= perDay {
		return Sent{}, &refusal{codes["day"], "too many today"}
	}
	m := Sent{ID: strconv.FormatInt(now.UnixNano(), 10) + "^" + strconv.Itoa(len(s.sent)), OutID: outID, Phone: phone, Text: "【" + s.account.Sign + "】" + text, At: now}
	s.sent = append(s.sent, m)
	return m, nil
}

// longest is what a place of a template takes.
const longest = 35

var place = regexp.MustCompile(`\$\{(\w+)\}|\{(\d+)\}`)

// fill puts the values into the template; each place needs one, and no value may be left over, long or a link.
func fill(template string, values map[string]string, codes map[string]string) (string, *refusal) {
	used := map[string]bool{}
	var bad *refusal
	text := place.ReplaceAllStringFunc(template, func(p string) string {
		name := strings.Trim(p, "${}")
		v, ok := values[name]
		switch {
		case !ok || v == "":
			bad = &refusal{codes["missing"], "no value for " + name}
		case utf8.RuneCountInString(v) > longest:
			bad = &refusal{codes["long"], "the value for " + name + " is too long"}
		case strings.Contains(v, "://"):
			bad = &refusal{codes["link"], "a link in the value for " + name}
		}
		used[name] = true
		return v
	})
	for name := range values {
		if !used[name] && bad == nil {
			bad = &refusal{codes["missing"], "the template has no place " + name}
		}
	}
	return text, bad
}

var aliyunCodes = map[string]string{"number": "isv.MOBILE_NUMBER_ILLEGAL", "soon": "isv.BUSINESS_LIMIT_CONTROL", "day": "isv.BUSINESS_LIMIT_CONTROL",
	"missing": "isv.TEMPLATE_MISSING_PARAMETERS", "long": "isv.PARAM_LENGTH_LIMIT", "link": "isv.PARAM_NOT_SUPPORT_URL"}

func (s *Server) aliyun(w http.ResponseWriter, r *http.Request, body []byte) {
	answer := func(status int, v map[string]string) {
		v["RequestId"] = "sandbox"
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	if bad := s.checkACS3(r, body); bad != nil {
		answer(http.StatusBadRequest, map[string]string{"Code": bad.code, "Message": bad.message})
		return
	}
	q := r.URL.Query()
	m, bad := func() (Sent, *refusal) {
		var values map[string]string
		template, known := s.account.Templates[q.Get("TemplateCode")]
		switch {
		case r.Header.Get("X-Acs-Action") != "SendSms" || r.Header.Get("X-Acs-Version") != "2017-05-25":
			return Sent{}, &refusal{"InvalidAction.NotFound", "no such action"}
		case q.Get("SignName") != s.account.Sign:
			return Sent{}, &refusal{"isv.SMS_SIGNATURE_ILLEGAL", "the sign isn't approved"}
		case !known:
			return Sent{}, &refusal{"isv.SMS_TEMPLATE_ILLEGAL", "the template isn't approved"}
		case json.Unmarshal([]byte(q.Get("TemplateParam")), &values) != nil:
			return Sent{}, &refusal{"isv.INVALID_JSON_PARAM", "TemplateParam is no JSON object of strings"}
		}
		text, bad := fill(template, values, aliyunCodes)
		if bad != nil {
			return Sent{}, bad
		}
		return s.take(q.Get("PhoneNumbers"), q.Get("OutId"), text, aliyunCodes)
	}()
	if bad != nil {
		answer(http.StatusOK, map[string]string{"Code": bad.code, "Message": bad.message})
		return
	}
	answer(http.StatusOK, map[string]string{"Code": "OK", "Message": "OK", "BizId": m.ID})
}

// parts reads "ALGORITHM k=v,k=v".
func parts(header string) map[string]string {
	_, list, _ := strings.Cut(header, " ")
	m := map[string]string{}
	for p := range strings.SplitSeq(list, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		m[k] = v
	}
	return m
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

func keyed(key, text string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// window is how old a signed request may be.
const window = 15 * time.Minute

// checkACS3 is the signature of Alibaba Cloud's V3 requests, from its description (V3 版本请求体&签名机制).
func (s *Server) checkACS3(r *http.Request, body []byte) *refusal {
	auth := parts(r.Header.Get("Authorization"))
	if auth["Credential"] != s.account.KeyID {
		return &refusal{"InvalidAccessKeyId.NotFound", "no such key"}
	}
	at, err := time.Parse("2006-01-02T15:04:05Z", r.Header.Get("X-Acs-Date"))
	if err != nil || s.now().Sub(at).Abs() > window {
		return &refusal{"InvalidTimeStamp.Expired", "x-acs-date is too far off"}
	}
	if r.Header.Get("X-Acs-Content-Sha256") != sum(body) {
		return &refusal{"SignatureDoesNotMatch", "x-acs-content-sha256 is another body's"}
	}
	var headers strings.Builder
	for name := range strings.SplitSeq(auth["SignedHeaders"], ";") {
		v := r.Header.Get(name)
		if name == "host" {
			v = r.Host
		}
		headers.WriteString(name + ":" + strings.TrimSpace(v) + "\n")
	}
	query := strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20")
	canonical := strings.Join([]string{r.Method, r.URL.EscapedPath(), query, headers.String(), auth["SignedHeaders"], sum(body)}, "\n")
	want := hex.EncodeToString(keyed(s.account.Secret, "ACS3-HMAC-SHA256\n"+sum([]byte(canonical))))
	if !hmac.Equal([]byte(want), []byte(auth["Signature"])) {
		return &refusal{"SignatureDoesNotMatch", "the signature is another request's"}
	}
	return nil
}

var tencentCodes = map[string]string{"number": "InvalidParameterValue.IncorrectPhoneNumber", "soon": "LimitExceeded.PhoneNumberThirtySecondLimit",
	"day": "LimitExceeded.PhoneNumberDailyLimit", "missing": "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
	"long": "InvalidParameterValue.TemplateParameterLengthLimit", "link": "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter"}

func (s *Server) tencent(w http.ResponseWriter, r *http.Request, body []byte) {
	answer := func(v map[string]any) {
		v["RequestId"] = "sandbox"
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"Response": v})
	}
	fault := func(r *refusal) {
		answer(map[string]any{"Error": map[string]string{"Code": r.code, "Message": r.message}})
	}
	if bad := s.checkTC3(r, body); bad != nil {
		fault(bad)
		return
	}
	var q struct {
		PhoneNumberSet, TemplateParamSet                  []string
		SmsSdkAppId, SignName, TemplateId, SessionContext string //nolint:revive // the carrier's names
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	template, known := "", false
	if err := decoder.Decode(&q); err == nil {
		template, known = s.account.Templates[q.TemplateId]
	}
	switch {
	case r.Header.Get("X-TC-Action") != "SendSms" || r.Header.Get("X-TC-Version") != "2021-01-11":
		fault(&refusal{"InvalidAction", "no such action"})
		return
	case len(q.PhoneNumberSet) != 1 || !strings.HasPrefix(q.PhoneNumberSet[0], "+86"):
		fault(&refusal{tencentCodes["number"], "one number with +86"})
		return
	case q.SmsSdkAppId != s.account.AppID:
		fault(&refusal{"UnauthorizedOperation.SmsSdkAppIdVerifyFail", "another application"})
		return
	}
	status := func(m Sent, bad *refusal) {
		one := map[string]any{"PhoneNumber": q.PhoneNumberSet[0], "Fee": 1, "SerialNo": m.ID, "Code": "Ok", "Message": "send success", "SessionContext": q.SessionContext}
		if bad != nil {
			one["Code"], one["Message"], one["Fee"] = bad.code, bad.message, 0
		}
		answer(map[string]any{"SendStatusSet": []any{one}})
	}
	switch {
	case q.SignName != s.account.Sign:
		status(Sent{}, &refusal{"FailedOperation.SignatureIncorrectOrUnapproved", "the sign isn't approved"})
		return
	case !known:
		status(Sent{}, &refusal{"FailedOperation.TemplateIncorrectOrUnapproved", "the template isn't approved"})
		return
	}
	values := map[string]string{}
	for i, v := range q.TemplateParamSet {
		values[strconv.Itoa(i+1)] = v
	}
	text, bad := fill(template, values, tencentCodes)
	if bad != nil {
		status(Sent{}, bad)
		return
	}
	status(s.take(strings.TrimPrefix(q.PhoneNumberSet[0], "+86"), q.SessionContext, text, tencentCodes))
}

// checkTC3 is the signature of Tencent Cloud's API 3.0, from its description (签名方法 v3).
func (s *Server) checkTC3(r *http.Request, body []byte) *refusal {
	auth := parts(r.Header.Get("Authorization"))
	seconds, err := strconv.ParseInt(r.Header.Get("X-TC-Timestamp"), 10, 64)
	at := time.Unix(seconds, 0)
	if err != nil || s.now().Sub(at).Abs() > 5*time.Minute {
		return &refusal{"AuthFailure.SignatureExpire", "X-TC-Timestamp is too far off"}
	}
	date := at.UTC().Format(time.DateOnly)
	scope := date + "/sms/tc3_request"
	if auth["Credential"] != s.account.KeyID+"/"+scope {
		return &refusal{"AuthFailure.SecretIdNotFound", "no such key"}
	}
	if !strings.Contains(auth["SignedHeaders"], "content-type") || !strings.Contains(auth["SignedHeaders"], "host") {
		return &refusal{"AuthFailure.SignatureFailure", "content-type and host must be signed"}
	}
	var headers strings.Builder
	for name := range strings.SplitSeq(auth["SignedHeaders"], ";") {
		v := r.Header.Get(name)
		if name == "host" {
			v = r.Host
		}
		headers.WriteString(name + ":" + strings.ToLower(strings.TrimSpace(v)) + "\n")
	}
	canonical := strings.Join([]string{r.Method, "/", r.URL.RawQuery, headers.String(), auth["SignedHeaders"], sum(body)}, "\n")
	key := keyed(string(keyed(string(keyed("TC3"+s.account.Secret, date)), "sms")), "tc3_request")
	want := hex.EncodeToString(keyed(string(key), "TC3-HMAC-SHA256\n"+r.Header.Get("X-TC-Timestamp")+"\n"+scope+"\n"+sum([]byte(canonical))))
	if !hmac.Equal([]byte(want), []byte(auth["Signature"])) {
		return &refusal{"AuthFailure.SignatureFailure", "the signature is another request's"}
	}
	return nil
}

var gatewayCodes = map[string]string{"number": "number", "soon": "soon", "day": "day", "missing": "values", "long": "values", "link": "values"}

func (s *Server) gateway(w http.ResponseWriter, r *http.Request, body []byte) {
	answer := func(status int, v map[string]string) {
		w.Header().Set("Content-Type", "application/json")
		if status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", strconv.Itoa(int(apart.Seconds())))
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	stamp := r.Header.Get("X-Jiesu-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || s.now().Sub(time.Unix(seconds, 0)).Abs() > 5*time.Minute || r.Header.Get("Authorization") != "Bearer "+s.account.KeyID ||
		!hmac.Equal([]byte(sms.Sign(s.account.Secret, stamp, body)), []byte(r.Header.Get("X-Jiesu-Signature"))) {
		answer(http.StatusUnauthorized, map[string]string{"code": "signature", "message": "not signed by a customer"})
		return
	}
	var m struct {
		ID, Phone, Sign, Template string
		Params                    map[string]string
	}
	template, known := "", false
	if json.Unmarshal(body, &m) == nil {
		template, known = s.account.Templates[m.Template]
	}
	if !known || m.Sign != s.account.Sign || m.ID == "" {
		answer(http.StatusForbidden, map[string]string{"code": "template", "message": "sign or template not approved"})
		return
	}
	text, bad := fill(template, m.Params, gatewayCodes)
	if bad != nil {
		answer(http.StatusUnprocessableEntity, map[string]string{"code": bad.code, "message": bad.message})
		return
	}
	sent, bad := s.take(m.Phone, m.ID, text, gatewayCodes)
	switch {
	case bad != nil && bad.code == "soon":
		answer(http.StatusTooManyRequests, map[string]string{"code": bad.code, "message": bad.message})
	case bad != nil && bad.code == "refused":
		answer(http.StatusGone, map[string]string{"code": bad.code, "message": bad.message})
	case bad != nil:
		answer(http.StatusUnprocessableEntity, map[string]string{"code": bad.code, "message": bad.message})
	default:
		answer(http.StatusAccepted, map[string]string{"id": sent.ID})
	}
}

// Report tells us, in a provider's shape, what became of a message; Reply that somebody wrote back. Address is that of Callbacks, up to its token.
func (s *Server) Report(client *http.Client, provider, address string, m Sent, arrived bool) (*http.Response, error) {
	code := map[bool]string{true: "DELIVERED", false: "UNDELIV"}[arrived]
	var body any
	switch provider {
	case sms.Tencent:
		body = []map[string]any{{"user_receive_time": s.now().Format(time.DateTime), "nationcode": "86", "mobile": m.Phone, "sid": m.ID,
			"report_status": map[bool]string{true: "SUCCESS", false: "FAIL"}[arrived], "errmsg": code, "description": code}}
	case sms.Aliyun:
		body = []map[string]any{{"phone_number": m.Phone, "success": arrived, "biz_id": m.ID, "out_id": m.OutID, "err_code": code, "err_msg": code, "sms_size": "1",
			"send_time": m.At.Format(time.DateTime), "report_time": s.now().Format(time.DateTime)}}
	default:
		body = []map[string]any{{"id": m.ID, "success": arrived, "err_code": code}}
	}
	return s.push(client, address+"/report", body)
}

// Reply tells us that somebody wrote back.
func (s *Server) Reply(client *http.Client, provider, address, phone, text string) (*http.Response, error) {
	if provider == sms.Tencent {
		return s.push(client, address+"/reply", map[string]any{"extend": "0", "mobile": phone, "nationcode": "86", "content": text, "sign": s.account.Sign, "time": s.now().Unix()})
	}
	return s.push(client, address+"/reply", []map[string]any{{"phone_number": phone, "content": text, "sign_name": s.account.Sign, "send_time": s.now().Format(time.DateTime)}})
}

func (s *Server) push(client *http.Client, address string, v any) (*http.Response, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if _, err := url.Parse(address); err != nil {
		return nil, fmt.Errorf("push to %q: %w", address, err)
	}
	r, err := http.NewRequest(http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	stamp := strconv.FormatInt(s.now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Jiesu-Timestamp", stamp)
	r.Header.Set("X-Jiesu-Signature", sms.Sign(s.account.Secret, stamp, body))
	return client.Do(r)
}
