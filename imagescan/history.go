package imagescan

import "strings"

// maxInstruction bounds an instruction as places tell it, in bytes.
const maxInstruction = 512

// instruction is what made a layer, from created_by of the history, as it would stand in a Dockerfile. Build arguments,
// which BuildKit and the legacy builder write before the command ("|1 TOKEN=… /bin/sh -c make"), are left out: their
// values are nobody's business.
func instruction(createdBy string) string {
	s := strings.TrimSpace(createdBy)
	s = strings.TrimSpace(strings.TrimSuffix(s, "# buildkit"))
	name := ""
	if rest, ok := strings.CutPrefix(s, "RUN "); ok {
		name, s = "RUN ", strings.TrimSpace(rest)
	}
	if strings.HasPrefix(s, "|") {
		const shell = "/bin/sh -c "
		i := strings.LastIndex(s, " "+shell)
		if i < 0 {
			return "RUN" // where the arguments end is not known
		}
		s = s[i+1:]
	}
	if rest, ok := strings.CutPrefix(s, "/bin/sh -c "); ok {
		s = strings.TrimSpace(rest)
		if nop, ok := strings.CutPrefix(s, "#(nop)"); ok {
			s = strings.TrimSpace(nop)
		} else {
			name = "RUN "
		}
	}
	s = strings.Join(strings.Fields(name+s), " ")
	if len(s) > maxInstruction {
		s = strings.ToValidUTF8(s[:maxInstruction], "") + "…"
	}
	return s
}

// instructions pairs the layers with the entries of the history that made them: those that are not marked as empty, in
// order. Where the numbers differ nothing is known.
func instructions(history []historyEntry, layers int) []string {
	list := make([]string, layers)
	i := 0
	for _, h := range history {
		if h.EmptyLayer {
			continue
		}
		if i < layers {
			list[i] = instruction(h.CreatedBy)
		}
		i++
	}
	if i != layers {
		return make([]string, layers)
	}
	return list
}
