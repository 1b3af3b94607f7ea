package imagescan

import (
	"os"
	"strings"
)

// Open is what a user names: a directory with an OCI layout, a file with an archive (OCI layout, docker save, a file
// system; compressed or not). The prefixes oci:, oci-archive: and docker-archive: say that it is one.
func OpenPath(name string) (Target, error) {
	for _, prefix := range []string{"oci:", "oci-archive:", "docker-archive:"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			name = rest
			break
		}
	}
	info, err := os.Stat(name)
	if err != nil {
		return Target{}, err
	}
	if !info.IsDir() {
		return openFile(name)
	}
	l, err := openLayout(name)
	if err != nil {
		return Target{}, err
	}
	return Target{name: name, store: l}, nil
}
