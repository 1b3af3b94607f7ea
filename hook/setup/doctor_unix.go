//go:build unix

package setup

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// closedTo gives the file or folder whose mode keeps others from a file: want is what they need of the file itself.
func closedTo(file string, want os.FileMode) string {
	at := realPath(file)
	for ; ; want = 0o1 {
		info, err := os.Stat(at)
		if err != nil || info.Mode().Perm()&want != want {
			return at
		}
		if at == filepath.Dir(at) {
			return ""
		}
		at = filepath.Dir(at)
	}
}

// writers are those beside owner and group who may write a file.
func writers(file string) string {
	if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o002 != 0 {
		return "everybody"
	}
	return ""
}

// readers reports whether others than its owner may read or write a file.
func readers(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().Perm()&0o077 != 0
}

// mayWrite reports whether files can be made in a folder.
func mayWrite(dir string) error {
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	return nil
}

// owners are the user whose a file is and the one that this program runs as.
func owners(file string) (owner, me int, ok bool) {
	info, err := os.Stat(file)
	if err != nil {
		return 0, 0, false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(st.Uid), os.Geteuid(), true
}
