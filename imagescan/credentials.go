package imagescan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
)

// keychain has the credentials of the Docker configuration and its helpers, and remembers them and what was sent in their
// place, so that no error can tell them.
type keychain struct {
	mu    sync.Mutex
	given []string
}

// Resolve implements authn.Keychain. The text of a helper's error is left out: it is the helper's output.
func (k *keychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	auth, err := authn.DefaultKeychain.Resolve(target)
	var config *authn.AuthConfig
	if err == nil {
		config, err = auth.Authorization()
	}
	if err != nil {
		return nil, &credentialsError{target.RegistryStr()}
	}
	k.remember(config.Password, config.Auth, config.IdentityToken, config.RegistryToken)
	return auth, nil
}

// remember keeps what no error may tell.
func (k *keychain) remember(secrets ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range secrets {
		if s != "" && !slices.Contains(k.given, s) {
			k.given = append(k.given, s)
		}
	}
}

// scrub takes out of a text what is remembered.
func (k *keychain) scrub(text string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, secret := range k.given {
		text = strings.ReplaceAll(text, secret, "****")
	}
	return text
}

// credentialsError is the error for a Docker configuration, or a helper that it names, that gives no credentials.
type credentialsError struct{ host string }

func (e *credentialsError) Error() string {
	return "the Docker configuration, or the credential helper that it names, failed to give the credentials of " + e.host
}

// DefaultRegistries are the hosts that may be asked for images when the user names none: the Docker Hub, and those that
// the Docker configuration (config.json in DOCKER_CONFIG, or in .docker of the user's folder) has credentials or a helper
// for. They are sorted. An error is that of the configuration, which is not quoted.
func DefaultRegistries() ([]string, error) {
	hosts := []string{"auth.docker.io", "docker.io", "index.docker.io", "registry-1.docker.io"}
	dir := os.Getenv("DOCKER_CONFIG")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return hosts, nil
		}
		dir = filepath.Join(home, ".docker")
	}
	file := filepath.Join(dir, "config.json")
	data, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return hosts, nil
	case err != nil:
		return nil, err
	}
	// The values stay what they are: nothing of them is read.
	var config struct {
		Auths       map[string]json.RawMessage `json:"auths"`
		CredHelpers map[string]json.RawMessage `json:"credHelpers"`
	}
	if json.Unmarshal(data, &config) != nil {
		return nil, fmt.Errorf("%s: not a Docker configuration", file)
	}
	for _, names := range []map[string]json.RawMessage{config.Auths, config.CredHelpers} {
		for n := range names {
			if host := hostOf(n); host != "" {
				hosts = append(hosts, host)
			}
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts), nil
}

// hostOf is the host of a registry as Docker configurations write them: host, host/path or a URL.
func hostOf(key string) string {
	_, rest, found := strings.Cut(key, "://")
	if !found {
		rest = key
	}
	host, _, _ := strings.Cut(rest, "/")
	return host
}
