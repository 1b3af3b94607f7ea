//go:build linux

package main

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"rummage/detect/example"
)

// madePush is a push of which git received nothing: its quarantine is made by hand, since git would refuse much of it, and
// the hook runs as git runs it.
type madePush struct {
	t          *testing.T
	server     string
	quarantine string
	token      string // that the rules find
	policy     string // further lines of it
	tip        string // that refs/heads/x is to be
	more       string // further ref lines
}

const zeroID = "0000000000000000000000000000000000000000"

func newMadePush(t *testing.T) *madePush {
	t.Helper()
	p := &madePush{t: t, server: filepath.Join(t.TempDir(), "server.git")}
	token, err := example.Expand("tok_{{loweralnum 24}}", 7)
	if err != nil {
		t.Fatal(err)
	}
	p.token = token
	runGit(t, "", "init", "-q", "--bare", p.server)
	p.quarantine = filepath.Join(p.server, "objects", "tmp_objdir-incoming-made")
	p.check(os.MkdirAll(filepath.Join(p.quarantine, "pack"), 0o700))
	return p
}

func (p *madePush) check(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// runGit runs git with no configuration but the repository's.
func runGit(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := gitCommand(dir, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func gitCommand(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_CONFIG_COUNT=2", "GIT_CONFIG_KEY_0=init.defaultBranch", "GIT_CONFIG_VALUE_0=main",
		"GIT_CONFIG_KEY_1=core.fsync", "GIT_CONFIG_VALUE_1=none")
	return cmd
}

// run runs the hook, and holds it to what is so of every push: it ends with 0, 1 or 2, of which 2 is told in one line; the
// pusher's terminal gets nothing raw; and memory stays within a limit. Linux counts the memory of a program from the one on that
// started it, so this one must not need as much.
func (p *madePush) run() (code int, told string) {
	p.t.Helper()
	rules, err := filepath.Abs("testdata/rules.toml")
	p.check(err)
	policy := filepath.Join(p.t.TempDir(), "policy.toml")
	p.check(os.WriteFile(policy, fmt.Appendf(nil, "rules = [%q]\ntime = \"1m\"\n%s", rules, p.policy), 0o600))
	// Addresses are bounded too, so that a fault here does not take the machine's memory.
	cmd := exec.Command("sh", "-c", `ulimit -v 3145728; exec rummage hook pre-receive --policy "$0"`, policy)
	cmd.Dir = p.server
	cmd.Env = append(os.Environ(), "GIT_DIR=.", "GIT_QUARANTINE_PATH="+p.quarantine, "GIT_OBJECT_DIRECTORY="+p.quarantine,
		"GIT_ALTERNATE_OBJECT_DIRECTORIES="+filepath.Join(p.server, "objects"), "GIT_PUSH_OPTION_COUNT=0")
	cmd.Stdin = strings.NewReader(zeroID + " " + p.tip + " refs/heads/x\n" + p.more)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	code, told = cmd.ProcessState.ExitCode(), stderr.String()
	if code < 0 || code > 2 {
		p.t.Errorf("exit code %d\n%.2000s", code, told)
	}
	if code == 2 && strings.Count(unwrap(told), "\n") != 1 {
		p.t.Errorf("told:\n%.2000s", told)
	}
	if strings.ContainsFunc(told, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }) || strings.Contains(told, p.token) {
		p.t.Errorf("raw: %.2000q", told)
	}
	const limit = 600 << 10 // KB
	if usage := cmd.ProcessState.SysUsage().(*syscall.Rusage); usage.Maxrss > limit {
		p.t.Errorf("took %d KB of memory", usage.Maxrss)
	} else if testing.Verbose() {
		p.t.Logf("%d KB, %v; exit code %d: %.300s", usage.Maxrss, cmd.ProcessState.UserTime(), code, told)
	}
	return code, told
}

// unwrap joins what the hook wrapped.
func unwrap(told string) string {
	return strings.TrimRight(strings.ReplaceAll(told, "\n", " "), " ") + "\n"
}

func objectID(kind string, data []byte) string {
	h := sha1.New()
	fmt.Fprintf(h, "%s %d\x00", kind, len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// deflater is made once: that takes longer than a small object.
var deflater = func() *zlib.Writer {
	w, err := zlib.NewWriterLevel(nil, zlib.BestSpeed)
	if err != nil {
		panic(err)
	}
	return w
}()

func deflated(data []byte) []byte {
	var b bytes.Buffer
	deflater.Reset(&b)
	_, _ = deflater.Write(data)
	_ = deflater.Close()
	return b.Bytes()
}

// loose stores an object as a file.
func (p *madePush) loose(kind string, data []byte) string {
	id := objectID(kind, data)
	p.looseFile(id, deflated(slices.Concat(fmt.Appendf(nil, "%s %d\x00", kind, len(data)), data)))
	return id
}

func (p *madePush) looseFile(id string, raw []byte) {
	p.t.Helper()
	p.check(os.MkdirAll(filepath.Join(p.quarantine, id[:2]), 0o700))
	p.check(os.WriteFile(filepath.Join(p.quarantine, id[:2], id[2:]), raw, 0o400))
}

func treeOf(entries ...string) []byte { // mode and name, id
	var b []byte
	for i := 0; i < len(entries); i += 2 {
		b = append(append(b, entries[i]...), 0)
		b, _ = hex.AppendDecode(b, []byte(entries[i+1]))
	}
	return b
}

func commitOf(tree string, headers string) []byte {
	return []byte("tree " + tree + "\n" + headers + "author A <a@example.com> 1767268800 +0000\ncommitter A <a@example.com> 1767268800 +0000\n\nmade\n")
}

func (p *madePush) commit(tree, headers string) string {
	return p.loose("commit", commitOf(tree, headers))
}

// secretBlob has the token.
func (p *madePush) secretBlob() string { return p.loose("blob", []byte("token: "+p.token+"\n")) }

// zeros is a zlib stream of a text followed by so many MiB of zeros, made without making them.
func zeros(head []byte, mib int) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(head)
	_ = w.Flush()
	out := slices.Clone(b.Bytes())
	b.Reset()
	f, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		panic(err)
	}
	_, _ = f.Write(make([]byte, 1<<20))
	_ = f.Flush()
	out = append(out, bytes.Repeat(b.Bytes(), mib)...)
	out = append(out, 1, 0, 0, 0xff, 0xff) // the last block, which is empty
	sum := adler32.Checksum(head)
	lo, hi := uint64(sum&0xffff), uint64(sum>>16)
	hi = (hi + uint64(mib)<<20%65521*lo) % 65521
	return binary.BigEndian.AppendUint32(out, uint32(hi<<16|lo))
}

// packEntry is an object of a pack: of a kind, or a delta.
type packEntry struct {
	id   string
	head []byte
	body []byte
}

// The kinds of entries.
const (
	packCommit   = 1
	packTree     = 2
	packBlob     = 3
	packOfsDelta = 6
	packRefDelta = 7
)

func packHead(kind, size int) []byte {
	c := byte(kind<<4) | byte(size&15)
	var b []byte
	for size >>= 4; size > 0; size >>= 7 {
		b = append(b, c|0x80)
		c = byte(size & 0x7f)
	}
	return append(b, c)
}

func whole(kind int, name string, data []byte) packEntry {
	return packEntry{objectID(name, data), packHead(kind, len(data)), deflated(data)}
}

func ofsBack(back int) []byte {
	b := []byte{byte(back & 0x7f)}
	for back >>= 7; back > 0; back >>= 7 {
		back--
		b = append(b, 0x80|byte(back&0x7f))
	}
	slices.Reverse(b)
	return b
}

func deltaSize(n int) []byte {
	var b []byte
	for ; n > 0x7f; n >>= 7 {
		b = append(b, byte(n&0x7f)|0x80)
	}
	return append(b, byte(n))
}

// copyAll is an instruction of a delta that copies n bytes from the beginning, n below 1<<24 and no multiple of 256.
func copyAll(n int) []byte { return []byte{0xf0, byte(n), byte(n >> 8), byte(n >> 16)} }

// pack stores a pack with its index.
func (p *madePush) pack(entries ...packEntry) (base string) {
	p.t.Helper()
	data := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), uint32(len(entries)))
	type row struct {
		id       []byte
		crc, off uint32
	}
	var rows []row
	for _, e := range entries {
		id, err := hex.DecodeString(e.id)
		p.check(err)
		rows = append(rows, row{id, crc32.Update(crc32.ChecksumIEEE(e.head), crc32.IEEETable, e.body), uint32(len(data))})
		data = append(append(data, e.head...), e.body...)
	}
	sum := sha1.Sum(data)
	data = append(data, sum[:]...)
	slices.SortFunc(rows, func(a, b row) int { return bytes.Compare(a.id, b.id) })
	idx := []byte("\xfftOc\x00\x00\x00\x02")
	n := 0
	for b := range 256 {
		for n < len(rows) && int(rows[n].id[0]) <= b {
			n++
		}
		idx = binary.BigEndian.AppendUint32(idx, uint32(n))
	}
	for _, r := range rows {
		idx = append(idx, r.id...)
	}
	for _, r := range rows {
		idx = binary.BigEndian.AppendUint32(idx, r.crc)
	}
	for _, r := range rows {
		idx = binary.BigEndian.AppendUint32(idx, r.off)
	}
	idx = append(idx, sum[:]...)
	idxSum := sha1.Sum(idx)
	base = filepath.Join(p.quarantine, "pack", "pack-"+hex.EncodeToString(sum[:]))
	p.check(os.WriteFile(base+".pack", data, 0o600))
	p.check(os.WriteFile(base+".idx", append(idx, idxSum[:]...), 0o600))
	return base
}
