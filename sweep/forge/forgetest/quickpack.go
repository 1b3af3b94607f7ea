package forgetest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// ownPack is what a fork has that the repository does not have of which it is one, as the answer of version 0 of the protocol to who
// asks for its tips and has that one's.
type ownPack struct {
	wants  []string // ascending
	common []string
	answer []byte
}

// own makes the pack of a fork. None: it has nothing of its own, or no git for it.
func own(dir, origin string) *ownPack {
	theirs := gitLines(origin, "", "for-each-ref", "--format=%(objectname)")
	var p ownPack
	for _, line := range gitLines(dir, strings.Join(theirs, "\n")+"\n", "cat-file", "--batch-check=%(objectname)") {
		if slices.Contains(theirs, line) {
			p.common = append(p.common, line)
		}
	}
	for _, id := range gitLines(dir, "", "for-each-ref", "--format=%(objectname)") {
		if !slices.Contains(p.common, id) {
			p.wants = append(p.wants, id)
		}
	}
	slices.Sort(p.wants)
	p.wants = slices.Compact(p.wants)
	if len(p.wants) == 0 || len(p.common) == 0 {
		return nil
	}
	pack, err := git(dir, strings.Join(p.wants, "\n")+"\n--not\n"+strings.Join(p.common, "\n")+"\n", "pack-objects", "--revs", "--stdout", "-q", "--delta-base-offset")
	if err != nil {
		return nil
	}
	var b bytes.Buffer
	write := func(line []byte) { fmt.Fprintf(&b, "%04x%s", len(line)+4, line) }
	write([]byte("ACK " + p.common[0] + "\n"))
	for part := range slices.Chunk(pack, 60_000) {
		write(append([]byte{1}, part...))
	}
	b.WriteString("0000")
	p.answer = b.Bytes()
	return &p
}

// answers reports whether a request is one that the pack answers.
func (p *ownPack) answers(request []byte) bool {
	var wants, haves []string
	done := false
	for in := bytes.NewReader(request); in.Len() > 0; {
		var size int
		if _, err := fmt.Fscanf(io.LimitReader(in, 4), "%04x", &size); err != nil || size > 0 && (size <= 4 || size-4 > in.Len()) {
			return false
		}
		if size == 0 {
			continue
		}
		line := make([]byte, size-4)
		_, _ = io.ReadFull(in, line)
		word, rest, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
		id, _, _ := strings.Cut(rest, " ")
		switch word {
		case "want":
			wants = append(wants, id)
		case "have":
			haves = append(haves, id)
		case "done":
			done = true
		default:
			return false
		}
	}
	slices.Sort(wants)
	return done && slices.Equal(wants, p.wants) && !slices.ContainsFunc(p.common, func(id string) bool { return !slices.Contains(haves, id) })
}

// send answers with the pack if it is one of a fork for this request.
func (p *ownPack) send(w http.ResponseWriter, protocol string, request []byte) bool {
	if p == nil || protocol != "" || !p.answers(request) {
		return false
	}
	_, _ = w.Write(p.answer)
	return true
}

func git(dir, stdin string, args ...string) ([]byte, error) {
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull)
	cmd.Stdin = strings.NewReader(stdin)
	return cmd.Output()
}

func gitLines(dir, stdin string, args ...string) []string {
	out, _ := git(dir, stdin, args...)
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
