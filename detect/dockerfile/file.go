package dockerfile

import (
	"strings"

	"rummage/detect/assignment"
	"rummage/detect/placed"
)

// Bounds of what is kept of one file. A real Dockerfile comes nowhere near; what is beyond is a Problem.
const (
	MaxInstructions = 50_000
	MaxWords        = 200_000
	// maxOnBuild is how deep ONBUILD is followed into ONBUILD, which BuildKit's parser reads and its builder refuses.
	maxOnBuild = 3
)

// File is a Dockerfile as it was read.
type File struct {
	// Escape is the escape character: a backslash, or a backquote where the directive says so.
	Escape byte
	// Directives are the comments `# key=value` at the very top that the builder obeys, in order.
	Directives []Directive
	// Suppressions hold for the whole file: `# check=skip=…` at the top, `# hadolint global ignore=…` anywhere.
	Suppressions []Suppression
	// Instructions are in the order of the file. Unknown ones are among them.
	Instructions []Instruction
	Stages       []Stage
	// Comments are all comment lines outside heredocs but the directives, also those inside continued instructions.
	Comments []Comment
	// Problems say what was not understood, in the order of the file.
	Problems []Problem

	data   []byte
	byName map[string]int // stages by name in lower case; a later one of the same name wins
}

// Data is what was parsed. All spans refer to it.
func (f *File) Data() []byte { return f.data }

// text is a range of the file.
func (f *File) text(s assignment.Span) Text {
	return placed.Of(f.data, assignment.Span{Start: s.Start, End: s.End})
}

// Directive is a parser directive: `# syntax=docker/dockerfile:1`, `# escape=` and a backquote, `# check=skip=…`.
type Directive struct {
	Name  string // in lower case: syntax, escape, check
	Value Text
	Line  int // 1-based
}

// Comment is one comment line.
type Comment struct {
	// Text is what follows the # (of an indented comment too), without blanks around it.
	Text Text
	Line int // 1-based
	// Inside says that the line stands within a continued instruction. The builder drops it; the file has it.
	Inside bool
	// Indented says that blanks stand before the #. BuildKit does not obey what such a comment says.
	Indented bool
}

// Problem is something that was not understood. It never holds text of the file.
type Problem struct {
	Line int // 1-based, of the instruction
	What Reason
}

// Reason names a kind of problem.
type Reason string

// The reasons.
const (
	Unknown          Reason = "unknown instruction"
	BadDirective     Reason = "directive repeated or with a value that is not allowed"
	BadPair          Reason = "name without a value"
	BadFrom          Reason = "FROM is not of the form IMAGE [AS NAME]"
	BadJSON          Reason = "JSON array holds other things than strings"
	BadQuote         Reason = "quotation mark or brace that is never closed"
	NoEnd            Reason = "heredoc without an end"
	NestedOnBuild    Reason = "ONBUILD within ONBUILD"
	NoArguments      Reason = "instruction without arguments"
	NoInstructions   Reason = "no instructions"
	TooMany          Reason = "too many instructions or words; the rest is not read"
	BadMount         Reason = "mount options are not comma-separated values"
	MissingDelimiter Reason = "pair without an equals sign among pairs that have one"
)

// Stage is a build stage: a FROM and what follows it up to the next.
type Stage struct {
	// Name is what AS gives it, in lower case; empty if nothing does.
	Name string
	// Base is the image, or the name of an earlier stage. It may hold references to global ARGs.
	Base Word
	// Parent is the index of the stage that Base names, with the defaults of ARGs filled in; -1 if it names none.
	Parent int
	// First and End are the indexes of its instructions, FROM included: [First, End).
	First, End int
	// StartLine and EndLine are the lines from FROM to the end of the last instruction, 1-based.
	StartLine, EndLine int
}

// Stage returns the index of the stage with this name, the last one if there are several, or -1. Case is ignored.
func (f *File) Stage(name string) int {
	if i, ok := f.byName[strings.ToLower(name)]; ok {
		return i
	}
	return -1
}

// Chain returns the indexes of the stages whose layers stage i is made of: itself, its parent, and so on.
func (f *File) Chain(i int) []int {
	var chain []int
	for ; i >= 0 && i < len(f.Stages); i = f.Stages[i].Parent {
		chain = append(chain, i)
	}
	return chain
}

// Var is one pair of ENV, ARG or LABEL.
type Var struct {
	Name    Text // without quotation marks
	RawName Text // as it stands
	Word         // the value; empty and at the end of the name where Set is false
	// Set is false for an ARG without a default: its value comes from outside.
	Set bool
	// Old says that the pair is of the form NAME value, without an equals sign.
	Old bool
}

// Flag is an option of an instruction: --mount=…, --from=…, --chown=….
type Flag struct {
	Name  string // without the dashes
	Value Text   // without quotation marks and escapes; empty if there is none
	Set   bool   // there is an equals sign
	Span  assignment.Span
	// Options are those of --mount, in order.
	Options []Option
}

// Option is one of the comma-separated options of --mount: type=secret, id=x, required.
type Option struct {
	Name  string // in lower case
	Value Text   // empty for an option that is only a name
	Set   bool   // there is a value, may be an empty one
}

// Option returns the last option of one of the names.
func (f *Flag) Option(names ...string) (Option, bool) {
	for i := len(f.Options) - 1; i >= 0; i-- {
		for _, n := range names {
			if f.Options[i].Name == n {
				return f.Options[i], true
			}
		}
	}
	return Option{}, false
}

// Heredoc is a document in the lines behind an instruction.
type Heredoc struct {
	// Name is the word that ends it, without quotation marks.
	Name string
	// Mark is where `<<NAME` stands in the instruction.
	Mark assignment.Span
	// FD is the file descriptor before <<, 0 if there is none.
	FD int
	// Quoted says that part of the name was quoted: references in the body are not expanded.
	Quoted bool
	// StripTabs is true for <<-: tabs that begin a line do not belong to it.
	StripTabs bool
	// Body is the text up to the line that ends it, the last line's end included.
	Body assignment.Span
	// Target is the file that COPY or ADD make of it: their destination, to which Name is to be added when it ends
	// with a slash or there are several sources. Empty in RUN; see Script.
	Target Text
}

// Instruction is one instruction.
type Instruction struct {
	// Name is in upper case. Of an unknown instruction it is the first word, cut at 64 bytes.
	Name  string
	Known bool
	// NameSpan is where the name stands.
	NameSpan assignment.Span
	// Span is the instruction, from its first byte to the end of its last line (of its heredocs), without line end.
	Span assignment.Span
	// StartLine and EndLine are its lines, 1-based, heredocs included.
	StartLine, EndLine int
	// Stage is the index of its stage, -1 before the first FROM.
	Stage int
	// Text is the whole instruction joined to one line, without heredoc bodies.
	Text Text
	// Rest is what follows name and flags, without blanks around it.
	Rest  Text
	Flags []Flag
	// JSON says that Rest is an array of strings and Args are its members.
	JSON bool
	// Args are the words. RUN, CMD, ENTRYPOINT and SHELL that are not JSON, and instructions that take one value
	// (USER, WORKDIR, MAINTAINER, STOPSIGNAL), have Rest as one word. The first word of HEALTHCHECK is CMD or NONE.
	Args []Word
	// Vars are the pairs of ENV, ARG and LABEL, which have no Args.
	Vars     []Var
	Heredocs []Heredoc
	// Comments are the comment lines directly above, as BuildKit sees them: blank lines do not matter, an empty
	// comment line forgets those before it.
	Comments []Comment
	// Suppressions are those among Comments.
	Suppressions []Suppression
	// OnBuild is what an ONBUILD holds. Flags, Args, Vars and JSON of the ONBUILD itself are empty.
	OnBuild *Instruction
}

// Flag returns the first flag of the name, nil if there is none.
func (in *Instruction) Flag(name string) *Flag {
	for i := range in.Flags {
		if in.Flags[i].Name == name {
			return &in.Flags[i]
		}
	}
	return nil
}
