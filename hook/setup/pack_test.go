package setup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// members are an archive's, as "MODE NAME SIZE".
func members(t *testing.T, r io.Reader) (lines []string, content map[string]string) {
	t.Helper()
	content = map[string]string{}
	for in := tar.NewReader(r); ; {
		h, err := in.Next()
		if err == io.EOF {
			return lines, content
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.ModTime.Unix() != 0 {
			t.Errorf("%s: of %d:%d, of %s", h.Name, h.Uid, h.Gid, h.ModTime)
		}
		lines = append(lines, fmt.Sprintf("%o %s", h.Mode, h.Name))
		content[h.Name] = string(data)
	}
}

func TestWriteGitaly(t *testing.T) {
	s := Script{Hook: PreReceive, Program: "/opt/rummage", Policy: "/etc/push.toml"}
	var b bytes.Buffer
	if err := WriteGitaly(&b, s); err != nil {
		t.Fatal(err)
	}
	lines, content := members(t, &b)
	want := "755 custom_hooks/|755 custom_hooks/pre-receive.d/|755 custom_hooks/pre-receive.d/rummage"
	if got := strings.Join(lines, "|"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if text, _ := s.Text(); content["custom_hooks/pre-receive.d/rummage"] != text {
		t.Errorf("%q", content)
	}
	if err := WriteGitaly(io.Discard, Script{Hook: PreReceive, Program: "rummage"}); err == nil {
		t.Error("a relative path is taken")
	}
}

// program makes the head of an ELF file: what there is to know of a program without running it.
func program(machine uint16, interpreter bool) []byte {
	var b bytes.Buffer
	b.WriteString("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9))
	write := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(&b, binary.LittleEndian, v)
		}
	}
	kind := uint32(1) // loaded
	if interpreter {
		kind = 3
	}
	write(uint16(2), machine, uint32(1), uint64(0), uint64(64), uint64(0), uint32(0), uint16(64), uint16(56), uint16(1), uint16(64), uint16(0), uint16(0))
	write(kind, uint32(5), uint64(0), uint64(0), uint64(0), uint64(120), uint64(120), uint64(8))
	return b.Bytes()
}

const amd64, arm64 = 62, 183

func TestWriteEnvironment(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, data := range map[string][]byte{"rummage": program(amd64, false), "busybox": append(program(amd64, false), 'b'), "dynamic": program(amd64, true),
		"arm": program(arm64, false), "script": []byte("#!/bin/sh\n"), "push.toml": []byte("time = \"4s\"\n")} {
		if err := os.WriteFile(at(name), data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s := Script{Hook: PreReceive, Program: at("rummage"), Policy: at("push.toml")}
	e := Environment{Program: at("rummage"), Shell: at("busybox"), Files: []string{at("push.toml")}}
	archive, script, err := WriteEnvironment(dir, e, s)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(script)
	if info, e := os.Stat(script); err != nil || e != nil || info.Mode().Perm() != 0o755 ||
		!strings.HasSuffix(string(text), "\nexec '/usr/local/bin/rummage' hook pre-receive --policy '"+at("push.toml")+"'\n") {
		t.Errorf("%q, %v", text, err)
	}
	data, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	lines, content := members(t, z)
	for _, want := range []string{"755 bin/sh", "755 usr/local/bin/rummage", "644 " + at("push.toml")[1:], "1777 tmp/", "755 dev/", "755 proc/", "755 usr/local/"} {
		if !strings.Contains("|"+strings.Join(lines, "|")+"|", "|"+want+"|") {
			t.Errorf("%s is not in %q", want, lines)
		}
	}
	if content["bin/sh"] != string(append(program(amd64, false), 'b')) || content[at("push.toml")[1:]] != "time = \"4s\"\n" {
		t.Errorf("%q", content)
	}
	for name, bad := range map[string]Environment{
		"needs shared libraries": {Program: at("dynamic"), Shell: at("busybox")},
		"shared libraries, ":     {Program: at("rummage"), Shell: at("dynamic")},
		"is for AARCH64":         {Program: at("arm"), Shell: at("busybox")},
		"no program for Linux":   {Program: at("rummage"), Shell: at("script")},
		"no such file":           {Program: at("rummage"), Shell: at("busybox"), Files: []string{at("none")}},
		"twice":                  {Program: at("rummage"), Shell: at("busybox"), Files: []string{at("push.toml"), at("push.toml")}},
	} {
		empty := t.TempDir()
		if _, _, err := WriteEnvironment(empty, bad, s); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := os.ReadDir(empty); len(left) > 0 {
			t.Errorf("%s: %s is left", name, left[0].Name())
		}
	}
}
