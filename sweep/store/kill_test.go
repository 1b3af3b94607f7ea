package store

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// child settles scans without end; each even one finds three secrets, each odd one none. It says when it began.
func child(dsn string) {
	s, err := Open(bg, dsn, testKey)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("open")
	for i := 0; ; i++ {
		var all []Found
		if i%2 == 0 {
			all = []Found{found("a", 1, 2, 3), found("b", 4, 5, 6), found("c", 7, 8, 9)}
		}
		id := fmt.Sprint(os.Getpid(), " ", i)
		if _, err := s.Settle(bg, 1, Scan{ID: id, Complete: true, Channels: []string{"x"}}, all); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(id)
	}
}

// TestKilled kills a process that settles, at random: what is there afterwards is all of a scan or nothing of it.
func TestKilled(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		add(t, s, "o/a")
		for round := range 5 {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "STORE_TEST_CHILD="+dsn)
			out, err := cmd.StdoutPipe()
			no(t, err)
			no(t, cmd.Start())
			r := bufio.NewReader(out)
			for range 3 + 2*round { // it is always killed while it goes on
				if _, err := r.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
			}
			no(t, cmd.Process.Kill())
			_ = cmd.Wait()
			there, gone := 0, 0
			no(t, s.Findings(bg, Filter{Gone: true}, func(f *Finding) error {
				n := 0
				for _, o := range f.Occurrences {
					n += int(flag(o.GoneAt.IsZero()))
				}
				if f.GoneAt.IsZero() && n == 3 && f.Sightings[0].GoneAt.IsZero() {
					there++
				} else if !f.GoneAt.IsZero() && n == 0 && !f.Sightings[0].GoneAt.IsZero() {
					gone++
				}
				return nil
			}))
			if there+gone != 3 || there != 0 && gone != 0 {
				t.Fatalf("%d findings are there, %d are gone", there, gone)
			}
			out2, err := s.Settle(bg, 1, Scan{ID: fmt.Sprint("after ", round), Complete: true}, nil)
			no(t, err)
			if len(out2.Gone) != there {
				t.Fatal(out2)
			}
		}
	})
}

// TestTwoWriters: two processes' worth of stores settle the same secrets in repositories of their own.
func TestTwoWriters(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		a, b := open(t, dsn), open(t, dsn)
		repos := add(t, a, "o/a", "o/b")
		isNew := make(chan int, 2)
		for i, s := range []*Store{a, b} {
			go func() {
				n := 0
				for step := range 20 {
					var all []Found
					for k := range 6 {
						if (step+k+i)%3 != 0 {
							all = append(all, found(fmt.Sprint("fp", k), k+1))
						}
					}
					out, err := s.Settle(bg, repos[i].ID, Scan{ID: fmt.Sprint(i, " ", step), Complete: true}, all)
					if err != nil {
						t.Error(err)
						break
					}
					n += len(out.New)
					if err := s.MarkClean(bg, []Seen{{bytes.Repeat([]byte{byte(step)}, 20), 1 << i, 1}}); err != nil {
						t.Error(err)
					}
				}
				isNew <- n
			}()
		}
		if n := <-isNew + <-isNew; n != 6 {
			t.Errorf("6 secrets were new %d times", n)
		}
		no(t, a.Findings(bg, Filter{Gone: true}, func(f *Finding) error {
			gone := true
			for _, g := range f.Sightings {
				gone = gone && !g.GoneAt.IsZero()
			}
			if gone == f.GoneAt.IsZero() {
				t.Errorf("%s: gone %v, in no repository %v", f.ID, !f.GoneAt.IsZero(), gone)
			}
			return nil
		}))
		if m, err := a.Clean(bg, [][]byte{bytes.Repeat([]byte{3}, 20)}); err != nil || m[0] != (Mark{3, 1}) {
			t.Error(m, err)
		}
	})
}

// TestNothingToRead: a fingerprint, of which a weak secret could be guessed, is in no file of the database.
func TestNothingToRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := open(t, path)
	r := add(t, s, "o/a")
	fingerprint := strings.Repeat("5ec2e7f1", 8)
	_, err := s.Settle(bg, r[0].ID, Scan{ID: "1", Complete: true, Channels: []string{"x"}}, []Found{found(fingerprint, 1)})
	no(t, err)
	_, err = s.Triage(bg, fingerprint, StateRevoked, "", "")
	no(t, err)
	line := `{"time":"2026-01-02T03:04:05Z","event":"bypass","repository":"r","user":"u","refs":[],"ref_count":0,"findings":[{"fingerprint":"` +
		fingerprint + `","rule":"r","secret":"ab****"}],"finding_count":1,"seconds":1}` + "\n"
	for i := range 2 {
		n, err := s.ImportHookEvents(bg, strings.NewReader(line+`{"time":`))
		if no(t, err); n != 1-i {
			t.Fatalf("%d lines were new", n)
		}
	}
	if _, err := s.ImportHookEvents(bg, strings.NewReader(line+"nonsense\n")); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Fatal(err)
	}
	raw, err := hex.DecodeString(fingerprint)
	no(t, err)
	files, _ := filepath.Glob(path + "*")
	all := []byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		no(t, err)
		all = append(all, b...)
	}
	if bytes.Contains(all, []byte(fingerprint)) || bytes.Contains(all, raw) || bytes.Contains(all, testKey) {
		t.Error("a fingerprint or the key is in the database")
	}
	if !bytes.Contains(all, []byte(s.Identity(fingerprint))) || !bytes.Contains(all, []byte("hook-bypass")) {
		t.Error("the test does not see what is stored")
	}
}

func FuzzImport(f *testing.F) {
	s, err := Open(bg, filepath.Join(f.TempDir(), "x.db"), testKey)
	no(f, err)
	f.Cleanup(func() { _ = s.Close() })
	header := `{"rummage_sweep":{"version":1,"key_check":"` + s.keyCheck() + `"}}` + "\n"
	f.Add(`{"event":{"uid":"u","at":"2026-01-02T03:04:05Z","kind":"k"}}`)
	f.Add(`{"repository":{"id":1,"forge":"f","forge_id":"1","name":"n","state":"ok"}}`)
	f.Add(`{"finding":{"id":"` + strings.Repeat("0", 64) + `","rule":"r","state":"open"}}`)
	f.Fuzz(func(t *testing.T, lines string) {
		_, _ = s.Import(bg, strings.NewReader(header+lines))
		no(t, s.Export(bg, &bytes.Buffer{}))
		_, _ = s.ImportHookEvents(bg, strings.NewReader(lines))
	})
}

func BenchmarkSeen(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) { benchSeen(b, kind) })
	}
}
