package notify

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"
)

const mailFindings = 100

// mailer writes mails; smtp.go sends them.
type mailer struct {
	smtp
	from mail.Address
	to   []mail.Address
}

func newMail(c Config, s Secrets, o Options) (sender, error) {
	m := &mailer{smtp: smtp{tls: o.TLS, user: c.User, password: s.Password}}
	var err error
	if m.from, err = address("from", c.From); err != nil {
		return nil, err
	}
	for _, to := range c.To {
		a, err := address("to", to)
		if err != nil {
			return nil, err
		}
		m.to = append(m.to, a)
	}
	switch {
	case len(m.to) == 0:
		return nil, errors.New("to is missing: whom the mail is for")
	case len(m.to) > 100:
		return nil, errors.New("to: more than 100 addresses: use a mailing list")
	case c.User != "" && s.Password == nil:
		return nil, errors.New("the password of its user is missing")
	}
	return m, m.server(c.Server, c.TLS)
}

// address reads a mail address of the configuration. What would end a header or a command is none.
func address(key, s string) (mail.Address, error) {
	a, err := mail.ParseAddress(s)
	if err != nil || strings.ContainsFunc(a.Address, func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' }) || len(a.Address) > 254 {
		return mail.Address{}, fmt.Errorf("%s = %.80q: want a mail address such as security@example.org", key, s)
	}
	return *a, nil
}

func (m *mailer) send(ctx context.Context, msg Message) error {
	var to []string
	for _, a := range m.to {
		to = append(to, a.Address)
	}
	return m.deliver(ctx, m.from.Address, to, m.write(msg))
}

// write is the mail of a message: the same bytes each time.
func (m *mailer) write(msg Message) []byte {
	_, domain, _ := strings.Cut(m.from.Address, "@")
	thread := Message{ID: "repository " + msg.Repository}
	subject := msg.subject(plain(msg.Repository, maxName))
	if !strings.HasPrefix(subject, "rummage") {
		subject = "rummage: " + subject
	}
	var to []string
	for _, a := range m.to {
		to = append(to, a.String())
	}
	var b bytes.Buffer
	header := func(name, value string) { b.WriteString(name + ": " + value + "\r\n") }
	header("From", m.from.String())
	header("To", strings.Join(to, ",\r\n "))
	header("Subject", encoded(subject))
	header("Date", msg.Time.UTC().Format(time.RFC1123Z))
	header("Message-ID", "<"+msg.key()+"@"+domain+">")
	// Clients put what refers to the same message into one thread, whether they know that or not.
	header("References", "<"+thread.key()+"@"+domain+">")
	header("Auto-Submitted", "auto-generated")
	header("MIME-Version", "1.0")
	header("Content-Type", "text/plain; charset=utf-8")
	header("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(mailText(msg))) // into memory
	_ = w.Close()
	return b.Bytes()
}

// encoded is a header's text of one line: as RFC 2047 has it where it is more than plain ASCII, or where it could be taken for
// that.
func encoded(s string) string {
	ascii := !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
	if ascii && !strings.Contains(s, "=?") && len(s) <= 900 {
		return s
	}
	const word = 45 // bytes: 60 in base64, so that a line has fewer than the 76 that it may have
	var out []string
	for s != "" {
		n := min(word, len(s))
		for n < len(s) && n > word-utf8.UTFMax && !utf8.RuneStart(s[n]) {
			n--
		}
		out = append(out, "=?utf-8?B?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(out, "\r\n ")
}

func mailText(m Message) string {
	var b strings.Builder
	b.WriteString(m.subject(plain(m.Repository, maxPath)) + "\n")
	if u, ok := webURL(m.WebURL); ok {
		b.WriteString(u + "\n")
	}
	if m.Digest != nil {
		b.WriteString(m.Digest.counts() + "; the worst:\n")
	}
	all, more := m.findings(mailFindings)
	for i := range all {
		b.WriteString("\n")
		mailFinding(&b, &all[i])
	}
	if more > 0 {
		fmt.Fprintf(&b, "\nAnd %d more: rummage sweep findings lists them.\n", more)
	}
	if m.Scan != "" {
		fmt.Fprintf(&b, "\nSearch %s\n", plain(m.Scan, maxName))
	}
	return b.String()
}

func mailFinding(b *strings.Builder, f *told) {
	fmt.Fprintf(b, "%s (%s%s)\n", plain(f.title(), maxTitle), plain(f.Severity, 20), back(f))
	line := func(name, value string, most int) {
		if value != "" {
			fmt.Fprintf(b, "  %-9s %s\n", name+":", plain(value, most))
		}
	}
	where := f.place(maxPath)
	if f.Places > 1 {
		where += " and " + count(f.Places-1, "more place", "more places")
	}
	line("Where", where, 2*maxPath)
	line("Secret", f.Mask, maxLine)
	line("Commit", f.Commit, maxName)
	line("Author", f.Author, maxLine)
	line("State", f.State, 40)
	line("Finding", f.ID, maxName)
	line("Look", f.FindCommand, maxPath)
	for i, text := range lines(f.Remedy, maxRemedy) {
		name := ""
		if i == 0 {
			name = "Remedy:"
		}
		if text != "" || i > 0 {
			b.WriteString(strings.TrimRight(fmt.Sprintf("  %-9s %s", name, text), " ") + "\n")
		}
	}
}

// server reads the address of the server and what connection it wants.
func (s *smtp) server(server, mode string) error {
	ports := map[string]string{"starttls": "587", "implicit": "465", "none": "25"}
	if mode == "" {
		mode = "starttls"
	}
	if ports[mode] == "" {
		return fmt.Errorf("tls = %.40q: there is starttls, implicit, none", mode)
	}
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		host, port = strings.Trim(server, "[]"), ports[mode]
	}
	switch {
	case host == "":
		return errors.New("server is missing: HOST, or HOST:PORT")
	case strings.ContainsFunc(host+port, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("/@<>", r) }):
		return fmt.Errorf("server = %.80q: want HOST, or HOST:PORT", server)
	case mode == "none" && !loopback(host):
		return errors.New("tls = \"none\" is for a server on this machine alone")
	}
	s.host, s.port, s.mode = host, port, mode
	return nil
}
