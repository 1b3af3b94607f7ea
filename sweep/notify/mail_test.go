package notify

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// mailServer is a fake SMTP server.
type mailServer struct {
	t        *testing.T
	listener net.Listener
	config   *tls.Config
	pool     *x509.CertPool
	implicit bool
	auth     string            // what it offers once the connection is encrypted; empty: none
	plain    bool              // offers no STARTTLS
	answers  map[string]string // by the beginning of a command
	greeting string

	mu       sync.Mutex
	commands []string
	mails    [][]byte
	wg       sync.WaitGroup
}

// hangUp is an answer in place of which the server ends the connection.
const hangUp = "-"

func newMailServer(t *testing.T, set func(*mailServer)) *mailServer {
	t.Helper()
	h := httptest.NewTLSServer(nil)
	h.Close()
	pool := x509.NewCertPool()
	pool.AddCert(h.Certificate())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &mailServer{t: t, listener: l, config: &tls.Config{Certificates: h.TLS.Certificates}, pool: pool, auth: "PLAIN LOGIN", greeting: "220 mail.example ESMTP"}
	if set != nil {
		set(s)
	}
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.wg.Go(func() { s.serve(c) })
		}
	}()
	t.Cleanup(func() { _ = l.Close(); s.wg.Wait() })
	return s
}

func (s *mailServer) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	secure := s.implicit
	if s.implicit {
		c = tls.Server(c, s.config)
	}
	r := bufio.NewReader(c)
	say := func(line string) { _, _ = io.WriteString(c, line+"\r\n") }
	say(s.greeting)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.commands = append(s.commands, line)
		s.mu.Unlock()
		verb, _, _ := strings.Cut(line, " ")
		if answer := s.answer(line); answer == hangUp {
			return
		} else if answer != "" {
			say(answer)
			continue
		}
		switch strings.ToUpper(verb) {
		case "EHLO":
			say("250-mail.example")
			if !secure && !s.plain {
				say("250-STARTTLS")
			}
			if (secure || s.plain) && s.auth != "" {
				say("250-AUTH " + s.auth)
			}
			say("250 8BITMIME")
		case "STARTTLS":
			say("220 go")
			c = tls.Server(c, s.config)
			r = bufio.NewReader(c)
			secure = true
		case "AUTH":
			s.login(r, say, line)
		case "DATA":
			say("354 go")
			body, err := textproto.NewReader(r).ReadDotBytes()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.mails = append(s.mails, body)
			s.mu.Unlock()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func (s *mailServer) answer(line string) string {
	for begin, answer := range s.answers {
		if strings.HasPrefix(line, begin) {
			return answer
		}
	}
	return ""
}

func (s *mailServer) login(r *bufio.Reader, say func(string), line string) {
	user, password := "", ""
	if rest, ok := strings.CutPrefix(line, "AUTH PLAIN "); ok {
		b, _ := base64.StdEncoding.DecodeString(rest)
		if parts := strings.Split(string(b), "\x00"); len(parts) == 3 {
			user, password = parts[1], parts[2]
		}
	} else {
		ask := func(prompt string) string {
			say("334 " + base64.StdEncoding.EncodeToString([]byte(prompt)))
			line, _ := r.ReadString('\n')
			b, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
			return string(b)
		}
		user = ask("Username:")
		password = ask("Password:")
	}
	if user != "sweep" || password != testSecret {
		say("535 no: " + user + " " + password + " " + line)
		return
	}
	say("235 welcome")
}

func (s *mailServer) channel(c Config, password string) Channel {
	s.t.Helper()
	c.Type, c.Server, c.From = "mail", s.listener.Addr().String(), "Rummage <rummage@example.org>"
	if c.To == nil {
		c.To = []string{"Ann Önn <ann@example.org>", "bob@example.org"}
	}
	return mustNew(s.t, c, Secrets{Password: given(password)}, Options{TLS: &tls.Config{RootCAs: s.pool}, Timeout: 10 * time.Second})
}

func (s *mailServer) got() (commands string, mails [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.commands, "\n"), s.mails
}

func TestMail(t *testing.T) {
	for name, tt := range map[string]struct {
		set func(*mailServer)
		c   Config
	}{
		"starttls":        {nil, Config{User: "sweep"}},
		"starttls, LOGIN": {func(s *mailServer) { s.auth = "XOAUTH2 LOGIN" }, Config{User: "sweep", TLS: "starttls"}},
		"implicit":        {func(s *mailServer) { s.implicit = true }, Config{User: "sweep", TLS: "implicit"}},
		"none":            {func(s *mailServer) { s.plain = true }, Config{TLS: "none"}},
		"none, login":     {func(s *mailServer) { s.plain, s.auth = true, "LOGIN" }, Config{TLS: "none", User: "sweep"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newMailServer(t, tt.set)
			ch := s.channel(tt.c, testSecret)
			for range 2 {
				if err := ch.Send(context.Background(), testMessage()); err != nil {
					t.Fatal(err)
				}
			}
			commands, mails := s.got()
			if len(mails) != 2 || !bytes.Equal(mails[0], mails[1]) {
				t.Fatalf("a repetition differs: %q", mails)
			}
			if !strings.Contains(commands, "MAIL FROM:<rummage@example.org>") || !strings.Contains(commands, "RCPT TO:<ann@example.org>\nRCPT TO:<bob@example.org>") {
				t.Errorf("%s", commands)
			}
			if tt.c.TLS == "" && strings.Index(commands, "STARTTLS") > strings.Index(commands, "AUTH") {
				t.Errorf("logs in before the connection is encrypted: %s", commands)
			}
			m, err := mail.ReadMessage(bytes.NewReader(mails[0]))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
			if err != nil {
				t.Fatal(err)
			}
			for header, want := range map[string]string{
				"Subject": "rummage: 1 new secret, 1 came back in team/app", "Date": "Sat, 28 Nov 2026 07:00:00 +0000", "Auto-Submitted": "auto-generated",
				"Message-Id": "<" + (&Message{ID: "ops 4711 true"}).key() + "@example.org>", "From": `"Rummage" <rummage@example.org>`,
			} {
				if got := m.Header.Get(header); got != want {
					t.Errorf("%s: %q", header, got)
				}
			}
			want := "1 new secret, 1 came back in team/app\nhttps://github.com/team/app\n\nGitHub token (critical)\n  Where:    config/app.env:12 and 2 more places\n" +
				"  Secret:   ghp_****\n  Commit:   " + strings.Repeat("ab", 20) + "\n  Author:   Ann <ann@example.org>\n  State:    open\n  Finding:  1f0c3b2a4d5e\n" +
				"  Look:     rummage sweep findings 1f0c3b2a4d5e\n  Remedy:   Revoke it.\n            Then make another.\n\nAWS key (high, came back)\n"
			if got := strings.ReplaceAll(string(body), "\r\n", "\n"); !strings.HasPrefix(got, want) {
				t.Errorf("%s", got)
			}
		})
	}
}

// TestMailRefused: what the server refuses, for good or for now, and that nothing is sent where that would be unsafe.
func TestMailRefused(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for name, tt := range map[string]struct {
		set       func(*mailServer)
		c         Config
		password  string
		want      string
		permanent bool
		mails     int
	}{
		"no STARTTLS":    {func(s *mailServer) { s.plain = true }, Config{User: "sweep"}, testSecret, "offers no STARTTLS", false, 0},
		"wrong password": {nil, Config{User: "sweep"}, testSecret + "x", "535 no: sweep xxxxx AUTH PLAIN xxxxx", false, 0},
		"no login":       {func(s *mailServer) { s.auth = "" }, Config{User: "sweep"}, testSecret, "offers no login", false, 0},
		"unknown login":  {func(s *mailServer) { s.auth = "XOAUTH2\x1b[2J" }, Config{User: "sweep"}, testSecret, `neither PLAIN nor LOGIN but XOAUTH2\x1b[2J`, false, 0},
		"not now":        {func(s *mailServer) { s.answers = map[string]string{"MAIL": "451 later\x1b[2J"} }, Config{}, "", `451 later\x1b[2J`, false, 0},
		"never":          {func(s *mailServer) { s.answers = map[string]string{"DATA": "552 too big"} }, Config{}, "", "552 too big", true, 0},
		"all unknown":    {func(s *mailServer) { s.answers = map[string]string{"RCPT": "550 who?"} }, Config{}, "", "550 who?", true, 0},
		"one unknown":    {func(s *mailServer) { s.answers = map[string]string{"RCPT TO:<bob": "550 who?"} }, Config{}, "", "takes nothing for bob@example.org: the others have it", true, 1},
		"one later":      {func(s *mailServer) { s.answers = map[string]string{"RCPT TO:<bob": "450 busy"} }, Config{}, "", "450 busy", false, 0},
		"hangs up":       {func(s *mailServer) { s.answers = map[string]string{"MAIL": hangUp} }, Config{}, "", "it ended the connection", false, 0},
		"endless line":   {func(s *mailServer) { s.greeting = long }, Config{}, "", "says too much", false, 0},
		"endless answer": {func(s *mailServer) {
			s.answers = map[string]string{"MAIL": "250-" + strings.Repeat("x\r\n250-", 1<<18)}
		}, Config{}, "", "says too much", false, 0},
		"unknown issuer":  {func(s *mailServer) { s.pool = x509.NewCertPool() }, Config{}, "", "certificate", false, 0},
		"unknown issuer2": {func(s *mailServer) { s.implicit, s.pool = true, x509.NewCertPool() }, Config{TLS: "implicit"}, "", "certificate", false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newMailServer(t, tt.set)
			e := failing(t, s.channel(tt.c, tt.password), testMessage())
			commands, mails := s.got()
			if !strings.Contains(e.Error(), tt.want) || e.Permanent != tt.permanent || len(mails) != tt.mails {
				t.Errorf("%v, permanent %v, %d mails\n%.500s", e, e.Permanent, len(mails), commands)
			}
			if encoded := base64.StdEncoding.EncodeToString([]byte("\x00sweep\x00" + tt.password)); strings.Contains(e.Error(), encoded) {
				t.Errorf("%v", e)
			}
		})
	}
}

func TestMailHangs(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for _, mode := range []string{"starttls", "implicit"} {
		ch := mustNew(t, Config{Type: "mail", Server: l.Addr().String(), TLS: mode, From: "a@b.example", To: []string{"c@d.example"}}, Secrets{}, Options{Timeout: 50 * time.Millisecond})
		if e := failing(t, ch, testMessage()); e.Reason != "the mail server: no answer in time" {
			t.Errorf("%v", e)
		}
	}
}

// checkMail: a stranger's text makes no header, and comes out of a header as it went in.
func checkMail(t *testing.T, msg Message) {
	t.Helper()
	m := &mailer{from: mail.Address{Address: "a@b.example"}, to: []mail.Address{{Name: "x", Address: "c@d.example"}}}
	raw := m.write(msg)
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	var names []string
	for line := range strings.SplitSeq(string(head), "\r\n") {
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) || len(line) > 998 {
			t.Errorf("a line of a header: %q", line)
		}
		if name, _, ok := strings.Cut(line, ":"); ok && line[0] != ' ' {
			names = append(names, name)
		}
	}
	for word := range strings.FieldsSeq(string(head)) {
		if b64, ok := strings.CutPrefix(word, "=?utf-8?B?"); ok {
			if b, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(b64, "?=")); err != nil || !utf8.Valid(b) || len(word) > 75 {
				t.Errorf("a word that is none by itself: %q", word)
			}
		}
	}
	if got := strings.Join(names, " "); got != "From To Subject Date Message-ID References Auto-Submitted MIME-Version Content-Type Content-Transfer-Encoding" {
		t.Errorf("headers %s", got)
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	if want := strings.TrimRight(msg.subject(plain(msg.Repository, maxName)), " "); err != nil || strings.TrimPrefix(subject, "rummage: ") != strings.TrimPrefix(want, "rummage: ") {
		t.Errorf("%v: subject %q, want %q", err, subject, want)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(parsed.Body))
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsFunc(string(body), func(r rune) bool { return r != '\n' && r != '\r' && !visible(r) }) {
		t.Errorf("body %q", body)
	}
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if bytes.ContainsAny(line, "\r\n") || len(line) > 998 {
			t.Errorf("a line %q", line)
		}
	}
}

func TestHostileMail(t *testing.T) { checkMail(t, hostile()) }

func FuzzMail(f *testing.F) {
	h := hostile()
	f.Add(h.Repository, h.New[0].Path, h.New[0].Remedy)
	f.Add("=?utf-8?q?=0D=0ABcc:_x?=", ".", ".\r\n.\r\nQUIT")
	f.Add(" ", " ", " ")
	f.Add(strings.Repeat("é", 100), "\xc3", "\u2028")
	f.Fuzz(func(t *testing.T, name, text, remedy string) {
		one := Finding{ID: text, Title: text, Severity: text, Mask: text, Path: text, Line: 3, Commit: text, Author: text, State: text, Remedy: remedy, FindCommand: text, Places: 2}
		checkMail(t, Message{ID: name, Repository: name, WebURL: text, Scan: text, New: []Finding{one}, Regressed: []Finding{one}})
	})
}

// TestMailMany: a hundred are told, then a number.
func TestMailMany(t *testing.T) {
	m := testMessage()
	for len(m.New) < 150 {
		m.New = append(m.New, m.New[0])
	}
	text := mailText(m)
	if strings.Count(text, "\n  Where:") != mailFindings || !strings.Contains(text, fmt.Sprintf("\nAnd %d more: ", 151-mailFindings)) {
		t.Errorf("%s", text)
	}
}
