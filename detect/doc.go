// Package detect finds credentials in bytes: a ruleset goes in, matches come out.
//
// [Parse] reads a rules file, [New] makes a [Detector] of the ruleset, each goroutine takes a [Matcher] from it, and
// [Matcher.Match] finds what stands in one blob. A match has offsets, no path, commit or line: one blob can stand at
// many places, so what a rule says about paths and commits is judged by [Detector.PlacedAt], place by place. What an
// inline comment or an allowlist suppresses is reported as suppressed, never dropped.
//
// The package knows rules and bytes. It does not know git, files, sources or reports, opens nothing, prints nothing.
//
// # Rules files
//
// A rules file is a gitleaks 8.30 configuration, with more keys. In a file that has only gitleaks' keys, matching is
// as in gitleaks but for these differences:
//
//   - The fragment is the whole blob, so rules of several lines, composite rules and allowlists of lines see all of it.
//   - A bad regular expression and an unknown key are errors with a line, neither a panic nor ignored.
//   - minVersion is checked for its form only.
//   - What gitleaks drops because of a comment, an allowlist or a stopword is reported as suppressed.
//   - A line, for regexTarget "line" and for comments, is without its line feeds, so that ^ matches at its start, and
//     is cut 4 KiB before and behind the match.
//   - A match that is empty is none; an empty secretGroup gives the whole match as the secret.
//   - Keywords are compared with A-Z taken for a-z; other alphabets in all lower or all upper case.
//   - Decoded text is searched with up to decode.Context bytes of what is around it, not with the whole blob.
//   - Paths have slashes; the form with backslashes that gitleaks also tests on Windows is not tested.
//   - The start of a match is that of its first byte that is no line feed; columns are not one too high.
//   - Empty stopwords and keywords are left out.
//
// # Concurrency
//
// A Ruleset is immutable. A Detector may be used by any number of goroutines once its DecodeDepth is set; a Matcher
// by one at a time. Matches are values: what they point to is never changed after Match returns.
package detect
