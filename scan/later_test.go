package scan

import (
	"context"
	"testing"

	"rummage/detect"
)

// lateSettings is a source of one file, of which it is known only after it is placed that it is one of variables.
type lateSettings struct {
	Source
	text []byte
}

func (s lateSettings) Search(_ context.Context, _ int, open func() Visitor) error {
	open().Visit(0, s.text)
	return nil
}

func (s lateSettings) Place(_ context.Context, l Lookup, emit func(Placement)) error {
	for _, id := range l.At(0, "app.conf", nil) {
		emit(Placement{Blob: 0, Path: "app.conf", Secret: id})
	}
	l.(*collector).isSettings("app.conf")
	return nil
}

func (s lateSettings) Content(BlobRef) ([]byte, error) { return s.text, nil }
func (s lateSettings) BlobID(BlobRef) string           { return "" }
func (s lateSettings) Stats() Stats                    { return Stats{Complete: true} }

// TestSettingsLate: what a place was told to hold when it was told is found there, though its file is read otherwise since.
func TestSettingsLate(t *testing.T) {
	rs, err := detect.Parse("test.toml", []byte(`
[[rules]]
id = "word"
description = "a word"
regex = '''word-([a-z]+)'''
keywords = ["word-"]
[[rules]]
id = "variable"
description = "a variable"
in = ["dotenv"]
key = '''.'''
value = '''.'''
`), detect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	res, err := Run(t.Context(), lateSettings{text: []byte("A=word-one!two\n")}, detect.New(rs), 1)
	if err != nil || len(res.Findings) != 1 || res.Findings[0].Secret.Reveal() != "one" {
		t.Fatalf("%v, %v", err, res)
	}
}

// interrupted is a source of one .env file, after whose placing the user may have had enough.
type interrupted struct {
	lateSettings
	stop           func()
	reads, placing int
}

func (s *interrupted) Place(_ context.Context, l Lookup, emit func(Placement)) error {
	for _, id := range l.At(0, ".env", nil) {
		emit(Placement{Blob: 0, Path: ".env", Secret: id})
	}
	s.placing = s.reads
	s.stop()
	return nil
}

func (s *interrupted) Content(ref BlobRef) ([]byte, error) {
	s.reads++
	return s.lateSettings.Content(ref)
}

// TestInterruptedAdvice: after an interrupt no file is read again for its remedies, and the scan says that it is not
// complete; what was found is there.
func TestInterruptedAdvice(t *testing.T) {
	rs, err := detect.Parse("test.toml", []byte("[[rules]]\nid='v'\ndescription='a variable'\nin=['dotenv']\nkey='.'\nvalue='.'\n"), detect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, stops := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		s := interrupted{lateSettings: lateSettings{text: []byte("A=one\n")}, stop: func() {}}
		if stops {
			s.stop = cancel
		}
		res, err := Run(ctx, &s, detect.New(rs), 2)
		cancel()
		if err != nil || len(res.Findings) != 1 || res.Stats.Interrupted != stops || res.Stats.Complete == stops {
			t.Fatalf("stopped: %v: %v, %+v", stops, err, res)
		}
		if read := s.reads > s.placing; read == stops {
			t.Errorf("stopped: %v: %d times read, %d of them until it was placed", stops, s.reads, s.placing)
		}
	}
}
