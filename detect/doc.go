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
//   - The fragment is the whole blob, so rules of several lines, composite rules and allowlists of lines see all of it,
//     and ^ and $ without (?m) are its ends. In a history gitleaks searches the added lines of each hunk alone.
//   - A bad regular expression, a key that gitleaks does not know and a key given twice in different case are errors
//     with a line: gitleaks panics at the first and passes over the others. minVersion is checked for its form only.
//   - What gitleaks drops because of a comment, an allowlist or a stopword is reported as suppressed.
//   - A line, for regexTarget "line" and for comments, is without its line feeds, so that ^ matches at its start, and
//     is cut 4 KiB before and behind the match. gitleaks takes all that is before for the line of a match on a last line
//     without line feed.
//   - An allowlist for all rules that has both paths and a condition AND is judged whole; gitleaks in directories goes
//     by its paths alone.
//   - A match that is empty is none; an empty secretGroup gives the whole match as the secret.
//   - Keywords are compared with A-Z taken for a-z; other alphabets in all lower or all upper case. The Kelvin sign and
//     the long s do not count as k and s in (?i).
//   - Decoded text is searched with the characters around it up to a white space and decode.Context bytes more, but
//     decode.MaxContext at most, not with the whole blob; what is decoded differs in details that package decode tells.
//   - Paths have slashes; the form with backslashes that gitleaks also tests on Windows is not tested.
//   - The start of a match is that of its first byte that is no line feed; columns are not one too high.
//   - Empty stopwords and keywords are left out.
//   - A rule of names alone has no use for keywords; gitleaks wants one of them in the file.
//
// How overlapping matches are settled: of two whose secrets overlap the one of the more specific rule stays, then the
// one with the longer secret, then that of the lower rule id. Suppressed matches give way to all others. Among
// themselves, rules of gitleaks' kind all stay, but for its "generic" rules, which give way to any other on their line.
// A better match that only stands at some paths is settled by PlacedAt.
//
// # How blobs are searched
//
// One pass finds the keywords of all rules ([rummage/detect/literal]). Where a rule's keywords are proved necessary for
// its expression ([rummage/detect/reach]), the rest of the expression is asked at each keyword (tail.go), and the
// expression itself is run on a window around those where that is promising (windows.go says why this changes nothing).
// Rules for assignments in text are handed the assignment around the keyword. Then what is encoded is decoded
// ([rummage/detect/decode]) and searched the same way.
//
// # What rules cost
//
// A [Profile] that matchers carry counts and times each step by rule. Without one its hooks are tests for nil.
//
// # Concurrency
//
// A Ruleset is immutable. A Detector may be used by any number of goroutines once its DecodeDepth is set; a Matcher
// by one at a time. Matches are values: what they point to is never changed after Match returns.
package detect
