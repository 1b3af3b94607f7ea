//go:build unix

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"rummage/detect/example"
	"rummage/scan"
)

// hungImage is an image with two layers, of which the registry never gives the second one.
type hungImage struct {
	host, name string
	compose    string // file that names it
	token      string // in the first layer
	asked      chan struct{}
}

func newHungImage(t *testing.T) *hungImage {
	t.Helper()
	h := &hungImage{asked: make(chan struct{}, 1)}
	var err error
	if h.token, err = example.Expand("{{checksum github ghp_}}", 1); err != nil {
		t.Fatal(err)
	}
	dir := newOCIDir(t)
	read := layer{tarOf(t, [2]string{"config", "token = " + h.token + "\n"}), gzipOf, types.OCILayer, "COPY config /"}
	hung := layer{tarOf(t, [2]string{"other", "nothing"}), gzipOf, types.OCILayer, "COPY other /"}
	dir.roots(dir.image(&v1.ConfigFile{OS: "linux", Architecture: "amd64"}, nil, read, hung))
	digest := dir.blob(hung.kind, gzipOf(t, hung.tar)).Digest.String()

	inner := newRegistry()
	t.Cleanup(inner.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, digest) {
			inner.Config.Handler.ServeHTTP(w, r)
			return
		}
		w.(http.Flusher).Flush()
		select {
		case h.asked <- struct{}{}:
		default:
		}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	h.host = server.Listener.Addr().String()
	h.name = dir.push(h.host)
	h.compose = filepath.Join(t.TempDir(), "compose.yaml")
	if err := os.WriteFile(h.compose, []byte("services: {app: {image: \""+h.name+"\"}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return h
}

// check holds a report to tell what was found, and in the row of the image that it is not all.
func (h *hungImage) check(t *testing.T, report []byte) seen {
	t.Helper()
	s := readSeen(t, report)
	if places := s.places[h.token]; !slices.Equal(places, []string{"/config in 1"}) {
		t.Errorf("found at %q", places)
	}
	if len(s.images) != 1 || s.images[0].Complete || s.images[0].Secrets != 1 {
		t.Errorf("images %+v", s.images)
	}
	return s
}

// commands look into the image: in the program itself, and in a child of it. With two workers the child has one, which
// reads the layers in their order.
func (h *hungImage) commands() map[string][]string {
	common := []string{"--no-progress", "--show-secrets", "-f", "json"}
	return map[string][]string{
		"image":          append([]string{"image", "-j1", h.name}, common...),
		"files --images": append([]string{"files", "-j2", "--images", "--registry", h.host, h.compose}, common...),
	}
}

// TestImageTimeout: what was found until the time is over is told.
func TestImageTimeout(t *testing.T) {
	h := newHungImage(t)
	for name, args := range h.commands() {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // they wait
			out, err := exec.Command("rummage", append(args, "--image-timeout", "4s")...).Output()
			if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != exitError {
				t.Fatal(err)
			}
			s := h.check(t, out)
			if s.scan.Interrupted || s.scan.ProblemCount != 1 ||
				s.scan.Problems[0] != (scan.Problem{Where: h.name, Why: "not read in 4s (--image-timeout)"}) {
				t.Errorf("%+v", s.scan)
			}
		})
	}
}

// TestInterruptImages: what was found until the user stops it is told, by the child that looks into an image too.
func TestInterruptImages(t *testing.T) {
	h := newHungImage(t)
	for name, args := range h.commands() {
		t.Run(name, func(t *testing.T) {
			s := start(t, exec.Command("rummage", args...))
			<-h.asked
			untilIdle(t, s.Process.Pid) // what came before the layer that hangs is searched
			s.signal(os.Interrupt)
			if code := s.exit(); code != exitError {
				t.Errorf("exit code %d", code)
			}
			if got := h.check(t, s.stdout.Bytes()); !got.scan.Interrupted || got.scan.Complete {
				t.Errorf("%+v", got.scan)
			}
		})
	}
}

// untilIdle waits until a program and its children wait for something, all their threads, for a while.
func untilIdle(t *testing.T, pid int) {
	t.Helper()
	if runtime.GOOS != "linux" {
		time.Sleep(300 * time.Millisecond)
		return
	}
	idle := 0
	waitFor(t, func() bool {
		if idle++; busy(pid) {
			idle = 0
		}
		return idle == 20
	})
}

// busy: some thread of a program or of its children runs, or reads from a disk.
func busy(pid int) bool {
	stats, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, name := range stats {
		stat, err := os.ReadFile(name)
		if i := strings.LastIndex(string(stat), ") "); err == nil && i >= 0 && stat[i+2] != 'S' {
			return true
		}
		children, _ := os.ReadFile(filepath.Join(filepath.Dir(name), "children"))
		for _, child := range strings.Fields(string(children)) {
			if id, err := strconv.Atoi(child); err == nil && busy(id) {
				return true
			}
		}
	}
	return false
}
