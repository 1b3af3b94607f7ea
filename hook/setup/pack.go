package setup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// packed is a file or folder of an archive.
type packed struct {
	name string // with slashes, without one at its beginning
	mode int64
	data []byte
	dir  bool
}

// writeTar writes an archive that is the same whenever it is made: sorted, of root, of one date, with all folders.
func writeTar(w io.Writer, files []packed) error {
	made := map[string]bool{}
	for _, f := range files {
		made[f.name] = true
	}
	for _, f := range slices.Clone(files) {
		for dir := path.Dir(f.name); dir != "." && !made[dir]; dir = path.Dir(dir) {
			made[dir] = true
			files = append(files, packed{name: dir, mode: 0o755, dir: true})
		}
	}
	slices.SortFunc(files, func(a, b packed) int { return strings.Compare(a.name, b.name) })
	out := tar.NewWriter(w)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.data)), Typeflag: tar.TypeReg, ModTime: time.Unix(0, 0),
			Uname: "root", Gname: "root", Format: tar.FormatPAX}
		if f.dir {
			h.Name, h.Typeflag = f.name+"/", tar.TypeDir
		}
		if err := out.WriteHeader(h); err != nil {
			return err
		}
		if _, err := out.Write(f.data); err != nil {
			return err
		}
	}
	return out.Close()
}

// WriteGitaly writes the archive that gitaly hooks set reads: a repository's custom_hooks.
func WriteGitaly(w io.Writer, s Script) error {
	text, err := s.Text()
	if err != nil {
		return err
	}
	return writeTar(w, []packed{{name: "custom_hooks/" + PreReceive + ".d/rummage", mode: scriptMode, data: []byte(text)}})
}

// Environment is what GitHub Enterprise Server runs a hook in: a chroot of its own, with files at the paths that the script
// and the policy name.
type Environment struct {
	Program string   // file of a static program for Linux; it is at ProgramPath there
	Shell   string   // file of another one, which is /bin/sh there
	Files   []string // absolute paths of the policy and rule files, which they have there too
}

// ProgramPath is where an environment has the program.
const ProgramPath = "/usr/local/bin/rummage"

// names of what WriteEnvironment writes.
const (
	environmentFile = "rummage-environment.tar.gz"
	environmentHook = "rummage-pre-receive"
)

// WriteEnvironment writes the archive of an environment and the script of its hook into a folder, and tells their paths.
func WriteEnvironment(dir string, e Environment, s Script) (archive, script string, err error) {
	s.Program = ProgramPath
	text, err := s.Text()
	if err != nil {
		return "", "", err
	}
	files, err := e.files()
	if err != nil {
		return "", "", err
	}
	archive, script = filepath.Join(dir, environmentFile), filepath.Join(dir, environmentHook)
	err = writeWhole(archive, 0o644, func(w io.Writer) error {
		z := gzip.NewWriter(w)
		if err := writeTar(z, files); err != nil {
			return err
		}
		return z.Close()
	})
	if err != nil {
		return "", "", err
	}
	return archive, script, writeFile(script, []byte(text), scriptMode)
}

// files are those of the environment.
func (e *Environment) files() ([]packed, error) {
	program, err := static(e.Program)
	if err != nil {
		return nil, err
	}
	shell, err := static(e.Shell)
	if err != nil {
		return nil, err
	}
	files := []packed{
		{name: ProgramPath[1:], mode: 0o755, data: program},
		{name: "bin/sh", mode: 0o755, data: shell},
		{name: "tmp", mode: 0o1777, dir: true},
		{name: "dev", mode: 0o755, dir: true},
		{name: "proc", mode: 0o755, dir: true},
	}
	for _, file := range e.Files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(path.Clean(filepath.ToSlash(file)), "/")
		if slices.ContainsFunc(files, func(f packed) bool { return f.name == name }) {
			return nil, fmt.Errorf("%s would be twice in the environment", file)
		}
		files = append(files, packed{name: name, mode: 0o644, data: data})
	}
	return files, nil
}

// static reads a program for Linux on amd64 that needs no library: a chroot has none.
func static(file string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	program, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s is no program for Linux: %w", file, err)
	}
	if program.Machine != elf.EM_X86_64 {
		return nil, fmt.Errorf("%s is for %s: GitHub Enterprise Server runs x86-64", file, strings.TrimPrefix(program.Machine.String(), "EM_"))
	}
	if slices.ContainsFunc(program.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		return nil, fmt.Errorf("%s needs shared libraries, which the environment has not: name a static program (built with CGO_ENABLED=0; "+
			"a shell: busybox-static)", file)
	}
	return data, nil
}
