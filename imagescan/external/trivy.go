package external

import (
	"slices"
	"strings"

	"rummage/scan"
)

// trivyReport is what is read of trivy's JSON (schema 2, trivy 0.74). What is left out holds raw secrets: the configuration
// of the image, with its environment, and the lines around a finding.
type trivyReport struct {
	SchemaVersion int
	Metadata      struct {
		ImageID     string
		DiffIDs     []string
		RepoDigests []string
	}
	Results []struct {
		Target  string
		Secrets []trivySecret
	}
}

type trivySecret struct {
	RuleID, Title, Severity string
	StartLine, EndLine      int
	// Match is the line with asterisks in place of the values that trivy found; others are in clear.
	Match  string
	Offset int // of the value in the file, in bytes
	Layer  struct {
		DiffID string
		// CreatedBy has build arguments and whatever a RUN says, in clear.
		CreatedBy string
	}
}

func (o *origin) trivy(data []byte) (reading, error) {
	var report trivyReport
	err := decode(data, &report)
	meta := &report.Metadata
	read := reading{digest: clip(meta.ImageID, maxText), layers: len(meta.DiffIDs)}
	for _, d := range meta.RepoDigests {
		if _, digest, ok := strings.Cut(d, "@"); ok {
			read.digest = clip(digest, maxText)
			break
		}
	}
	o.digest = read.digest
	for i := range report.Results {
		for j := range report.Results[i].Secrets {
			if e := read.add(o.trivyFinding(&report.Results[i].Secrets[j], report.Results[i].Target, meta.DiffIDs, meta.ImageID)); e != nil {
				return read, e
			}
		}
	}
	if err == nil && len(meta.DiffIDs) == 0 {
		err = errNoLayers
	}
	return read, err
}

func (o *origin) trivyFinding(s *trivySecret, target string, layers []string, imageID string) scan.Finding {
	id := clip(s.Layer.DiffID, maxText)
	file, within := inImage(target), id
	if id == "" { // in the configuration, whose target is the image's name
		file, within = configPath, imageID
	}
	f := o.finding(s.RuleID, "", within, file, decimal(s.StartLine), decimal(s.Offset))
	f.Severity, f.Description = severityOf(s.Severity), describe(s.Title)
	p := o.place(file, s.StartLine)
	p.Image.Layers = len(layers)
	key := keyOfMatch(s.Match)
	if key != "" {
		p.Match = scan.Secret(key + hidden)
	}
	if id == "" {
		// The lines are those of the configuration as trivy spells it, which nobody else can look up.
		p.Line = 0
		if key != "" {
			p.Note = key + hidden
		}
	} else {
		columnsOf(&p, 0, s.EndLine, 0)
		p.Image.DiffID = id
		p.Image.Layer = slices.Index(layers, s.Layer.DiffID) + 1
		p.Image.Instruction = safeInstruction(s.Layer.CreatedBy)
	}
	f.Places = []scan.Place{p}
	return f
}

var keyForm = pattern(`([A-Za-z_][A-Za-z0-9_.-]{0,39})["']?\s{0,4}[=:]\s{0,4}["']?\*{3,}`)

// keyOfMatch is the name before the hidden value, with an equals sign: "GITHUB_TOKEN=". Everything else of the line may
// be a credential that trivy did not find.
func keyOfMatch(match string) string {
	m := keyForm().FindStringSubmatch(clip(match, maxPath))
	if m == nil || m[1] != describe(m[1]) {
		return ""
	}
	return m[1] + "="
}
