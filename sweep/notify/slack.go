package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Slack's limits are 50 blocks, 3,000 characters in a section and 150 in a header. A message of ours has at most 14 blocks.
const (
	slackFindings = 10
	slackSection  = 3000
	slackHeader   = 150
)

type slack struct {
	*client
	from func(context.Context) ([]byte, error)
}

func newSlack(c Config, s Secrets, o Options) (sender, error) {
	switch {
	case c.URL != "":
		return nil, errors.New("url: Slack's address is a secret and does not belong into the configuration")
	case s.URL == nil:
		return nil, errors.New("the address at Slack is missing")
	}
	return &slack{newClient(o), s.URL}, nil
}

type slackText struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Emoji *bool  `json:"emoji,omitempty"`
}

type slackBlock struct {
	Type     string      `json:"type"`
	Text     *slackText  `json:"text,omitempty"`
	Elements []slackText `json:"elements,omitempty"`
}

type slackMessage struct {
	Text        string       `json:"text"` // what notifications show
	Blocks      []slackBlock `json:"blocks"`
	UnfurlLinks bool         `json:"unfurl_links"`
	UnfurlMedia bool         `json:"unfurl_media"`
}

func (s *slack) send(ctx context.Context, m Message) error {
	address, err := readURL(ctx, s.from)
	if err != nil {
		return err
	}
	secrets := []string{address}
	if u, err := url.Parse(address); err == nil {
		secrets = append(secrets, u.Path, strings.TrimPrefix(u.Path, "/"))
	}
	return s.do(ctx, request{what: "Slack", method: http.MethodPost, url: address, body: encode(slackOf(m)), secrets: secrets, detail: slackDetail}, nil)
}

// slackDetail is the word that Slack answers with, such as invalid_payload.
func slackDetail(body []byte) string {
	word := bytes.TrimSpace(body)
	if len(word) > 60 || len(bytes.Trim(word, "abcdefghijklmnopqrstuvwxyz_")) > 0 {
		return ""
	}
	return string(word)
}

func slackOf(m Message) slackMessage {
	no := false
	subject := m.subject(plain(m.Repository, maxName))
	out := slackMessage{Text: m.subject(slackCode(m.Repository, maxName))}
	out.Blocks = append(out.Blocks, slackBlock{Type: "header", Text: &slackText{"plain_text", plain(subject, slackHeader), &no}})
	if m.Digest != nil {
		out.Text = m.subject("")
		out.Blocks = append(out.Blocks, slackBlock{Type: "context", Elements: []slackText{{Type: "mrkdwn", Text: slackWords(m.Digest.counts(), 200) + "; the worst:"}}})
	}
	if link := slackLink(m.WebURL, "the repository"); link != "" {
		out.Blocks = append(out.Blocks, slackBlock{Type: "context", Elements: []slackText{{Type: "mrkdwn", Text: link}}})
	}
	all, more := m.findings(slackFindings)
	for _, f := range all {
		out.Blocks = append(out.Blocks, slackBlock{Type: "section", Text: &slackText{Type: "mrkdwn", Text: slackFinding(&f)}})
	}
	if more > 0 {
		out.Blocks = append(out.Blocks, slackBlock{Type: "context", Elements: []slackText{
			{Type: "mrkdwn", Text: fmt.Sprintf("and %d more: `rummage sweep findings` lists them", more)}}})
	}
	return out
}

// slackFinding is the text of one section. Its parts are bounded so that all of them fit, escaped or not.
func slackFinding(f *told) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%s*  %s%s\n", slackWords(f.title(), 120), slackWords(f.Severity, 20), back(f))
	fmt.Fprintf(&b, "%s  %s", slackCode(f.place(200), 200), slackCode(f.Mask, 60))
	if f.Places > 1 {
		fmt.Fprintf(&b, "  and %s", count(f.Places-1, "more place", "more places"))
	}
	if f.Commit != "" {
		fmt.Fprintf(&b, "\n%s by %s", slackCode(f.commit(), 12), slackCode(f.Author, 60))
	}
	if f.FindCommand != "" {
		fmt.Fprintf(&b, "\n%s", slackCode(f.FindCommand, 100))
	}
	return b.String()
}

func back(f *told) string {
	if f.back {
		return ", came back"
	}
	return ""
}

// slackLink is a link to a web address, nothing where that is none.
func slackLink(address, text string) string {
	u, ok := webURL(address)
	if !ok {
		return ""
	}
	return "<" + strings.NewReplacer("&", "&amp;", "<", "%3C", ">", "%3E", "|", "%7C").Replace(u) + "|" + text + ">"
}

// webURL is an address that a browser can be sent to, in which everything is escaped that a text around it might mistake for
// its end.
func webURL(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || len(address) > 1000 || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return "", false
	}
	if strings.Trim(u.Host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]") != "" {
		return "", false
	}
	clean := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	return strings.NewReplacer("(", "%28", ")", "%29", "*", "%2A", "_", "%5F", "~", "%7E", "`", "%60", "'", "%27").Replace(clean.String()), true
}
