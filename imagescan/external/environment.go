package external

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// ownEnv are the variables that our own child gets, unlike another's program. Its parent would use them itself: where the
// Docker configuration is, and the home directory, without which most credential helpers find nothing; the daemon;
// proxies and authorities. What holds credentials itself (AWS_SECRET_ACCESS_KEY for a helper, say) is passed on by name
// only, as for all.
var ownEnv = []string{
	"HOME", "USERPROFILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DOCKER_CONFIG", "REGISTRY_AUTH_FILE",
	"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "DOCKER_API_VERSION",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
	"SSL_CERT_FILE", "SSL_CERT_DIR",
}

// environment is what the program gets, and the values among it that were passed on by name, which may be credentials.
// Nothing else of our environment reaches it: a CI job's has tokens in it. dir is the empty directory.
func (s *Scanner) environment(dir string) (env, values []string) {
	env = []string{"PATH=" + searchPath(os.Getenv("PATH")), "HOME=" + dir, "TMPDIR=" + dir, "LANG=C.UTF-8"}
	if runtime.GOOS == "windows" {
		env = append(env, "USERPROFILE="+dir, "LOCALAPPDATA="+dir, "APPDATA="+dir, "TMP="+dir, "TEMP="+dir,
			"PATHEXT="+os.Getenv("PATHEXT"))
	}
	if s.ours {
		for _, name := range ownEnv {
			if v := valueOf(name); v != "" {
				env = append(env, name+"="+v)
			}
		}
		env = append(env, "GOMEMLIMIT="+strconv.FormatInt(s.memory(), 10))
	}
	for _, name := range s.PassEnv {
		if v := valueOf(name); v != "" {
			env, values = append(env, name+"="+v), append(values, v)
		}
	}
	return env, values
}

func (s *Scanner) memory() int64 {
	if s.Memory > 0 {
		return s.Memory
	}
	return DefaultMemory
}

// valueOf is the value of a variable. That of DOCKER_CONFIG is, where it is not set, what it would be by default: with
// another HOME, the program could not tell.
func valueOf(name string) string {
	v := os.Getenv(name)
	if name != "DOCKER_CONFIG" {
		return v
	}
	if v == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		v = filepath.Join(home, ".docker")
		if _, err := os.Stat(v); err != nil {
			return ""
		}
	}
	abs, err := filepath.Abs(v) // the program has another working directory
	if err != nil {
		return v
	}
	return abs
}

// searchPath is PATH without what depends on the working directory.
func searchPath(path string) string {
	var kept []string
	for _, dir := range filepath.SplitList(path) {
		if filepath.IsAbs(dir) {
			kept = append(kept, dir)
		}
	}
	return strings.Join(kept, string(filepath.ListSeparator))
}
