package sweep

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"rummage/sweep/seal"
	"rummage/sweep/store"
)

// Config is what a sweep is to do, as sweep.toml has it. Paths in it start at the file's folder.
type Config struct {
	Name     string        // tells its targets from those of other configurations of the database; may be empty
	Database string        // a file, or the address of a PostgreSQL without its password
	Key      Credential    // identifies secrets in the database
	Password Credential    // of PostgreSQL
	Every    time.Duration // until a repository is searched again
	Images   time.Duration // until images are looked into again of a repository that has not changed
	List     time.Duration // until a target is listed again, where a sweep keeps going
	Timeout  time.Duration // of the search of one repository, and of fetching it
	Jobs     int           // repositories that are searched at a time; 0: a worker for each processor
	Fetches  int           // from one host at a time, by all workers together
	MaxBlob  int           // bytes; 0: the usual
	// ShardSize is how much of a repository is searched by one worker at a time: larger ones are divided. It is in bytes of blobs
	// as they are packed.
	ShardSize int64
	Rules     []string // files; none: the built-in rules
	Targets   []Target
	Channels  []Channel
	Keep      store.Retention
	Seal      seal.Seal // encrypts secrets to be kept; nil: none is
	Listen    string    // host:port of metrics and health; empty: nowhere

	Clones     string // folder of what is fetched
	ClonesSize int64  // bytes that it may take

	dir string
}

// FileName is what the configuration is called by custom.
const FileName = "sweep.toml"

// The environment variables of a sweep's own secrets, see Credential.
const (
	KeyVariable      = "RUMMAGE_SWEEP_KEY"
	PasswordVariable = "RUMMAGE_SWEEP_DATABASE_PASSWORD"
	TokenVariable    = "RUMMAGE_SWEEP_TOKEN"
	AppKeyVariable   = "RUMMAGE_SWEEP_APP_KEY"
)

// What holds where the configuration says nothing.
const (
	defaultEvery      = 24 * time.Hour
	defaultImages     = 24 * time.Hour
	defaultList       = time.Hour
	defaultTimeout    = time.Hour
	defaultFetches    = 4
	defaultClones     = "clones"
	defaultClonesSize = 50 << 30
	defaultShardSize  = 8 << 30 // one processor searches it in two to five minutes
)

type configFile struct {
	Name            string        `toml:"name"`
	Database        string        `toml:"database"`
	KeyFile         string        `toml:"key_file"`
	KeyCommand      []string      `toml:"key_command"`
	PasswordFile    string        `toml:"database_password_file"`
	PasswordCommand []string      `toml:"database_password_command"`
	Every           string        `toml:"every"`
	ImagesEvery     string        `toml:"images_every"`
	List            string        `toml:"list"`
	Timeout         string        `toml:"timeout"`
	Jobs            int           `toml:"jobs"`
	Fetches         int           `toml:"fetches"`
	MaxBlob         int           `toml:"max_blob"`
	Rules           []string      `toml:"rules"`
	Clones          string        `toml:"clones"`
	ClonesSize      string        `toml:"clones_size"`
	ShardSize       string        `toml:"shard_size"`
	Listen          string        `toml:"listen"`
	Target          []targetFile  `toml:"target"`
	Recipients      []string      `toml:"recipients"`
	Retention       retentionFile `toml:"retention"`
	Channel         []channelFile `toml:"channel"`
}

type retentionFile struct {
	Gone       string `toml:"gone"`
	Decided    string `toml:"decided"`
	Deliveries string `toml:"deliveries"`
	Scans      string `toml:"scans"`
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
		return nil, unknownKey(keys[0])
	}
	c := &Config{Name: f.Name, Jobs: f.Jobs, Fetches: cmp.Or(f.Fetches, defaultFetches), MaxBlob: f.MaxBlob, Listen: f.Listen, Rules: f.Rules, dir: dir}
	c.Key = Credential{Variable: KeyVariable, File: c.path(f.KeyFile), Command: f.KeyCommand}
	c.Password = Credential{Variable: PasswordVariable, File: c.path(f.PasswordFile), Command: f.PasswordCommand}
	c.Clones = c.path(cmp.Or(f.Clones, defaultClones))
	for i := range c.Rules {
		c.Rules[i] = c.path(c.Rules[i])
	}
	if c.Name != "" && !isName(c.Name) {
		return nil, fmt.Errorf("name = %.40q: want letters, digits, ., _ and - alone", c.Name)
	}
	if f.Jobs < 0 || f.MaxBlob < 0 || f.Fetches < 0 {
		return nil, errors.New("jobs, fetches and max_blob cannot be negative")
	}
	if len(f.Recipients) > 0 {
		if c.Seal, err = seal.New(f.Recipients); err != nil {
			return nil, err
		}
	}
	if err := c.amounts(&f); err != nil {
		return nil, err
	}
	if err := c.database(f.Database); err != nil {
		return nil, err
	}
	if err := c.targets(f.Target); err != nil {
		return nil, err
	}
	return c, c.notifications(f.Channel)
}

// unknownKey says what is wrong with a key, which may be someone's try to write a secret down.
func unknownKey(key toml.Key) error {
	name := key[len(key)-1]
	variable := map[string]string{"key": KeyVariable, "password": PasswordVariable, "database_password": PasswordVariable, "token": TokenVariable, "app_key": AppKeyVariable}[name]
	if variable == "" {
		return fmt.Errorf("%s is not a key of a sweep", key)
	}
	return fmt.Errorf("%s: a secret does not belong into this file: set %s_FILE or %s, or use %s_file or %s_command", key, variable, variable, name, name)
}

// amounts are the times and sizes.
func (c *Config) amounts(f *configFile) (err error) {
	if c.Every, err = duration("every", f.Every, defaultEvery); err != nil {
		return err
	}
	if c.Images, err = duration("images_every", f.ImagesEvery, defaultImages); err != nil {
		return err
	}
	if c.List, err = duration("list", f.List, defaultList); err != nil {
		return err
	}
	if c.Timeout, err = duration("timeout", f.Timeout, defaultTimeout); err != nil {
		return err
	}
	if c.ClonesSize, err = size("clones_size", f.ClonesSize, defaultClonesSize); err != nil {
		return err
	}
	if c.ShardSize, err = size("shard_size", f.ShardSize, defaultShardSize); err != nil {
		return err
	}
	return c.retention(&f.Retention)
}

// retention is how long is kept what is not needed any more; "ever" is for ever.
func (c *Config) retention(f *retentionFile) (err error) {
	c.Keep = store.UsualRetention()
	for _, k := range []struct {
		key, text string
		to        *time.Duration
	}{{"gone", f.Gone, &c.Keep.Gone}, {"decided", f.Decided, &c.Keep.Decided}, {"deliveries", f.Deliveries, &c.Keep.Deliveries}, {"scans", f.Scans, &c.Keep.Scans}} {
		if k.text == "ever" {
			*k.to = 0
		} else if *k.to, err = duration("retention."+k.key, k.text, *k.to); err != nil {
			return err
		}
	}
	return nil
}

func duration(key, text string, without time.Duration) (time.Duration, error) {
	if text == "" {
		return without, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err == nil && n > 0 && n < 100_000 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%s = %.40q: want a time such as 90m, 24h or 30d", key, text)
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

// size reads an amount of bytes such as 50GB, in powers of 1024.
func size(key, text string, without int64) (int64, error) {
	if text == "" {
		return without, nil
	}
	number := strings.TrimRight(strings.ToUpper(text), "BIKMGT")
	power := strings.IndexByte("BKMGT", cmp.Or(strings.ToUpper(text)[len(number):], "B")[0])
	unit := int64(1) << (10 * max(power, 0))
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil || power < 0 || n <= 0 || n > math.MaxInt64/unit {
		return 0, fmt.Errorf("%s = %.40q: want a size such as 500MB or 50GB", key, text)
	}
	return n * unit, nil
}

// path is one of the configuration: it starts at the file's folder.
func (c *Config) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.dir, p)
}
