package forge

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	maxBody  = 16 << 20
	maxTries = 5 // of a request that fails in a way that may pass
	maxWaits = 5 // for rate limits, of one request
	maxHops  = 5

	maxReason = 120 // bytes of what a server says of an error
)

// request is one of the API.
type request struct {
	method string
	url    *url.URL
	// login gives the value of the Authorization header, and what of it is secret. nil: the token's.
	login func(context.Context) (header string, secrets []string, err error)
	// stale says that the login was refused, and whether it is worth another try.
	stale func() bool
}

// answer is what came of it.
type answer struct {
	url     *url.URL // of the last request, after redirects
	status  int
	header  http.Header
	body    []byte
	secrets []string
}

// at is the URL of an endpoint. Segments are escaped, those of a nil query have none.
func (f *Forge) at(query url.Values, segments ...string) *url.URL {
	s := f.api.String()
	for _, segment := range segments {
		s += "/" + url.PathEscape(segment)
	}
	u, err := url.Parse(s)
	if err != nil {
		panic("forge: an escaped URL is none: " + err.Error())
	}
	u.RawQuery = query.Encode()
	return u
}

// get asks for something and returns the answer to it, which is one of success.
func (f *Forge) get(ctx context.Context, u *url.URL) (*answer, error) {
	if f.app != nil {
		panic("forge: a request of an App names its installation")
	}
	return f.ask(ctx, request{method: http.MethodGet, url: u, login: f.login})
}

// login is how a token is sent.
func (f *Forge) login(ctx context.Context) (string, []string, error) {
	token, err := f.token(ctx)
	if token == "" || err != nil {
		return "", nil, err
	}
	switch f.config.Kind {
	case Gitea:
		return "token " + token, []string{token}, nil
	case Bitbucket, BitbucketDC:
		if f.config.User != "" {
			both := base64.StdEncoding.EncodeToString([]byte(f.config.User + ":" + token))
			return "Basic " + both, []string{both, token}, nil
		}
	}
	return "Bearer " + token, []string{token}, nil
}

// ask makes a request until it is answered: tries again what may pass, waits for rate limits, follows redirects on the host.
func (f *Forge) ask(ctx context.Context, r request) (*answer, error) {
	var tries, waits, hops int
	for {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		a, err := f.send(ctx, r)
		if err != nil {
			var own *Error
			if tries++; errors.As(err, &own) || ctx.Err() != nil || tries >= maxTries || lasting(err) {
				return nil, f.unsent(ctx, r, err)
			}
			if err := f.opts.Wait(ctx, backoff(tries)); err != nil {
				return nil, err
			}
			continue
		}
		switch wait, limited := f.limited(a, waits); {
		case limited:
			if waits++; wait > f.opts.MaxWait || waits > maxWaits {
				return nil, &RateLimit{Host: clean(f.base.Host), Until: f.opts.Now().Add(wait)}
			}
			if err := f.opts.Wait(ctx, wait); err != nil {
				return nil, err
			}
		case a.status >= 500:
			if tries++; tries >= maxTries {
				return nil, f.refusal(r, a)
			}
			if err := f.opts.Wait(ctx, max(backoff(tries), min(f.retryAfter(a), f.opts.MaxWait))); err != nil {
				return nil, err
			}
		case a.status >= 300 && a.status < 400:
			if hops++; hops > maxHops {
				return nil, f.fail(Elsewhere, r.url.Path, "more than %d redirects", maxHops)
			}
			to, err := f.follow(r, a)
			if err != nil {
				return nil, err
			}
			r.url = to
		case a.status == http.StatusUnauthorized && r.stale != nil && r.stale():
			r.stale = nil
		case a.status != http.StatusOK && a.status != http.StatusCreated:
			return nil, f.refusal(r, a)
		default:
			return a, nil
		}
	}
}

// backoff doubles from half a second, with as much again by chance, so that many clients do not come back at once.
func backoff(try int) time.Duration {
	d := time.Second / 4 << try
	return d + rand.N(d)
}

// send makes one request and reads its answer whole.
func (f *Forge) send(ctx context.Context, r request) (*answer, error) {
	header, secrets, err := r.login(ctx)
	if err != nil {
		return nil, err
	}
	if header != "" {
		if err := f.mayTravel(); err != nil {
			return nil, err
		}
	}
	// What is asked is made of the base's URL and checked links, so this is a last check: nothing goes to another place.
	if !f.sameAPI(r.url) {
		return nil, f.fail(Elsewhere, "", "%s", clip(r.url.Host))
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), nil)
	if err != nil {
		return nil, f.fail(Malformed, r.url.Path, "a request could not be made")
	}
	req.Header.Set("User-Agent", "rummage")
	req.Header.Set("Accept", "application/json")
	if f.config.Kind == GitHub {
		req.Header.Set("Accept", "application/vnd.github+json")
		req.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	}
	if header != "" {
		req.Header.Set("Authorization", header)
	}
	res, err := f.client.Do(req)
	if err != nil {
		return nil, transportError{err, secrets}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err != nil {
		return nil, transportError{err, secrets}
	}
	if len(body) > maxBody {
		return nil, f.fail(Malformed, r.url.Path, "an answer of more than %d bytes", maxBody)
	}
	return &answer{url: r.url, status: res.StatusCode, header: res.Header, body: body, secrets: secrets}, nil
}

// sameAPI tells whether a URL is on the host of the API, by the same protocol.
func (f *Forge) sameAPI(u *url.URL) bool {
	return u.Scheme == f.api.Scheme && hostPort(u) == hostPort(f.api) && u.User == nil && u.Opaque == ""
}

// transportError is one below HTTP.
type transportError struct {
	err     error
	secrets []string
}

func (e transportError) Error() string { return clean(cause(e.err).Error(), e.secrets...) }
func (e transportError) Unwrap() error { return e.err }

// cause leaves out the URL, which the error of a client begins with: a server may have led to it.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// lasting tells of errors that another try does not mend.
func lasting(err error) bool {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var hostname x509.HostnameError
	var verify *tls.CertificateVerificationError
	return errors.As(err, &unknown) || errors.As(err, &invalid) || errors.As(err, &hostname) || errors.As(err, &verify)
}

// unsent is the error of a request that was not answered.
func (f *Forge) unsent(ctx context.Context, r request, err error) error {
	var own *Error
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &own):
		return err
	}
	return f.fail(Unavailable, r.url.Path, "%s", err.Error())
}

// follow is where a redirect leads, which is another path of the same host.
func (f *Forge) follow(r request, a *answer) (*url.URL, error) {
	place := a.header.Get("Location")
	if r.method != http.MethodGet && a.status != http.StatusTemporaryRedirect && a.status != http.StatusPermanentRedirect {
		return nil, f.fail(Elsewhere, r.url.Path, "a redirect with status %d, which would change what is asked", a.status)
	}
	if place == "" || len(place) > maxRawURL || !plain(place) {
		return nil, f.fail(Elsewhere, r.url.Path, "status %d to no place", a.status)
	}
	to, err := r.url.Parse(place)
	if err != nil {
		return nil, f.fail(Elsewhere, r.url.Path, "status %d to what is no URL", a.status)
	}
	if !f.sameAPI(to) {
		return nil, f.fail(Elsewhere, r.url.Path, "a redirect to %s://%s, which is not followed", clip(to.Scheme), clip(to.Host))
	}
	to.Fragment = ""
	return to, nil
}

// refusal is the error of an answer that is none of success.
func (f *Forge) refusal(r request, a *answer) error {
	c := Malformed
	switch {
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden || a.status == http.StatusUnavailableForLegalReasons:
		c = Denied
	case a.status == http.StatusNotFound || a.status == http.StatusGone:
		c = NotFound
	case a.status >= 500:
		c = Unavailable
	}
	e := f.fail(c, r.url.Path, "status %d", a.status)
	if reason := a.reason(); reason != "" {
		e = f.fail(c, r.url.Path, "status %d: %s", a.status, reason)
	}
	e.Status = a.status
	return e
}

// reason is what a server says of an error, cut short.
func (a *answer) reason() string {
	var said struct {
		Message string          `json:"message"`
		Error   json.RawMessage `json:"error"`
		Errors  []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	if len(a.body) > 64<<10 || json.Unmarshal(a.body, &said) != nil && said.Message == "" && said.Error == nil {
		return ""
	}
	text := said.Message
	if text == "" && len(said.Error) > 0 {
		var inner struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(said.Error, &text) != nil && json.Unmarshal(said.Error, &inner) == nil {
			text = inner.Message
		}
	}
	if text == "" && len(said.Errors) > 0 {
		text = said.Errors[0].Message
	}
	if text == "" {
		return ""
	}
	text = clean(text, a.secrets...)
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	return fmt.Sprintf("%q", text)
}
