package imagescan

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"rummage/imagescan/internal/netguard"
)

// told is an error of a registry in words of our own. What the libraries say may quote answers, URLs that are signed and
// the output of credential helpers; so it is kept for errors.Is and errors.As of what callers branch on, not for text.
type told struct {
	text  string
	cause error // one of ours or of context, or nil
}

func (t *told) Error() string { return t.text }
func (t *told) Unwrap() error { return t.cause }

// explain says in a line what went wrong, without anything that could be a credential.
func (r *registry) explain(err error) error {
	var (
		refused     *netguard.Refused
		credentials *credentialsError
		answer      *transport.Error
	)
	switch {
	case errors.As(err, &refused):
		return &told{refused.Error(), refused}
	case errors.As(err, &credentials):
		return &told{credentials.Error(), credentials}
	case errors.As(err, &answer):
		t := &told{text: statusOf(answer)}
		if answer.StatusCode == http.StatusNotFound {
			t.cause = errNotFound
		}
		return t
	}
	text := r.keys.scrub(textOf(err))
	for _, cause := range []error{context.Canceled, context.DeadlineExceeded, netguard.ErrStalled, netguard.ErrTooLong} {
		if errors.Is(err, cause) {
			return &told{text, cause}
		}
	}
	return &told{text: text}
}

// isCode says whether a text looks like the code of an error in a registry's answer.
func isCode(s string) bool {
	return len(s) <= 40 && s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
}

// statusOf tells of an answer its status and codes. Messages and details are the registry's, and may echo a request.
func statusOf(e *transport.Error) string {
	var b strings.Builder
	if e.Request != nil {
		fmt.Fprintf(&b, "%s: ", e.Request.URL.Host)
	}
	fmt.Fprintf(&b, "HTTP %d %s", e.StatusCode, http.StatusText(e.StatusCode))
	for _, d := range e.Errors {
		if isCode(string(d.Code)) {
			b.WriteString(", " + string(d.Code))
		}
	}
	return b.String()
}

// query finds the query of a URL, and a user's part of one, in the text of an error. It is compiled when it is needed: a
// hook starts the program for every push.
var query = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\?[^\s"]*|//[^\s"/@]*@`) })

// textOf is the text of an error: of one about a URL its host, and no more than a line.
func textOf(err error) string {
	var about *url.Error
	if errors.As(err, &about) {
		host := "a URL"
		if u, err := url.Parse(about.URL); err == nil && u.Host != "" {
			host = u.Host
		}
		return host + ": " + textOf(about.Err)
	}
	var record tls.RecordHeaderError
	if errors.As(err, &record) {
		return "no TLS is spoken there"
	}
	// Behind a new line package remote quotes an answer.
	text, _, _ := strings.Cut(err.Error(), "\n")
	return query().ReplaceAllString(text, "")
}
