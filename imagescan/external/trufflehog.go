package external

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"rummage/scan"
)

// trufflehogResult is what is read of a line of trufflehog's (3.97). It has no line number.
type trufflehogResult struct {
	SourceMetadata struct {
		Data struct {
			Docker struct {
				File  string `json:"file"`
				Layer string `json:"layer"` // digest of the compressed layer
			}
		}
	}
	DetectorName        string
	DetectorDescription string
	DecoderName         string
	Verified            bool
	Raw, RawV2          string
}

func (o *origin) trufflehog(data []byte) (reading, error) {
	var read reading
	for n := 1; len(data) > 0; n++ {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		if data = rest; len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var result trufflehogResult
		if err := decode(line, &result); err != nil {
			return read, fmt.Errorf("line %d: %w", n, err)
		}
		if result.DetectorName == "" {
			return read, fmt.Errorf("line %d: its report has another form", n)
		}
		if err := read.add(o.trufflehogFinding(&result)); err != nil {
			return read, err
		}
	}
	return read, nil
}

func (o *origin) trufflehogFinding(r *trufflehogResult) scan.Finding {
	docker := &r.SourceMetadata.Data.Docker
	value := secretOf(r.Raw)
	if value == "" {
		value = secretOf(r.RawV2)
	}
	// The history of the configuration, entry by entry.
	file := inImage(docker.File)
	if strings.HasPrefix(docker.File, "image-metadata:") {
		file = configPath
	}
	f := o.finding(r.DetectorName, value, clip(docker.Layer, maxText), file)
	f.Description = describe(r.DetectorDescription)
	if r.Verified {
		f.Severity = "critical"
	}
	p := o.place(file, 0)
	p.Match = f.Secret
	if docker.Layer != "" && file != configPath {
		p.Note = "layer " + clip(docker.Layer, 80)
	}
	f.Places = []scan.Place{p}
	return f
}

// logOf is what trufflehog's log says of the scan. The program ends with 0 also when it could read no layer at all, so the
// log alone tells whether it has.
type logOf struct {
	failed   string // the first error's message
	finished bool
	chunks   int64 // pieces of layers and of the history
}

// line looks at a line of the log.
func (l *logOf) line(line []byte) {
	var entry struct {
		Level  string `json:"level"`
		Msg    string `json:"msg"`
		Err    string `json:"error"`
		Chunks int64  `json:"chunks"`
	}
	if json.Unmarshal(line, &entry) != nil {
		return
	}
	switch {
	case entry.Level == "error" || entry.Level == "fatal" || entry.Level == "dpanic" || entry.Level == "panic":
		if l.failed == "" {
			l.failed = describe(strings.Join(strings.Fields(entry.Msg+": "+entry.Err), " "))
		}
	case entry.Msg == "finished scanning":
		l.finished, l.chunks = true, entry.Chunks
	}
}

// complete says why the scan is not complete.
func (l *logOf) complete() error {
	switch {
	case l.failed != "":
		return errors.New(l.failed)
	case !l.finished:
		return errors.New("did not say that it came to its end")
	case l.chunks == 0:
		return errNoLayers
	}
	return nil
}
