package mirror

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Remote is what a server says about a repository's refs.
type Remote struct {
	Tips map[string]string
	// Head is the ref that HEAD stands for. Detached is the commit it points to when that is no ref's.
	Head, Detached string

	more *session // how the server may be asked for more; nil where git is to do that
}

// maxRefs bounds the refs of one repository, and maxRefBytes what their list takes.
const (
	maxRefs     = 4 << 20
	maxRefBytes = 1 << 30
)

// Tips asks for the refs alone.
func (m *Mirror) Tips(ctx context.Context, r Request) (*Remote, error) {
	to, err := parseTarget(r.URL, r.Protocols)
	if err != nil {
		return nil, err
	}
	w := &work{m: m, r: &r, to: &to}
	return w.tips(ctx)
}

func (w *work) tips(ctx context.Context) (*Remote, error) {
	if w.m.git == "" {
		return w.tipsGoGit(ctx)
	}
	if strings.HasPrefix(w.to.scheme, "http") {
		if remote, err := w.tipsHTTP(ctx, maxRefs); err == nil {
			return remote, nil
		}
		if ctx.Err() != nil {
			return nil, stopped(ctx, w.to.url)
		}
	}
	var remote *Remote
	// Version 0 of the protocol lists the refs in its first answer, version 2 takes one more.
	err := w.network(ctx, command{args: []string{"-c", "protocol.version=0", "ls-remote", "--quiet", "--symref", "origin"}, out: func(r io.Reader) (err error) {
		remote, err = parseRemote(r)
		return err
	}})
	if err == nil && len(remote.Tips) == 0 {
		err = w.reallyEmpty(ctx)
	}
	if err != nil {
		return nil, w.url(err)
	}
	return remote, nil
}

// reallyEmpty makes sure that a server with no refs speaks git's protocol: any page that a proxy or a login answers with
// may pass for the list of a plain file server.
func (w *work) reallyEmpty(ctx context.Context) error {
	if !strings.HasPrefix(w.to.scheme, "http") {
		return nil
	}
	var trace tail
	err := w.network(ctx, command{args: []string{"-c", "protocol.version=0", "ls-remote", "--quiet", "origin"}, trace: &trace})
	if err == nil && !strings.Contains(trace.String(), "service=git-upload-pack") {
		err = &Error{Kind: Corrupt, Detail: "what answers there is no git server"}
	}
	return err
}

// network runs a command that goes to the server, twice when it refused a credential in place of which there is another now.
func (w *work) network(ctx context.Context, c command) error {
	c.to, c.request, c.lock, c.secrets = w.to, w.r, w.lock, &w.secrets
	given := len(w.secrets)
	err := w.m.run(ctx, c)
	if kindOf(err) != Auth || len(w.secrets) == given {
		return err
	}
	user, password, again := w.r.Credential(ctx)
	if last := w.secrets[len(w.secrets)-2:]; again != nil || user == last[0] && password == last[1] {
		return err
	}
	return w.m.run(ctx, c)
}

// parseRemote reads what git ls-remote --symref writes.
func parseRemote(r io.Reader) (*Remote, error) {
	remote := &Remote{Tips: map[string]string{}}
	lines := bufio.NewReaderSize(io.LimitReader(r, maxRefBytes), 1<<20)
	size, head := 0, ""
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			break
		}
		if err != nil {
			return nil, &Error{Kind: TooLarge, Detail: fmt.Sprintf("its list of refs has a line, or is, too long: %v", err)}
		}
		id, name, ok := strings.Cut(string(bytes.TrimSuffix(line, []byte("\n"))), "\t")
		if target, is := strings.CutPrefix(id, "ref: "); ok && is {
			if name == "HEAD" {
				remote.Head = target
			}
			continue
		}
		if size == 0 {
			size = len(id)
		}
		if !ok || !isID(id) || len(id) != size {
			return nil, &Error{Kind: Corrupt, Detail: "its list of refs is none"}
		}
		switch {
		case strings.HasSuffix(name, "^{}"): // what the tag of the line before points to
		case name == "HEAD":
			head = id
		case len(remote.Tips) == maxRefs:
			return nil, &Error{Kind: TooLarge, Detail: fmt.Sprintf("it has more than %d refs", maxRefs)}
		default:
			remote.Tips[name] = id
		}
	}
	remote.detach(head)
	return remote, nil
}

// detach notes the commit of HEAD when no ref has it.
func (r *Remote) detach(head string) {
	for _, id := range r.Tips {
		if id == head {
			return
		}
	}
	r.Detached = head
}
