package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Payload is the body of a webhook, as JSON. Fields may be added; Version changes when one changes.
type Payload struct {
	Version    int              `json:"version"`
	Event      string           `json:"event"`            // findings, digest, ping
	ID         string           `json:"id"`               // as in X-Rummage-Delivery
	Repository string           `json:"repository"`       // of a digest, none
	Digest     *Digest          `json:"digest,omitempty"` // counts over many repositories, of which the worst findings follow
	URL        string           `json:"url,omitempty"`
	Scan       string           `json:"scan"`
	Time       time.Time        `json:"time"`
	New        []PayloadFinding `json:"new"`
	Regressed  []PayloadFinding `json:"regressed"`
	Omitted    int              `json:"omitted,omitempty"` // findings that there are beside those above
}

// PayloadFinding is a finding of a Payload.
type PayloadFinding struct {
	ID       string `json:"id"`
	Rule     string `json:"rule"`
	Title    string `json:"title"`
	Severity string `json:"severity"`
	Mask     string `json:"mask"`
	Path     string `json:"path"`
	Line     int    `json:"line,omitempty"`
	Commit   string `json:"commit,omitempty"`
	Author   string `json:"author,omitempty"`
	Places   int    `json:"places"`
	Remedy   string `json:"remedy,omitempty"`
	State    string `json:"state"`
	Command  string `json:"command,omitempty"`
}

const (
	webhookFindings = 1000
	maxField        = 4 << 10 // bytes of one field
	// MaxSkew is how far a webhook's timestamp may be away from the receiver's clock.
	MaxSkew = 5 * time.Minute
)

type webhook struct {
	*client
	url  string
	from func(context.Context) ([]byte, error)
	key  func(context.Context) ([]byte, error)
}

func newWebhook(c Config, s Secrets, o Options) (sender, error) {
	switch {
	case c.URL == "" && s.URL == nil:
		return nil, errors.New("url is missing")
	case s.Key == nil:
		return nil, errors.New("the key that signs is missing")
	}
	return &webhook{newClient(o), c.URL, s.URL, s.Key}, nil
}

func (w *webhook) send(ctx context.Context, m Message) error {
	key, err := w.key(ctx)
	if err != nil {
		return &Error{Reason: "its key could not be read: " + plain(err.Error(), maxReason), Err: err}
	}
	if len(key) == 0 {
		return temporary("its key is empty")
	}
	address := w.url
	if address == "" {
		if address, err = readURL(ctx, w.from); err != nil {
			return err
		}
	}
	p := payload(m)
	body := encode(p)
	stamp := strconv.FormatInt(w.now().Unix(), 10)
	header := http.Header{}
	header.Set("X-Rummage-Event", p.Event)
	header.Set("X-Rummage-Delivery", p.ID)
	header.Set("X-Rummage-Timestamp", stamp)
	header.Set("X-Rummage-Signature-256", signature(key, stamp, body))
	return w.do(ctx, request{what: "the receiver", method: http.MethodPost, url: address, header: header, body: body,
		secrets: []string{string(key)}}, nil)
}

// readURL reads an address that is a secret.
func readURL(ctx context.Context, from func(context.Context) ([]byte, error)) (string, error) {
	address, err := read(ctx, "address", from)
	if err != nil {
		return "", err
	}
	if err := checkURL(address); err != nil {
		return "", temporary("its address: %v", err)
	}
	return address, nil
}

func payload(m Message) Payload {
	p := Payload{Version: 1, Event: "findings", ID: m.key(), Repository: field(m.Repository), URL: field(m.WebURL), Scan: field(m.Scan),
		Time: m.Time.UTC(), New: []PayloadFinding{}, Regressed: []PayloadFinding{}}
	if m.trial() {
		p.Event = "ping"
	} else if m.Digest != nil {
		p.Event, p.Digest = "digest", m.Digest
	}
	all, more := m.findings(webhookFindings)
	p.Omitted = more
	for _, f := range all {
		to := &p.New
		if f.back {
			to = &p.Regressed
		}
		*to = append(*to, PayloadFinding{field(f.ID), field(f.Rule), field(f.Title), field(f.Severity), field(f.Mask), field(f.Path), f.Line,
			field(f.Commit), field(f.Author), f.Places, field(f.Remedy), field(f.State), field(f.FindCommand)})
	}
	return p
}

// field is a text as it is, within bounds: programs read it, and JSON escapes what is not text.
func field(s string) string {
	if len(s) <= maxField {
		return strings.ToValidUTF8(s, "\ufffd")
	}
	cut := maxField
	for cut > maxField-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strings.ToValidUTF8(s[:cut], "\ufffd") + "…"
}

func signature(key []byte, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(stamp))
	mac.Write([]byte{'.'})
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// Verify is what a receiver does with a webhook's headers and body before it believes them. That a delivery is new it has to
// find out itself.
func Verify(key []byte, header http.Header, body []byte, now time.Time) error {
	stamp := header.Get("X-Rummage-Timestamp")
	if !hmac.Equal([]byte(header.Get("X-Rummage-Signature-256")), []byte(signature(key, stamp, body))) {
		return errors.New("the signature is wrong")
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return errors.New("the timestamp is none")
	}
	if d := now.Sub(time.Unix(seconds, 0)); d > MaxSkew || d < -MaxSkew {
		return errors.New("the timestamp is too old, or from the future")
	}
	return nil
}
