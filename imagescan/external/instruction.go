package external

import (
	"strings"
)

// safeInstruction is the instruction of a layer's history cut down to what cannot hold a credential: the files of COPY and
// ADD, the program of a RUN, the names of variables. Build arguments (|1 TOKEN=value) go, and so does all that a command
// is told, since only the scanner that read the image knows what in it is secret.
func safeInstruction(createdBy string) string {
	text := strings.TrimSpace(clip(createdBy, maxPath))
	text = strings.TrimSpace(strings.TrimSuffix(text, "# buildkit"))
	// The builder of old writes its own instructions as comments of a command, and those that run one as the command.
	if nop, ok := strings.CutPrefix(text, "/bin/sh -c #(nop)"); ok {
		text = strings.TrimSpace(nop)
	} else if strings.HasPrefix(text, "/bin/sh -c ") || strings.HasPrefix(text, "|") {
		text = "RUN " + text
	}
	name, rest, _ := strings.Cut(text, " ")
	name = strings.ToUpper(name)
	switch name {
	case "COPY", "ADD":
		return strings.TrimSpace(name + " " + filesOnly(rest))
	case "RUN":
		return strings.TrimSpace("RUN " + programOnly(rest))
	case "ENV", "LABEL", "ARG":
		key, _, _ := strings.Cut(strings.TrimSpace(rest), "=")
		if key, _, _ = strings.Cut(key, " "); keyName().MatchString(key) && describe(key) == key {
			return name + " " + key + "=" + hidden
		}
		return name
	case "CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "ONBUILD", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR":
		return name
	}
	return ""
}

var (
	keyName     = pattern(`^[A-Za-z_][A-Za-z0-9_.-]{0,39}$`)
	programName = pattern(`^[A-Za-z0-9_./-]{1,40}$`)
)

// filesOnly keeps the words that name files. Options have values, and so have build arguments.
func filesOnly(args string) string {
	var kept []string
	for _, w := range strings.Fields(args) {
		if !strings.ContainsAny(w, "=|") && !strings.HasPrefix(w, "-") {
			kept = append(kept, w)
		}
	}
	return describe(strings.Join(kept, " "))
}

// programOnly is the first word of a command, where it is the name of a program. Before it stand build arguments, whose
// values may hold blanks, and a shell.
func programOnly(command string) string {
	if _, after, ok := strings.Cut(command, "/bin/sh -c "); ok {
		command = after
	} else if strings.HasPrefix(command, "|") {
		return "..." // another shell: where the arguments end cannot be told
	}
	words := strings.Fields(command)
	switch {
	case len(words) == 0:
		return ""
	case !programName().MatchString(words[0]) || describe(words[0]) != words[0]:
		return "..."
	case len(words) == 1:
		return words[0]
	}
	return words[0] + " ..."
}
