package notify

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
)

// maxUpload is what GitHub takes, compressed.
const maxUpload = 10 << 20

// uploader uploads SARIF to GitHub's code scanning. One upload takes the place of an earlier one for the same ref and category,
// so a repetition changes nothing.
type uploader struct {
	*client
	web, api string
	token    func(context.Context) ([]byte, error)
	sarif    func(context.Context, Message) (Upload, error)
}

func newSARIF(c Config, s Secrets, o Options) (sender, error) {
	switch {
	case s.Token == nil:
		return nil, errors.New("the token is missing")
	case o.SARIF == nil:
		return nil, errors.New("there is nothing that makes its SARIF")
	}
	web, api := gitHubAPI(c.URL)
	return &uploader{newClient(o), web, api, s.Token, o.SARIF}, nil
}

func (u *uploader) send(ctx context.Context, m Message) error {
	token, err := read(ctx, "token", u.token)
	if err != nil {
		return err
	}
	r := request{what: "GitHub", method: http.MethodGet, url: u.api + "/rate_limit", header: gitHubHeader(token),
		secrets: []string{token}, detail: forgeDetail}
	if m.trial() {
		return u.do(ctx, r, nil)
	}
	path, err := ownProject(u.web, &m)
	if err != nil {
		return err
	}
	up, err := u.sarif(ctx, m)
	if err != nil {
		return &Error{Reason: "its SARIF could not be made: " + plain(err.Error(), maxReason), Err: err}
	}
	if !objectID(up.Commit) || !strings.HasPrefix(up.Ref, "refs/") {
		return permanent("SARIF is uploaded for a commit and a ref, and the repository was searched at none")
	}
	packed := pack(up.SARIF)
	if len(packed) > maxUpload {
		return permanent("its SARIF has %d MB compressed, and GitHub takes %d", len(packed)>>20, maxUpload>>20)
	}
	r.method, r.url = http.MethodPost, u.api+"/repos/"+path+"/code-scanning/sarifs"
	r.body = encode(map[string]string{"commit_sha": up.Commit, "ref": up.Ref, "tool_name": "rummage",
		"sarif": base64.StdEncoding.EncodeToString(packed)})
	return u.do(ctx, r, nil)
}

func objectID(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

func pack(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(b) // into memory
	_ = w.Close()
	return out.Bytes()
}
