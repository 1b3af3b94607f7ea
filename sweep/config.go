package sweep

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// Config is what a sweep is to do, as sweep.toml has it. Paths in it start at the file's folder.
type Config struct {
	Database string        // a file, or the address of a PostgreSQL without its password
	Key      Credential    // identifies secrets in the database
	Password Credential    // of PostgreSQL
	Every    time.Duration // until a repository is searched again
	Timeout  time.Duration // of the search of one repository
	Jobs     int           // repositories that are searched at a time; 0: a worker for each processor
	MaxBlob  int           // bytes; 0: the usual
	Rules    []string      // files; none: the built-in rules
	Targets  []Target

	dir string
}

// Target is repositories: those below a folder.
type Target struct {
	Name   string
	Folder string
}

// FileName is what the configuration is called by custom.
const FileName = "sweep.toml"

// The environment variables of a sweep's own secrets, see Credential.
const (
	KeyVariable      = "RUMMAGE_SWEEP_KEY"
	PasswordVariable = "RUMMAGE_SWEEP_DATABASE_PASSWORD"
)

// The times that hold where the configuration says nothing.
const (
	defaultEvery   = 24 * time.Hour
	defaultTimeout = time.Hour
)

type configFile struct {
	Database        string   `toml:"database"`
	KeyFile         string   `toml:"key_file"`
	KeyCommand      []string `toml:"key_command"`
	PasswordFile    string   `toml:"database_password_file"`
	PasswordCommand []string `toml:"database_password_command"`
	Every           string   `toml:"every"`
	Timeout         string   `toml:"timeout"`
	Jobs            int      `toml:"jobs"`
	MaxBlob         int      `toml:"max_blob"`
	Rules           []string `toml:"rules"`
	Target          []struct {
		Name   string `toml:"name"`
		Folder string `toml:"folder"`
	} `toml:"target"`
}

// ReadConfig reads a configuration. The error is one line that names the file.
func ReadConfig(file string) (*Config, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: there is none; make one with: rummage sweep init --path FOLDER", file)
	}
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return nil, err
	}
	c, err := parseConfig(data, dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}

func parseConfig(data []byte, dir string) (*Config, error) {
	var f configFile
	meta, err := toml.NewDecoder(bytes.NewReader(data)).Decode(&f)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(strings.SplitN(err.Error(), "\n", 2)[0], "toml: "))
	}
	if keys := meta.Undecoded(); len(keys) > 0 {
		if name := keys[len(keys)-1].String(); strings.HasSuffix(name, "key") || strings.HasSuffix(name, "password") || strings.HasSuffix(name, "token") {
			return nil, fmt.Errorf("%s: a secret does not belong into this file: set %s_FILE or %s, or use key_file or key_command", name, KeyVariable, KeyVariable)
		}
		return nil, fmt.Errorf("%s is not a key of a sweep", keys[0])
	}
	c := &Config{Every: defaultEvery, Timeout: defaultTimeout, Jobs: f.Jobs, MaxBlob: f.MaxBlob, Rules: f.Rules, dir: dir}
	c.Key = Credential{Variable: KeyVariable, File: c.path(f.KeyFile), Command: f.KeyCommand}
	c.Password = Credential{Variable: PasswordVariable, File: c.path(f.PasswordFile), Command: f.PasswordCommand}
	for i := range c.Rules {
		c.Rules[i] = c.path(c.Rules[i])
	}
	if c.Every, err = duration("every", f.Every, defaultEvery); err != nil {
		return nil, err
	}
	if c.Timeout, err = duration("timeout", f.Timeout, defaultTimeout); err != nil {
		return nil, err
	}
	if f.Jobs < 0 || f.MaxBlob < 0 {
		return nil, errors.New("jobs and max_blob cannot be negative")
	}
	if err := c.database(f.Database); err != nil {
		return nil, err
	}
	return c, c.targets(&f)
}

func duration(key, text string, without time.Duration) (time.Duration, error) {
	if text == "" {
		return without, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%s = %.40q: want a time such as 24h or 90m", key, text)
	}
	return d, nil
}

func (c *Config) database(name string) error {
	switch {
	case name == "":
		return errors.New("database is missing: a file, or postgres://USER@HOST/DATABASE")
	case !strings.Contains(name, "://"):
		c.Database = c.path(name)
		return nil
	case !strings.HasPrefix(name, "postgres://") && !strings.HasPrefix(name, "postgresql://"):
		return errors.New("database: want a file, or postgres://USER@HOST/DATABASE")
	}
	authority, _, _ := strings.Cut(strings.SplitN(name, "://", 2)[1], "/")
	if user, _, ok := strings.Cut(authority, "@"); ok && strings.Contains(user, ":") {
		return fmt.Errorf("database: a password does not belong into this file: set %s_FILE or %s, or use database_password_file", PasswordVariable, PasswordVariable)
	}
	c.Database = name
	return nil
}

func (c *Config) targets(f *configFile) error {
	if len(f.Target) == 0 {
		return errors.New("no [[target]]: nothing is to be searched")
	}
	names := map[string]bool{}
	for i, t := range f.Target {
		if t.Folder == "" {
			return fmt.Errorf("target %d: folder is missing", i+1)
		}
		folder := c.path(t.Folder)
		if t.Name == "" {
			t.Name = folder
		}
		if names[t.Name] {
			return fmt.Errorf("target %d: there are two of the name %.80q", i+1, t.Name)
		}
		names[t.Name] = true
		c.Targets = append(c.Targets, Target{t.Name, folder})
	}
	return nil
}

// path is one of the configuration: it starts at the file's folder.
func (c *Config) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.dir, p)
}
