package sweep

import (
	"fmt"
	"strings"
)

// Template is a configuration with comments, for the repositories below some folders.
func Template(folders []string) string {
	var b strings.Builder
	b.WriteString(`# What rummage sweeps. Paths begin at the folder of this file.

# The database: a file, or a PostgreSQL as postgres://USER@HOST/DATABASE, whose password is read from the file that
# ` + PasswordVariable + `_FILE names, or from ` + PasswordVariable + `.
database = "sweep.db"

# The key that secrets are known by in the database, which holds no secret itself. ` + KeyVariable + `_FILE and
# ` + KeyVariable + ` come before it; key_command = ["PROGRAM", "ARGUMENT"] reads it from what a program prints.
key_file = "sweep.key"

# How long until a repository is searched again, and how long one search may take.
every = "24h"
timeout = "1h"

# Repositories to search at a time. Default: as many as there are processors.
# jobs = 2

# Rule files, in place of the built-in rules.
# rules = ["rules.toml"]
`)
	for _, f := range folders {
		fmt.Fprintf(&b, "\n# The repositories below a folder: bare ones, and those of work trees.\n[[target]]\nfolder = %q\n", f)
	}
	return b.String()
}
