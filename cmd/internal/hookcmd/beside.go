package hookcmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	wholeName = "rummage"
	hookName  = "rummage-hook"
)

// Beside is the name of the program for hooks beside that of the whole program, and the other way round.
func Beside(name string) string {
	base, ext := strings.TrimSuffix(name, ".exe"), ""
	if base != name {
		ext = ".exe"
	}
	if base == hookName {
		return wholeName + ext
	}
	return hookName + ext
}

// HandOver has the whole program, which lies beside this one, run in its place. It returns when that cannot be.
func HandOver() error {
	own, err := os.Executable()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(filepath.Base(own), hookName) {
		return errors.New("this program has the hooks alone, and goes by the name of " + hookName)
	}
	program := filepath.Join(filepath.Dir(own), Beside(filepath.Base(own)))
	killAtFileLimit()
	err = syscall.Exec(program, append([]string{program}, os.Args[1:]...), os.Environ())
	tellFileLimit()
	return fmt.Errorf("%s, which has to do this, cannot be run: %w", program, err)
}
