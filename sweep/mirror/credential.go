package mirror

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
)

// helper is the credential helper that git runs through its shell: it passes git's question on to the socket that it has
// inherited and the answer back. dd reads once, and an answer is written at once.
const helper = `!ask() { test "$1" = store && exit 0; { echo "operation=$1"; cat; echo; } >&4; test "$1" = get && dd bs=65536 count=1 <&4 2>/dev/null; }; ask`

// maxQuestion bounds what is read of a question.
const maxQuestion = 64 << 10

var errOtherServer = errors.New("the server leads to another one, which asks for credentials")

// answerer gives git credentials over a socket.
type answerer struct {
	theirs *os.File // of git
	ours   net.Conn
	to     *target
	ask    func(context.Context) (user, password string, err error)
	done   chan struct{}

	mu     sync.Mutex
	given  []string
	err    error
	closed bool
}

// answer starts to give credentials to whoever has the other end.
func answer(ctx context.Context, to *target, ask func(context.Context) (string, string, error)) (*answerer, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	a := &answerer{theirs: theirs, ours: ours, to: to, ask: ask, done: make(chan struct{})}
	go a.serve(ctx)
	return a, nil
}

// close ends it, and says which secrets it has given away and why it could give none.
func (a *answerer) close() (given []string, err error) {
	a.mu.Lock()
	if !a.closed {
		a.closed = true
		a.theirs.Close()
		a.ours.Close()
	}
	a.mu.Unlock()
	<-a.done
	return a.given, a.err
}

func (a *answerer) serve(ctx context.Context) {
	defer close(a.done)
	lines := bufio.NewReaderSize(a.ours, maxQuestion)
	for {
		question := map[string]string{}
		for n := 0; ; {
			line, err := lines.ReadSlice('\n')
			if n += len(line); err != nil || n > maxQuestion {
				return
			}
			text := strings.TrimSuffix(string(line), "\n")
			if text == "" {
				break
			}
			if name, value, ok := strings.Cut(text, "="); ok {
				question[name] = value
			}
		}
		if question["operation"] != "get" {
			continue
		}
		if _, err := io.WriteString(a.ours, a.reply(ctx, question)); err != nil {
			return
		}
	}
}

// reply is what a question is answered: a credential for the server that the request names, for any other that git should
// give up.
func (a *answerer) reply(ctx context.Context, question map[string]string) string {
	const no = "quit=1\n\n"
	user, password, err := "", "", error(nil)
	switch {
	case question["protocol"] != a.to.scheme || !strings.EqualFold(question["host"], a.to.host):
		err = fmt.Errorf("%w: %s://%s", errOtherServer, clean(question["protocol"], nil), clean(question["host"], nil))
	default:
		user, password, err = a.ask(ctx)
		if err == nil && (user == "" || password == "" || strings.ContainsAny(user+password, "\n\r\x00") || len(user)+len(password) > 16<<10) {
			err = errors.New("it is empty, or has line breaks in it")
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.err = err
		return no
	}
	a.given = append(a.given, user, password)
	return "username=" + user + "\npassword=" + password + "\n\n"
}
