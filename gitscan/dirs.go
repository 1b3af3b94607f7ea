package gitscan

import "rummage/gitscan/internal/disk"

// Dirs are the places of a repository: GitDir has HEAD and CommonDir the objects, refs and configuration; they differ in a
// linked worktree. WorkTree is empty where there is none.
type Dirs struct{ GitDir, CommonDir, WorkTree string }

// Locate finds the repository at path; with upwards, path's parents are tried as git does for the working directory.
func Locate(path string, upwards bool) (Dirs, error) {
	d, err := locate(path, upwards)
	return Dirs{d.gitDir, d.commonDir, d.workTree}, err
}

// IsGitDir reports whether a directory is what git takes for that of a repository: a bare one, or a .git.
func IsGitDir(dir string) bool { return isGitDir(dir) }

// Variable is one of a configuration file: "core.hookspath", "remote.origin.url". Section and variable are in lower case, what is
// between them is as it stands. One without a value is true.
type Variable struct{ Name, Value string }

// maxConfig bounds a configuration file that is read for single variables.
const maxConfig = 16 << 20

// ConfigFile reads the variables of one configuration file of git's, and follows no include.
func ConfigFile(file string) (vars []Variable, err error) {
	data, err := disk.OS{}.ReadSmall(file, maxConfig)
	if err != nil {
		return nil, err
	}
	entries, err := parseConfig(data)
	for _, e := range entries {
		vars = append(vars, Variable{e.name, e.value})
	}
	return vars, err
}

// IsTrue reads a boolean of a configuration file.
func IsTrue(value string) bool { return isTrue(value) }
