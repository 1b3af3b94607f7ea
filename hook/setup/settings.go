package setup

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"rummage/gitscan"
)

// setting is a variable of git's configuration.
type setting struct {
	value  string
	origin string // file that it stands in
	shared bool   // which is not the repository's own
}

// settings are a repository's, with those that are for all of this user's. Of each the last counts.
type settings struct {
	all      map[string]setting
	includes bool // files that others include were not read
}

func (s settings) get(name string) (setting, bool) {
	v, ok := s.all[name]
	return v, ok
}

// asked are the variables that setup asks for.
var asked = []string{"core.bare", "core.worktree", "core.hookspath", "receive.advertisepushoptions"}

// readSettings asks git, which knows all files and what they include; without a git program the usual files are read.
func readSettings(d gitscan.Dirs) (settings, error) {
	if git, err := exec.LookPath("git"); err == nil {
		if s, err := askGit(git, d); err == nil {
			return s, nil
		}
	}
	return readFiles(d)
}

// gitTime is more than git takes for a question.
const gitTime = 20 * time.Second

// askGit names the directory, so that git reads a repository whoever owns it.
func askGit(git string, d gitscan.Dirs) (settings, error) {
	s := settings{all: map[string]setting{}}
	ctx, cancel := context.WithTimeout(context.Background(), gitTime)
	defer cancel()
	for _, name := range asked {
		args := []string{"--git-dir=" + d.GitDir, "config", "--null", "--show-scope", "--show-origin", "--get"}
		if name == "core.hookspath" || name == "core.worktree" {
			args = append(args, "--type=path")
		}
		cmd := exec.CommandContext(ctx, git, append(args, name)...)
		cmd.Dir = d.GitDir
		out, err := cmd.Output()
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == 1 {
			continue // not set
		}
		if err != nil {
			return s, err
		}
		fields := bytes.Split(out, []byte{0})
		if len(fields) < 3 {
			return s, errors.New("git config: unexpected output")
		}
		scope, value := string(fields[0]), string(fields[2])
		s.all[name] = setting{value: value, origin: fileOf(string(fields[1]), d), shared: scope != "local" && scope != "worktree"}
	}
	return s, nil
}

// fileOf is the file of an origin as git tells it.
func fileOf(origin string, d gitscan.Dirs) string {
	if file, ok := strings.CutPrefix(origin, "file:"); ok {
		return under(d.GitDir, file)
	}
	return origin
}

// readFiles reads the files that git reads, the one that counts most last.
func readFiles(d gitscan.Dirs) (settings, error) {
	s := settings{all: map[string]setting{}}
	var files []string
	if os.Getenv("GIT_CONFIG_NOSYSTEM") == "" {
		files = append(files, "/etc/gitconfig")
	}
	home, _ := os.UserHomeDir()
	if global, set := os.LookupEnv("GIT_CONFIG_GLOBAL"); set {
		files = append(files, global)
	} else if home != "" {
		xdg := os.Getenv("XDG_CONFIG_HOME")
		if xdg == "" {
			xdg = filepath.Join(home, ".config")
		}
		files = append(files, filepath.Join(xdg, "git", "config"), filepath.Join(home, ".gitconfig"))
	}
	shared := len(files)
	files = append(files, filepath.Join(d.CommonDir, "config"), filepath.Join(d.GitDir, "config.worktree"))
	for i, file := range files {
		if own, set := s.all["extensions.worktreeconfig"]; filepath.Base(file) == "config.worktree" && !(set && gitscan.IsTrue(own.value)) {
			continue
		}
		vars, err := gitscan.ConfigFile(file)
		if errors.Is(err, os.ErrNotExist) || file == "" {
			continue
		}
		if err != nil {
			return s, err
		}
		for _, v := range vars {
			if rest, ok := strings.CutPrefix(v.Value, "~/"); ok {
				v.Value = filepath.Join(home, rest)
			}
			s.all[v.Name] = setting{value: v.Value, origin: file, shared: i < shared}
			s.includes = s.includes || strings.HasPrefix(v.Name, "include")
		}
	}
	return s, nil
}
