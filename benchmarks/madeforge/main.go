// Command madeforge shows a folder of repositories as a forge does: GitHub's API, and git over HTTP, on the loopback interface.
//
//	madeforge -o FILE DIR
//
// A repository DIR/OWNER/NAME.git is OWNER/NAME; the one whose address is its remote "origin" it was forked from, by name. FILE
// gets the forge's address when it answers. With SIGHUP the folder is read again, and FILE is written anew. $RUMMAGE_SWEEP_TOKEN is
// the token that it wants. It ends with SIGINT or SIGTERM. What a sweep asks for and fetches is as from a forge, but nothing is
// slow, and what it does has the same processors: that is little, for what refs there are and what forks have of their own is found out
// before FILE is written, and another pack takes one git.
//
// Concurrency: the server answers each request on its own; the folder is read by one goroutine.
package main

import (
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"rummage/sweep/forge"
	"rummage/sweep/forge/forgetest"
)

func main() {
	out := flag.String("o", "", "write the address to a file")
	flag.Parse()
	if err := run(*out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "madeforge:", err)
		os.Exit(1)
	}
}

func run(out string, args []string) error {
	if len(args) != 1 || out == "" {
		return errors.New("want one folder, and -o FILE")
	}
	token := os.Getenv("RUMMAGE_SWEEP_TOKEN")
	if token == "" {
		return errors.New("RUMMAGE_SWEEP_TOKEN is not set")
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP, os.Interrupt, syscall.SIGTERM)
	server := forgetest.Start(forgetest.Config{Kind: forge.GitHub, Token: token})
	defer server.Close()
	for {
		repos, err := read(args[0])
		if err != nil {
			return err
		}
		server.SetRepos(repos)
		if err := server.Remember(); err != nil {
			return err
		}
		if err := os.WriteFile(out+".new", []byte(server.URL+"\n"), 0o644); err != nil {
			return err
		}
		if err := os.Rename(out+".new", out); err != nil {
			return err
		}
		if s := <-signals; s != syscall.SIGHUP {
			return nil
		}
	}
}

// read lists the repositories. A repository keeps its number, which its name gives.
func read(dir string) (repos []forgetest.Repo, err error) {
	dirs, err := filepath.Glob(filepath.Join(dir, "*", "*.git"))
	if err != nil {
		return nil, err
	}
	if len(dirs) == 0 {
		return nil, fmt.Errorf("%s: no repositories", dir)
	}
	known := map[int64]string{}
	for _, d := range dirs {
		name := nameOf(d)
		r := forgetest.Repo{ID: number(name), Name: name, Dir: d}
		if other := known[r.ID]; other != "" {
			return nil, fmt.Errorf("%s and %s have the same number", other, name)
		}
		known[r.ID] = name
		if from := origin(d); from != "" {
			r.ForkOf = number(nameOf(from))
		}
		if r.Size, r.PushedAt, err = state(d); err != nil {
			return nil, err
		}
		repos = append(repos, r)
	}
	return repos, nil
}

func nameOf(dir string) string {
	owner, name := filepath.Split(strings.TrimSuffix(filepath.Clean(dir), ".git"))
	return filepath.Base(owner) + "/" + name
}

func number(name string) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return int64(h.Sum32()) + 1
}

// origin is what a clone's configuration says that it is of.
func origin(dir string) string {
	data, err := os.ReadFile(filepath.Join(dir, "config"))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(data), `[remote "origin"]`)
	_, rest, _ = strings.Cut(rest, "url = ")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}

// state is how large a repository is and when a ref of it was last written.
func state(dir string) (size int64, pushed time.Time, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		size += info.Size()
		rel, err := filepath.Rel(dir, path)
		if err == nil && (rel == "packed-refs" || strings.HasPrefix(rel, "refs"+string(filepath.Separator))) && info.ModTime().After(pushed) {
			pushed = info.ModTime()
		}
		return err
	})
	return size, pushed.UTC().Truncate(time.Second), err
}
