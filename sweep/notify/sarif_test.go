package notify

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestSARIF(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ received) { w.WriteHeader(http.StatusAccepted) })
	commit := strings.Repeat("ab", 20)
	up := Upload{[]byte(`{"version":"2.1.0"}`), commit, "refs/heads/main"}
	var failed error
	ch := mustNew(t, Config{Type: "sarif", URL: f.URL}, Secrets{Token: given(testSecret)},
		Options{SARIF: func(_ context.Context, m Message) (Upload, error) { return up, failed }})
	m := testMessage()
	m.WebURL = f.URL + "/team/app"
	if err := ch.Send(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	got := f.got()[0]
	var body struct{ CommitSHA, Ref, SARIF string }
	var raw map[string]string
	if err := json.Unmarshal(got.body, &raw); err != nil {
		t.Fatal(err)
	}
	body.CommitSHA, body.Ref, body.SARIF = raw["commit_sha"], raw["ref"], raw["sarif"]
	packed, err := base64.StdEncoding.DecodeString(body.SARIF)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	sarif, err := io.ReadAll(z)
	if err != nil || !bytes.Equal(sarif, up.SARIF) || body.CommitSHA != commit || body.Ref != up.Ref {
		t.Errorf("%v %s %+v", err, sarif, body)
	}
	if got.path != "/api/v3/repos/team/app/code-scanning/sarifs" || got.header.Get("Authorization") != "Bearer "+testSecret {
		t.Errorf("%+v", got)
	}

	if err := ch.Send(context.Background(), Message{ID: "trial"}); err != nil || f.got()[1].path != "/api/v3/rate_limit" {
		t.Errorf("%v %+v", err, f.got())
	}
	up.Ref = "main"
	if e := failing(t, ch, m); !e.Permanent {
		t.Error(e)
	}
	up.Ref, up.Commit = "refs/heads/main", "HEAD"
	if e := failing(t, ch, m); !e.Permanent {
		t.Error(e)
	}
	failed = errors.New("no database\n")
	if e := failing(t, ch, m); e.Permanent {
		t.Error(e)
	}
	failed = nil
	m.WebURL = "https://github.com/team/app"
	if e := failing(t, ch, m); !e.Permanent {
		t.Error(e)
	}
	if n := len(f.got()); n != 2 {
		t.Errorf("%d requests", n)
	}
}
