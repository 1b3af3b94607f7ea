// Package dockerfile reads Dockerfiles: bytes in, instructions and assignments out, each with its place in the bytes.
//
// Parse is tolerant and works line by line. Where BuildKit refuses a whole file (an unknown instruction, an ENV
// without a value, a heredoc that never ends, a line of 65 KB, a template's braces), Parse loses that one instruction,
// counts it in File.Problems and goes on. On files that BuildKit accepts, the instructions, their lines, flags,
// arguments and heredocs are the ones its parser finds; the module in oracle/ holds this package to that. Every quirk
// of that parser that decides where an instruction ends is therefore kept:
//
//   - A line continues when its last byte that is no blank or tab is the escape character, unless another escape
//     character stands before it. The next line is joined as it stands, leading blanks included: a word, and so a
//     credential, may be cut in two anywhere.
//   - Comments and empty lines inside a continuation are left out of it.
//   - Whether a line holds heredocs depends on words split with quotes: one open quotation mark anywhere in the
//     line, and `<<EOF` is plain text.
//
// What is read is a Text: bytes that know their places. A value that is broken over lines, quoted or escaped is given
// as it is meant, and Text.Span says which bytes of the file it was made from.
//
// Assignments gives what the rules judge. Shell gives the shell text of an instruction, Commands splits it. Resolve
// walks the instructions with the variables that each of them sees.
//
// The package knows bytes only: no rule, no path, no git, no build context. Whether a value is a secret, whether a
// file that COPY names is one, and what a suppression comment suppresses is judged elsewhere. It does not read the
// languages of RUN beyond the words of a POSIX shell, nor .dockerignore files.
//
// Concurrency: a File and all that it holds are read-only once Parse has returned, and may be used from any
// goroutine. They refer to the bytes given to Parse, which must not change while they are in use.
package dockerfile
