package advice

import "strings"

// InLayer is the remedy for a file in a layer of an image, at its absolute path there. instruction is what made the layer,
// as a Dockerfile would have it; empty: it is not known.
func InLayer(path, instruction string) string {
	var w writer
	file, _, _ := strings.Cut(path, "!/") // of what stands in an archive, the archive
	name := baseName(file)
	verb, _, _ := strings.Cut(strings.TrimSpace(instruction), " ")
	switch strings.ToUpper(verb) {
	case "COPY", "ADD":
		w.say("Leave the file out of the build, with a line in .dockerignore:")
		w.code(dockerignoreLine(name))
		w.say("If a command of the build needs it, have it mounted for that one:")
		w.code("RUN --mount=type=secret,id="+fileID(name)+",target="+shellWord(file)+" COMMAND", "docker build --secret id="+fileID(name)+",src=FILE .")
	case "RUN":
		w.say("The file was written by a command of the build. Have what it needs mounted for that command, and do not let it write it down:")
		w.code("RUN --mount=type=secret,id=" + fileID(name) + " COMMAND")
	default:
		w.say("Leave the file out of the build (.dockerignore), and have it mounted where it is needed: for a command of the build " +
			"(RUN --mount=type=secret), or for the container when it runs (docker run --env-file, secrets of compose and Swarm).")
	}
	w.say(rebuilt)
	return w.text()
}

// dockerignoreLine leaves out files of the name, wherever they stand in the context (moby/patternmatcher).
func dockerignoreLine(name string) string {
	var b strings.Builder
	b.WriteString("**/")
	for _, r := range oneLine(name) {
		if strings.ContainsRune(`*?[\`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// fileID is the id that a file's secret might have.
func fileID(file string) string {
	id := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + ('a' - 'A')
		}
		return '_'
	}, file)
	if id = strings.Trim(id, "_"); id == "" || len(id) > 40 {
		return "secret"
	}
	return id
}
