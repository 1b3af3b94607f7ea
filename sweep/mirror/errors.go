package mirror

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"rummage/sweep/internal/shown"
)

// Kind says what to do about an error: errors.Is(err, mirror.Gone).
type Kind string

func (k Kind) Error() string { return string(k) }

// The kinds of errors. Those that another try may mend are Unreachable, DiskFull, TooSlow and NoCredential.
const (
	Refused      Kind = "not allowed"                // the URL, or its protocol, is none that may be fetched from
	Auth         Kind = "access refused"             // by the server, with the credential it was given
	NoCredential Kind = "no credential"              // the function that gives it failed
	Gone         Kind = "no such repository"         // or none that this credential may see
	Unreachable  Kind = "could not be fetched now"   // network, server errors, connections cut
	TooSlow      Kind = "time limit"                 // Request.Timeout
	TooLarge     Kind = "too large"                  // Request.MaxBytes, or more refs than are read
	DiskFull     Kind = "not enough disk space"      // before fetching or meanwhile
	Corrupt      Kind = "broken objects or protocol" // also after a clone from nothing
	Unsupported  Kind = "not supported"              // by go-git, in place of which git is needed; or a store of refs
	Failed       Kind = "git failed"                 // anything else
)

// Error is one line about a repository that could not be fetched. It has no credential, and nothing in it that would
// move a terminal's cursor.
type Error struct {
	Kind   Kind
	URL    string
	Detail string
	Err    error // what led to it, when that was no program; its text is in Detail

	stderr string // all that git said, which is more than may be shown
}

func (e *Error) Error() string {
	if e.Detail == "" {
		return fmt.Sprintf("%s: %s", e.URL, e.Kind)
	}
	return fmt.Sprintf("%s: %s: %s", e.URL, e.Kind, e.Detail)
}

func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// kindOf is the kind of an error, Failed for what has none.
func kindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Failed
}

// sign is what git says, in English, when something of a kind has happened.
type sign struct {
	kind  Kind
	words []string
	// local signs count only in git's own words: a server can say what it likes.
	local bool
}

func signs() []sign {
	return []sign{
		{DiskFull, []string{"No space left on device", "Disk quota exceeded", "File too large"}, true},
		{Auth, []string{"Authentication failed", "could not read Username", "could not read Password", "terminal prompts disabled",
			"Permission denied (", "returned error: 401", "returned error: 403", "Access denied", "Host key verification failed"}, false},
		{Gone, []string{"returned error: 404", "returned error: 410", "' not found", "Repository not found", "does not appear to be a git repository",
			"project you were looking for could not be found"}, false},
		{Refused, []string{"not allowed", "dubious ownership"}, true},
		{Unreachable, []string{"Could not resolve", "Connection refused", "timed out", "Failed to connect", "Couldn't connect", "too slow",
			"early EOF", "RPC failed", "unexpected disconnect", "hung up", "returned error: 5", "returned error: 429", "Connection reset",
			"Connection closed", "Could not read from remote repository", "SSL", "transfer closed", "Empty reply", "unable to access", "the remote end", "Network is unreachable",
			"No route to host"}, false},
		{Corrupt, []string{"bad object", "corrupt", "does not match index", "unable to read", "could not read", "Could not read", "object file",
			"did not send all necessary objects", "inflate", "missing ", "bad pack", "invalid index-pack output", "unpack-objects", "protocol error",
			"bad band", "bad line length", "expected flush", "invalid sha1 pointer", "not a valid object", "not a git repository", "mismatch", "broken",
			"packed-refs", "unresolved delta", "bad config", "not valid: is this a git repository", "unknown object type"}, true},
	}
}

// classify tells from git's messages what went wrong.
func classify(stderr string) Kind {
	for _, s := range signs() {
		for line := range strings.Lines(stderr) {
			if s.local && fromServer(line) {
				continue
			}
			for _, w := range s.words {
				if strings.Contains(line, w) {
					return s.kind
				}
			}
		}
	}
	return Failed
}

func fromServer(line string) bool {
	return strings.HasPrefix(line, "remote:") || strings.Contains(line, "remote error:")
}

// detail is what of git's messages an error quotes: the lines that say why, on one, without secrets.
func detail(stderr string, secrets []string) string {
	var kept []string
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		for _, begin := range []string{"fatal:", "error:", "ERROR:", "remote:"} {
			if strings.HasPrefix(line, begin) {
				kept = append(kept, line)
				break
			}
		}
	}
	if len(kept) == 0 {
		kept = strings.Split(strings.TrimSpace(stderr), "\n")
	}
	return clean(strings.Join(kept[max(0, len(kept)-3):], "; "), secrets)
}

// clean takes out of a text what may be a secret, makes it printable and cuts it.
func clean(text string, secrets []string) string {
	return shown.Short(hideUserInfo(shown.Without(text, secrets...)))
}

// hideUserInfo replaces what stands before the @ of each URL in a text.
func hideUserInfo(text string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, "://")
		if i < 0 {
			return b.String() + text
		}
		b.WriteString(text[:i+3])
		text = text[i+3:]
		end := strings.IndexAny(text, " '\"\t\r\n")
		if end < 0 {
			end = len(text)
		}
		// An unescaped / or ? in a password ends nothing here: up to the last @.
		if at := strings.LastIndexByte(text[:end], '@'); at >= 0 {
			b.WriteString("xxxxx")
			text = text[at:]
		}
	}
}

// stopped is the error of something that a context ended.
func stopped(ctx context.Context, url string) error {
	cause := context.Cause(ctx)
	var e *Error
	if errors.As(cause, &e) {
		return &Error{Kind: e.Kind, URL: url, Detail: e.Detail, Err: e.Err}
	}
	return cause
}
