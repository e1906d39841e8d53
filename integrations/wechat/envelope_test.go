package wechat

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"github.com/silenceper/wechat/v2/util"
	"pgregory.net/rapid"
)

// Published vectors: V1 to V5 by the platform's guide (message push, encryption), V6 by the tests of wechatpy.
var zeroKey = strings.Repeat("A", 43)

const (
	v3Encrypt = "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
	v3Plain   = `{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}`
	v5Encrypt = "D7yzvUNAL930rd28wf21s4hvXhz0L6Uit/p2Di6C5DHyYGpEgdBRnKjBec34JwoQXicwaZC7fOVihW80F4VtsdvE//1vr7oAbqjDv8KenVp+ajKYpJnyQ4zMRhIC+a31fCVOMC03FfzV/QuC94kBP55a+Za3sJgvAn+ZbsNqZI5DkyuzkhQN8OBqCzFhizGmy0xpM0MEA4agpvE+RuNO1rhHTtuJB5yltw1FiYzecSXJ+y/D2r81VkRn2eYjh2ltsoyfbDR7Is6ookXIFxTfyeNyeHxMeT4KN5WpCDmSbTcUYrbBUlkGLJ9n/rU8YOywma6G7aTb7KZKOqCxgfoUlYEZPk4FUL/TK7ShriFDMVCLyjQJ15Ob++agDWtcxhfUfe6HIoIpRW8mKNBQiY/Jd1svvuskA1wLef1RTtzKfMpagSCX/laZINmdnX4zrF6kIaR9P4xQrWXbsTFHTYe0Mg=="
	v6Echo    = "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q=="
)

func TestOpensPublishedVectors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, appID, token, key, timestamp, nonce, signature, encrypted string
		want                                                            string // part of the message
	}{
		{"V3 safe mode", "wxba5fad812f8e6fb9", "AAAAA", zeroKey, "1714112445", "415670741",
			"046e02f8204d34f8ba5fa3b1db94908f3df2e9b3", v3Encrypt, v3Plain},
		{"V5 XML", "wx134c8103faa5a59e", "AAAAA", zeroKey, "1715943329", "1590219412",
			"6c12a4205838198b8fa631b3220723bb07f1015c", v5Encrypt, "<xml>"},
		{"V6 wechatpy", "wx49f0ab532d5d035a", "123456", "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", "1411443780", "437374425",
			"dd6b9c95b495b3f7e2901bfbc76c664930ffdb96", v6Echo, "5927782489442352469"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, err := newEnvelope(tt.appID, tt.token, tt.key)
			if err != nil {
				t.Fatal(err)
			}
			if !e.signed(tt.signature, tt.timestamp, tt.nonce, tt.encrypted) {
				t.Error("signature of the vector refused")
			}
			if e.signed(tt.signature, tt.timestamp, tt.nonce+"1", tt.encrypted) {
				t.Error("signature accepted for another nonce")
			}
			msg, _, err := e.open(tt.encrypted)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(msg), tt.want) {
				t.Errorf("opened %q, want %q in it", msg, tt.want)
			}
		})
	}
}

func TestVectorV2PlainSignature(t *testing.T) {
	t.Parallel()
	e, err := newEnvelope("wxba5fad812f8e6fb9", "AAAAA", zeroKey)
	if err != nil {
		t.Fatal(err)
	}
	if !e.signed("899cf89e464efb63f54ddac96b0a0a235f53aa78", "1714037059", "486452656") {
		t.Error("signature of V2 refused")
	}
}

func TestSealsVectorV4(t *testing.T) {
	t.Parallel()
	e, err := newEnvelope("wxba5fad812f8e6fb9", "AAAAA", zeroKey)
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.sealWith([]byte("707722b803182950"), []byte(`{"demo_resp":"good luck"}`), e.keys[0], "415670741", time.Unix(1713424427, 0))
	if err != nil {
		t.Fatal(err)
	}
	var s struct{ Encrypt, MsgSignature, TimeStamp, Nonce string }
	if err := xml.Unmarshal(got, &s); err != nil {
		t.Fatal(err)
	}
	if want := "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="; s.Encrypt != want {
		t.Errorf("Encrypt = %s, want %s", s.Encrypt, want)
	}
	if want := "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"; s.MsgSignature != want {
		t.Errorf("MsgSignature = %s, want %s", s.MsgSignature, want)
	}
	if s.TimeStamp != "1713424427" || s.Nonce != "415670741" {
		t.Errorf("TimeStamp, Nonce = %s, %s", s.TimeStamp, s.Nonce)
	}
}

func TestEnvelopeNeedsUsableKeys(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "short", strings.Repeat("!", 43), strings.Repeat("A", 44)} {
		if _, err := newEnvelope("wx1", "token", key); err == nil {
			t.Errorf("key %q accepted", key)
		}
	}
	if _, err := newEnvelope("wx1", "", zeroKey); err == nil {
		t.Error("empty token accepted: anybody could sign")
	}
	// Stray bits at the end of the key are the platform's habit.
	if _, err := newEnvelope("wx1", "token", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"); err != nil {
		t.Errorf("key with stray bits refused: %v", err)
	}
}

func TestWhatIsSealedOpensAgain(t *testing.T) {
	t.Parallel()
	e, err := newEnvelope("wx0123", "token", zeroKey)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		msg := rapid.SliceOfN(rapid.Byte(), 1, 3000).Draw(t, "msg")
		nonce := rapid.StringMatching(`[0-9]{1,10}`).Draw(t, "nonce")
		answer, err := e.seal(msg, e.keys[0], nonce, time.Unix(1700000000, 0))
		if err != nil {
			t.Fatal(err)
		}
		var s struct{ Encrypt, MsgSignature, TimeStamp, Nonce string }
		if err := xml.Unmarshal(answer, &s); err != nil {
			t.Fatal(err)
		}
		if !e.signed(s.MsgSignature, s.TimeStamp, s.Nonce, s.Encrypt) || s.Nonce != nonce {
			t.Fatal("answer is not signed for its own values")
		}
		_, plain, err := util.DecryptMsg("wx0123", s.Encrypt, zeroKey) // the other side's code
		if err != nil || string(plain) != string(msg) {
			t.Fatalf("opened %q, %v; sealed %q", plain, err, msg)
		}
	})
}

func FuzzOpen(f *testing.F) {
	e, err := newEnvelope("wxba5fad812f8e6fb9", "AAAAA", zeroKey, "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(v3Encrypt)
	f.Add(v5Encrypt)
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, encrypted string) {
		msg, key, err := e.open(encrypted)
		if err != nil {
			if msg != nil || key != nil {
				t.Fatal("an error came with a message")
			}
			return
		}
		// What opens is for our account: sealing it again opens to the same.
		answer, err := e.seal(msg, key, "1", time.Unix(1, 0))
		if err != nil {
			t.Fatal(err)
		}
		var s struct{ Encrypt string }
		if err := xml.Unmarshal(answer, &s); err != nil {
			t.Fatal(err)
		}
		if again, _, err := e.open(s.Encrypt); err != nil || string(again) != string(msg) {
			t.Fatalf("sealed again it opens to %q, %v", again, err)
		}
	})
}
