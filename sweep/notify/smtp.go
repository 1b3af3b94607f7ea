package notify

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	netsmtp "net/smtp"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"time"
)

// maxSession bounds what a mail server may say in one session: the library reads a line however long it is.
const maxSession = 256 << 10

// smtp hands mails to a server.
type smtp struct {
	host, port, mode string
	tls              *tls.Config
	user             string
	password         func(context.Context) ([]byte, error)
}

// deliver sends a mail. Who is refused for good does not keep it from the others, and is told of when they have it.
func (s *smtp) deliver(ctx context.Context, from string, to []string, mail []byte) error {
	password := ""
	if s.user != "" {
		var err error
		if password, err = read(ctx, "password", s.password); err != nil {
			return err
		}
	}
	conn, err := s.dial(ctx)
	if err != nil {
		return connectError(ctx, "the mail server", err)
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	c, err := netsmtp.NewClient(conn, s.host)
	if err == nil {
		err = s.session(c, password, from, to, mail)
	}
	var told *Error
	if err == nil || errors.As(err, &told) {
		return err
	}
	return s.explain(ctx, err, password)
}

func (s *smtp) dial(ctx context.Context) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: 15 * time.Second}).DialContext(ctx, "tcp", net.JoinHostPort(s.host, s.port))
	if err != nil {
		return nil, err
	}
	conn = &meteredConn{Conn: conn, left: maxSession}
	if s.mode != "implicit" {
		return conn, nil
	}
	secure := tls.Client(conn, s.config())
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

func (s *smtp) config() *tls.Config {
	c := &tls.Config{}
	if s.tls != nil {
		c = s.tls.Clone()
	}
	c.ServerName = s.host
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	return c
}

func (s *smtp) session(c *netsmtp.Client, password, from string, to []string, mail []byte) error {
	if err := c.Hello(hostname()); err != nil {
		return err
	}
	if s.mode == "starttls" {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return temporary("the mail server offers no STARTTLS, and without it nothing is sent")
		}
		if err := c.StartTLS(s.config()); err != nil {
			return err
		}
	}
	if s.user != "" {
		if err := s.login(c, password); err != nil {
			return err
		}
	}
	if err := c.Mail(from); err != nil {
		return err
	}
	refused, err := recipients(c, to)
	if err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(mail); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = c.Quit() // the server has taken it
	if len(refused) > 0 {
		return permanent("the mail server takes nothing for %s: the others have it", strings.Join(refused, ", "))
	}
	return nil
}

// recipients tells the server whom the mail is for. When one of them is to be tried later all are, lest the others get it twice.
func recipients(c *netsmtp.Client, to []string) (refused []string, err error) {
	var last error
	for _, a := range to {
		var answer *textproto.Error
		switch err := c.Rcpt(a); {
		case err == nil:
		case errors.As(err, &answer) && answer.Code >= 500:
			refused, last = append(refused, a), err
		default:
			return nil, err
		}
	}
	if len(refused) == len(to) {
		return nil, last
	}
	return refused, nil
}

// login uses the way that the server offers: PLAIN, or LOGIN, which is all that some have.
func (s *smtp) login(c *netsmtp.Client, password string) error {
	ok, ways := c.Extension("AUTH")
	offered := strings.Fields(strings.ToUpper(ways))
	var auth netsmtp.Auth
	switch {
	case !ok:
		return temporary("the mail server offers no login: leave its user out, or use another port")
	case slices.Contains(offered, "PLAIN"):
		auth = netsmtp.PlainAuth("", s.user, password, s.host)
	case slices.Contains(offered, "LOGIN"):
		auth = &loginAuth{s.user, password}
	default:
		return temporary("the mail server offers neither PLAIN nor LOGIN but %s", plain(ways, 100))
	}
	return c.Auth(auth)
}

// loginAuth is the LOGIN of draft-murchison-sasl-login: the server asks for the user, then for the password.
type loginAuth struct{ user, password string }

func (a *loginAuth) Start(server *netsmtp.ServerInfo) (string, []byte, error) {
	if !server.TLS && !loopback(server.Name) {
		return "", nil, errors.New("the connection is not encrypted")
	}
	return "LOGIN", nil, nil
}

func (a *loginAuth) Next(prompt []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	switch strings.ToLower(strings.Trim(string(prompt), " :\x00")) {
	case "username", "user name", "user":
		return []byte(a.user), nil
	case "password":
		return []byte(a.password), nil
	}
	return nil, errors.New("the server asks for neither user nor password")
}

// explain is the error of a session. What refuses a login is not permanent, since the password is read anew each time.
func (s *smtp) explain(ctx context.Context, err error, password string) error {
	var answer *textproto.Error
	if !errors.As(err, &answer) {
		return connectError(ctx, "the mail server", err, password)
	}
	secrets := []string{password, base64.StdEncoding.EncodeToString([]byte(password)),
		base64.StdEncoding.EncodeToString([]byte("\x00" + s.user + "\x00" + password))}
	reason := fmt.Sprintf("the mail server: %d %s", answer.Code, plain(scrub(answer.Msg, secrets), maxReason))
	login := answer.Code == 530 || answer.Code == 534 || answer.Code == 535 || answer.Code == 538
	return &Error{Reason: reason, Permanent: answer.Code >= 500 && !login, Err: err}
}

// hostname is how this machine greets.
func hostname() string {
	name, err := os.Hostname()
	if err != nil || name == "" || len(name) > 250 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") != "" {
		return "localhost"
	}
	return name
}

// meteredConn ends when the server has said too much.
type meteredConn struct {
	net.Conn
	left int
}

func (c *meteredConn) Read(b []byte) (int, error) {
	if c.left <= 0 {
		return 0, errors.New("the mail server says too much")
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}
