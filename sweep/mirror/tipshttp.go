package mirror

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// answerTime is how long a server may take to begin an answer.
const answerTime = 60 * time.Second

// tipsHTTP asks an http server for its refs without git, which takes a small part of the time that starting git does: this
// is all there is to do for a repository that has not changed. Whatever is not a plain list of refs is an error here, and
// then git is asked, which knows what to make of it; and errMany is more refs than most. The credential goes to the URL's own scheme and host alone.
func (w *work) tipsHTTP(ctx context.Context, most int) (*Remote, error) {
	u, err := url.Parse(w.to.url)
	if err != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("no plain URL")
	}
	client, err := w.m.client(w.r.CAFile)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(w.to.url, "/")+"/info/refs?service=git-upload-pack", nil)
	if err != nil {
		return nil, err
	}
	more := &session{client: client}
	if w.r.Credential != nil {
		user, password, err := w.r.Credential(ctx)
		if err != nil || user == "" || password == "" {
			return nil, errors.New("no credential")
		}
		more.user, more.password = user, password
	}
	more.sign(req)
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/x-git-upload-pack-advertisement" {
		return nil, fmt.Errorf("status %d", res.StatusCode)
	}
	remote, err := parseAdvert(&stalling{r: res.Body, cancel: cancel}, most)
	if err != nil {
		return nil, err
	}
	var ok bool
	if more.base, ok = strings.CutSuffix(res.Request.URL.String(), "/info/refs?service=git-upload-pack"); ok {
		more.capabilities = remote.more.capabilities
		remote.more = more
	} else {
		remote.more = nil
	}
	return remote, nil
}

// session is a server that has told its refs, and how.
type session struct {
	client         *http.Client
	base           string // the URL, after redirects
	user, password string
	capabilities   []string
}

// sign makes a request one of git's.
func (s *session) sign(req *http.Request) {
	req.Header.Set("User-Agent", agent) // some servers show a page to what is no git
	if s.user != "" {
		req.SetBasicAuth(s.user, s.password)
	}
}

const agent = "git/rummage"

// stalling ends a transfer that no longer gets on.
type stalling struct {
	r      io.Reader
	cancel func()
}

func (s *stalling) Read(p []byte) (int, error) {
	timer := time.AfterFunc(answerTime, s.cancel)
	defer timer.Stop()
	return s.r.Read(p)
}

// client is one for servers that are trusted by a file of certificates, or by the system's. Its connections are used again.
func (m *Mirror) client(caFile string) (*http.Client, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.clients[caFile]; c != nil {
		return c, nil
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = answerTime
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, errors.New("no certificates")
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	c := &http.Client{Transport: transport, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if first := via[0].URL; len(via) > 5 || req.URL.Scheme != first.Scheme || req.URL.Host != first.Host {
			return errors.New("it redirects elsewhere")
		}
		return nil
	}}
	if m.clients == nil {
		m.clients = map[string]*http.Client{}
	}
	m.clients[caFile] = c
	return c, nil
}

var (
	errAdvert = errors.New("no list of refs")
	errMany   = errors.New("too many refs")
)

// parseAdvert reads the list of refs of version 0 of git's protocol (gitprotocol-http(5), gitprotocol-pack(5)).
func parseAdvert(r io.Reader, most int) (*Remote, error) {
	in := bufio.NewReaderSize(io.LimitReader(r, maxRefBytes), 64<<10)
	if line, err := packet(in); err != nil || strings.TrimSuffix(line, "\n") != "# service=git-upload-pack" {
		return nil, errAdvert
	}
	if line, err := packet(in); err != nil || line != "" {
		return nil, errAdvert
	}
	remote, head, size := &Remote{Tips: map[string]string{}, more: &session{}}, "", 0
	for first := true; ; first = false {
		line, err := packet(in)
		if err != nil {
			return nil, err
		}
		if line == "" {
			break
		}
		line, capabilities, has := strings.Cut(strings.TrimSuffix(line, "\n"), "\x00")
		if has != first {
			return nil, errAdvert
		}
		for word := range strings.FieldsSeq(capabilities) {
			remote.more.capabilities = append(remote.more.capabilities, word)
			if to, ok := strings.CutPrefix(word, "symref=HEAD:"); ok {
				remote.Head = to
			}
		}
		id, name, ok := strings.Cut(line, " ")
		if size == 0 {
			size = len(id)
		}
		switch {
		case !ok || !isID(id) || len(id) != size:
			return nil, errAdvert
		case strings.HasSuffix(name, "^{}"): // what a tag points to; or the capabilities of an empty repository
		case name == "HEAD":
			head = id
		case len(remote.Tips) == most:
			return nil, errMany
		default:
			remote.Tips[name] = id
		}
	}
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		return nil, errAdvert
	}
	remote.detach(head)
	return remote, nil
}

// packet reads one pkt-line; a flush is empty.
func packet(in *bufio.Reader) (string, error) {
	var digits [4]byte
	if _, err := io.ReadFull(in, digits[:]); err != nil {
		return "", errAdvert
	}
	n, err := strconv.ParseUint(string(digits[:]), 16, 16)
	if err != nil || n > 0 && n <= 4 || n > 65520 {
		return "", errAdvert
	}
	if n == 0 {
		return "", nil
	}
	line := make([]byte, n-4)
	if _, err := io.ReadFull(in, line); err != nil {
		return "", errAdvert
	}
	return string(line), nil
}
