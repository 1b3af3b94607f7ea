package hook

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// syslog is where and as what events go to the daemon of this machine.
type syslog struct {
	facility int
	sockets  []string // the first that is there
}

// facilities are those of RFC 5424, by number, with the names that daemons use.
var facilities = []string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"", "", "", "", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}

// syslogSockets are where daemons listen.
var syslogSockets = []string{"/dev/log", "/var/run/syslog", "/var/run/log"}

// parseSyslog reads what a policy says of syslog: "syslog", "syslog:FACILITY" or "syslog:FACILITY:SOCKET", either of which may
// be empty. Anything else is the name of a file.
func parseSyslog(audit string) (s syslog, ok bool, err error) {
	rest, ok := strings.CutPrefix(audit, "syslog")
	if !ok || rest != "" && rest[0] != ':' {
		return s, false, nil
	}
	if runtime.GOOS == "windows" {
		return s, true, errors.New("audit = \"syslog\": there is none on Windows; name a file")
	}
	facility, socket, _ := strings.Cut(strings.TrimPrefix(rest, ":"), ":")
	s.sockets = syslogSockets
	if socket != "" {
		if !filepath.IsAbs(socket) {
			return s, true, fmt.Errorf("audit = %.80q: the path of the socket is not absolute", audit)
		}
		s.sockets = []string{socket}
	}
	s.facility = slices.Index(facilities, cmp.Or(facility, "authpriv"))
	if s.facility < 0 {
		return s, true, fmt.Errorf("audit = %.80q: want a facility such as authpriv or local3 after syslog", audit)
	}
	return s, true, nil
}

// Of syslog: how long a message is at most (daemons cut what is longer, many at 8 KiB), how long one waits for the daemon to
// take it, and the severities.
const (
	maxMessage    = 7_900
	syslogWait    = 2 * time.Second
	syslogWarning = 4
	syslogNotice  = 5
)

// send hands messages to the daemon, in the form that local sockets take (RFC 3164 without the name of the host). An error
// is for what the daemon did not take; what became of the others nobody says.
func (s syslog) send(severity int, messages [][]byte) error {
	conn, stream, err := s.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetWriteDeadline(time.Now().Add(syslogWait)); err != nil {
		return err
	}
	for _, m := range messages {
		line := fmt.Appendf(nil, "<%d>%s rummage[%d]: %s", s.facility<<3|severity, time.Now().Format(time.Stamp), os.Getpid(), m)
		if stream {
			line = append(line, '\n')
		}
		if _, err := conn.Write(line); err != nil {
			return fmt.Errorf("syslog: %w", err)
		}
	}
	return nil
}

// dial opens the socket, which takes datagrams or, with some daemons, a stream.
func (s syslog) dial() (conn net.Conn, stream bool, err error) {
	for _, socket := range s.sockets {
		for _, network := range []string{"unixgram", "unix"} {
			conn, dialErr := net.DialTimeout(network, socket, syslogWait)
			if dialErr == nil {
				return conn, network == "unix", nil
			}
			err = cmp.Or(err, dialErr)
		}
	}
	return nil, false, fmt.Errorf("syslog: no daemon listens: %w", err)
}
