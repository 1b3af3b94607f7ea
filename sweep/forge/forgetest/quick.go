package forgetest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"

	"github.com/sourcegraph/conc/pool"
)

// Remember has the server answer for the refs of its repositories as they are now, until SetRepos is called, and for what forks have
// of their own, without a program, and for other packs with one: as a forge that has other processors, and is quick, for benchmarks of
// who asks it.
func (s *Server) Remember() error {
	s.mu.Lock()
	repos := s.config.Repos
	s.mu.Unlock()
	all := make([]remembered, len(repos))
	dirs := map[int64]string{}
	for _, r := range repos {
		dirs[r.ID] = r.Dir
	}
	p := pool.New().WithErrors().WithMaxGoroutines(8)
	for i := range repos {
		p.Go(func() error {
			for version, protocol := range []string{"", "version=2"} {
				var told bytes.Buffer
				if protocol == "" {
					told.WriteString("001e# service=git-upload-pack\n0000")
				}
				cmd := uploadPack(repos[i].Dir, protocol, "--http-backend-info-refs")
				cmd.Stdout = &told
				if err := cmd.Run(); err != nil {
					return fmt.Errorf("%s: %w", repos[i].Name, err)
				}
				all[i].refs[version] = told.Bytes()
			}
			if origin := dirs[repos[i].ForkOf]; repos[i].ForkOf != 0 && origin != "" {
				all[i].own = own(repos[i].Dir, origin)
			}
			return nil
		})
	}
	if err := p.Wait(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remembered = make(map[string]*remembered, len(repos))
	for i, r := range repos {
		s.remembered[r.Dir] = &all[i]
	}
	return nil
}

// remembered is what is known of a repository.
type remembered struct {
	refs [2][]byte // what versions 0 and 2 of the protocol say first
	own  *ownPack  // nil: there is none
}

func uploadPack(dir, protocol string, option string) *exec.Cmd {
	cmd := exec.Command("git", "upload-pack", "--stateless-rpc", option, dir)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_PROTOCOL="+protocol)
	return cmd
}

// quick answers for a repository that is remembered.
func (s *Server) quick(dir string, w http.ResponseWriter, r *http.Request) bool {
	s.mu.Lock()
	known, ok := s.remembered[dir]
	s.mu.Unlock()
	protocol := r.Header.Get("Git-Protocol")
	switch {
	case !ok:
		return false
	case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/info/refs"):
		version := 0
		if protocol == "version=2" {
			version = 1
		}
		w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
		_, _ = w.Write(known.refs[version])
		return true
	case r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/git-upload-pack"):
		return false
	}
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			http.Error(w, "no gzip", http.StatusBadRequest)
			return true
		}
		body = unpacked
	}
	w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
	request, err := io.ReadAll(io.LimitReader(body, 64<<20))
	if err != nil || known.own.send(w, protocol, request) {
		return true
	}
	cmd := uploadPack(dir, protocol, "--strict")
	cmd.Stdin, cmd.Stdout = bytes.NewReader(request), w
	_ = cmd.Run() // what is cut is for the client to see
	return true
}
