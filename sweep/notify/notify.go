package notify

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Message is what a search of one repository found that is to be told. One without findings is a trial of the channel.
type Message struct {
	ID         string // tells this message from others; the same when it is sent again
	Repository string // name, as people know it
	Number     int64  // of the repository in the database, for who makes an upload: another forge may have one of that name
	WebURL     string // of the repository, where it has one
	Scan       string
	New        []Finding
	Regressed  []Finding // were decided or gone, and came back
	Time       time.Time // when they were found; the same when it is sent again
	Digest     *Digest   // it is of many repositories, of none by itself; nil: it is not
}

// Digest counts what a message tells of many repositories together. Its findings are the worst of them, with the repository in
// their paths.
type Digest struct {
	Repositories int            `json:"repositories"`
	Findings     int            `json:"findings"`
	Severities   map[string]int `json:"severities"`
}

// counts are how many there are of each severity, worst first.
func (d *Digest) counts() string {
	var out []string
	left := d.Findings
	for _, s := range severities() {
		if n := d.Severities[s]; n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, s))
			left -= n
		}
	}
	if left > 0 {
		out = append(out, fmt.Sprintf("%d others", left))
	}
	return strings.Join(out, ", ")
}

// Finding is one of a message, masked, with one of its places.
type Finding struct {
	ID          string // by which people name it to rummage
	Rule        string
	Title       string
	Severity    string
	Mask        string
	Path        string
	Line        int
	Commit      string
	Author      string
	Places      int // in all
	Remedy      string
	State       string
	FindCommand string // a command line that shows it
}

// Channel sends messages somewhere.
type Channel interface {
	// Name is the configuration's.
	Name() string
	// Send sends a message, of which Wants was asked. Its error is an *Error.
	Send(context.Context, Message) error
}

// Secrets are functions that read a channel's own secrets, when something is sent. Which ones it needs its type says.
type Secrets struct {
	Key      func(context.Context) ([]byte, error) // webhook: with which it is signed
	URL      func(context.Context) ([]byte, error) // slack, and a webhook without Config.URL: where to, which is a secret itself
	Password func(context.Context) ([]byte, error) // mail, with Config.User
	Token    func(context.Context) ([]byte, error) // issues, sarif
}

// Upload is what is uploaded for a message.
type Upload struct {
	SARIF  []byte
	Commit string // full id
	Ref    string // full name
}

// Options are what a channel is given beside its configuration. All may be missing but what the type needs.
type Options struct {
	SARIF     func(context.Context, Message) (Upload, error) // sarif
	TLS       *tls.Config                                    // in place of the system's authorities
	Transport http.RoundTripper                              // in place of one of its own
	Now       func() time.Time
	Timeout   time.Duration // of one Send; 0: a minute
}

const defaultTimeout = time.Minute

// types are the channels there are, with how each is made.
func types() map[string]func(Config, Secrets, Options) (sender, error) {
	return map[string]func(Config, Secrets, Options) (sender, error){
		"webhook":      newWebhook,
		"slack":        newSlack,
		"mail":         newMail,
		"github-issue": newGitHub,
		"gitlab-issue": newGitLab,
		"gitea-issue":  newGitea,
		"sarif":        newSARIF,
	}
}

// sender is what types of channels differ in.
type sender interface {
	send(context.Context, Message) error
}

// channel is what they have in common.
type channel struct {
	name    string
	timeout time.Duration
	sender  sender
}

// New makes a channel. Its error is one line that says what of the configuration is wrong.
func New(c Config, s Secrets, o Options) (Channel, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	sender, err := c.make(s, o)
	if err != nil {
		return nil, err
	}
	return &channel{c.Name, o.Timeout, sender}, nil
}

func (c *channel) Name() string { return c.name }

func (c *channel) Send(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	err := c.sender.send(ctx, m)
	if err == nil {
		return nil
	}
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Reason: plain(err.Error(), maxReason), Err: err}
	}
	told := *e
	told.Channel = c.name
	return &told
}

// key is what a receiver knows the message by: of fixed length and harmless anywhere.
func (m *Message) key() string {
	sum := sha256.Sum256([]byte(m.ID))
	return hex.EncodeToString(sum[:16])
}

// trial: the message only tries the channel.
func (m *Message) trial() bool { return m.Digest == nil && len(m.New)+len(m.Regressed) == 0 }

// subject says in one line what there is. The name of the repository is the last word, as it was made harmless.
func (m *Message) subject(name string) string {
	if m.trial() {
		return "rummage: this is a trial, nothing was found"
	}
	if d := m.Digest; d != nil {
		return count(d.Findings, "open secret", "open secrets") + " in " + count(d.Repositories, "repository", "repositories")
	}
	n, r := len(m.New), len(m.Regressed)
	s := ""
	switch {
	case r == 0:
		s = count(n, "new secret", "new secrets")
	case n == 0:
		s = count(r, "secret has come back", "secrets have come back")
	default:
		s = count(n, "new secret", "new secrets") + ", " + fmt.Sprint(r) + " came back"
	}
	return s + " in " + name
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n) + " " + many
}

// told is a finding of a message with what it is there.
type told struct {
	Finding
	back bool
}

// findings are those to be told, new ones first, and how many more there are than most.
func (m *Message) findings(most int) (out []told, more int) {
	for _, f := range m.New {
		out = append(out, told{f, false})
	}
	for _, f := range m.Regressed {
		out = append(out, told{f, true})
	}
	more = 0
	if m.Digest != nil {
		more = max(m.Digest.Findings-len(out), 0)
	}
	if len(out) > most {
		return out[:most], more + len(out) - most
	}
	return out, more
}

// read reads a secret of printable characters. Nothing of it, nor of what was read in its place, is in the error.
func read(ctx context.Context, what string, from func(context.Context) ([]byte, error)) (string, error) {
	b, err := from(ctx)
	if err != nil {
		return "", &Error{Reason: "its " + what + " could not be read: " + plain(err.Error(), maxReason), Err: err}
	}
	for _, c := range b {
		// A password may be in any language; the others go into headers and addresses.
		if c < ' ' || c == 0x7f || c > '~' && what != "password" {
			return "", &Error{Reason: "its " + what + " has bytes in it that such a one never has"}
		}
	}
	if len(b) == 0 {
		return "", &Error{Reason: "its " + what + " is empty"}
	}
	return string(b), nil
}
