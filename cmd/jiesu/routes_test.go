package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"jiesu/configs"
)

// guarded are the addresses of the whole server by how they begin, the longest first, with the test that walks them or says who may. Whatever the server answers
// beyond these fails.
var guarded = []struct{ prefix, by string }{
	{"/console", "TestEveryRouteByRole"},
	{"/p/:token", "TestComplainantsPageIsNoDoorForFloods"},
	{"/privacy", "TestEveryRouteByRole"},
	{"/api/v1/", "TestEveryOperationByRole"},
	{"/open311/v2/", "TestNobodyReadsWhatWasNotPublished"},
	{"/wechat/callback", "TestCallbackIsSignedBothWays"},
	{"/hotline/sms/:token/", "TestCarriersReportWhatBecameOfMessages"},
	{"/healthz", "nobody's data"}, {"/readyz", "nobody's data"}, {"/metrics", "nobody's data"},
}

func TestEveryRouteOfTheServerHasAWalk(t *testing.T) {
	t.Parallel()
	cfg := configs.Default()
	cfg.DatabaseURL, cfg.SecretKey = configs.Secret("sqlite:"+filepath.Join(t.TempDir(), "jiesu.db")), configs.Secret(strings.Repeat("k", 40))
	cfg.WeChat = configs.WeChat{AppID: testAppID, AppSecret: "secret", Token: "token", AESKey: configs.Secret(strings.Repeat("a", 42) + "A"), APIBase: "http://127.0.0.1:1"}
	cfg.SMS.Provider, cfg.SMS.Endpoint, cfg.SMS.KeyID, cfg.SMS.Secret, cfg.SMS.CallbackToken = "http", "http://127.0.0.1:1", "k", "s", configs.Secret(strings.Repeat("t", 32))
	cfg.OIDC.Issuer = "http://127.0.0.1:1"
	a, err := newApp(t.Context(), cfg, world{stdout: io.Discard, stderr: io.Discard}, roleAll, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.close() }()
	used := map[string]bool{}
	for _, r := range a.engine.Routes() {
		found := r.Path == "/" // to the sign-in page
		for _, g := range guarded {
			if strings.HasPrefix(r.Path, g.prefix) {
				found, used[g.prefix] = true, true
			}
		}
		if !found {
			t.Errorf("%s %s: no test says who may", r.Method, r.Path)
		}
	}
	for _, g := range guarded {
		if !used[g.prefix] {
			t.Errorf("%s: there is no such route", g.prefix)
		}
	}
	if len(used) < 8 {
		t.Errorf("only %d kinds of routes", len(used))
	}
}
