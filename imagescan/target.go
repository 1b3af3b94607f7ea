package imagescan

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Prefixes of targets that say what they are.
const (
	prefixDaemon   = "docker-daemon:"
	prefixDocker   = "docker://"
	prefixesOfPath = "oci: oci-archive: docker-archive:"
)

// Open is what a user names: a directory with an OCI layout, an archive (OCI layout, docker save, a file system;
// compressed or not), docker-daemon:REF for what the daemon has, or else a reference to an image in a registry. The
// prefixes oci:, oci-archive:, docker-archive: and docker:// leave no doubt.
func Open(name string, o RegistryOptions) (Target, error) {
	if ref, ok := strings.CutPrefix(name, prefixDaemon); ok {
		return Daemon(ref)
	}
	if ref, ok := strings.CutPrefix(name, prefixDocker); ok {
		return Registry(ref, o)
	}
	if isPath(name) {
		return OpenPath(name)
	}
	return Registry(name, o)
}

// isPath says whether a name is that of a file or directory: it is there, or it cannot be a reference.
func isPath(name string) bool {
	for prefix := range strings.FieldsSeq(prefixesOfPath) {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	if strings.HasPrefix(name, "/") || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") {
		return true
	}
	_, err := os.Stat(name)
	return err == nil
}

// Path is the path of a file or directory that a target's name means; ok is false where it means something else.
func Path(name string) (path string, ok bool) {
	if strings.HasPrefix(name, prefixDaemon) || strings.HasPrefix(name, prefixDocker) || !isPath(name) {
		return "", false
	}
	for prefix := range strings.FieldsSeq(prefixesOfPath) {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return rest, true
		}
	}
	return name, true
}

// Registry is what a registry has under a reference. Nothing is asked of it yet; an error says that the reference is none,
// or that its registry may not be asked.
func Registry(ref string, o RegistryOptions) (Target, error) {
	st, err := openRegistry(context.Background(), ref, o)
	if err != nil {
		return Target{}, err
	}
	return Target{name: ref, store: st}, nil
}

// OpenPath is an archive or a layout.
func OpenPath(name string) (Target, error) {
	path, ok := Path(name)
	if !ok {
		return Target{}, fmt.Errorf("%s: no such file or directory", name)
	}
	info, err := os.Stat(path)
	if err != nil {
		return Target{}, err
	}
	if !info.IsDir() {
		return openFile(path)
	}
	l, err := openLayout(path)
	if err != nil {
		return Target{}, err
	}
	return Target{name: path, store: l}, nil
}

// Digest is what a registry has under a reference now: its manifest's digest, of which the content is not asked. A reference that has
// a digest is answered without the registry.
func Digest(ctx context.Context, ref string, o RegistryOptions) (string, error) {
	st, err := openRegistry(ctx, ref, o)
	if err != nil {
		return "", err
	}
	digest, err := st.(*registry).digest(ctx)
	return digest, errors.Join(err, st.Close())
}

// MayAsk says why a reference may not be asked for, in one line; nil: it may.
func MayAsk(ref string, o RegistryOptions) error {
	st, err := openRegistry(context.Background(), ref, o)
	if err != nil {
		return err
	}
	return st.Close()
}
