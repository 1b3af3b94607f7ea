package report

import (
	"fmt"
	"strings"
	"time"

	"rummage/scan"
)

// now is the moment that all tests tell ages from.
var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// Values that no provider would issue, each recognisable in an output by the word in it.
var (
	longSecret  = "not-a-real-secret-" + strings.Repeat("0", 22)
	shortSecret = "notreal7"
	keySecret   = "-----BEGIN NOT A REAL KEY-----\n" + strings.Repeat("notrealnotreal00", 3) + "\n" +
		strings.Repeat("fakefakefakefake", 3) + "\n-----END NOT A REAL KEY-----"
)

// hostile has what must never reach a terminal, a spreadsheet or a page as it is.
const hostile = "evil\x1b[31m\x07\r\n\u202egpj.\u2066\u200b\u009b2J\xff<script>alert(1)</script>&\"'`"

func commit(n int, subject string) *scan.Commit {
	return &scan.Commit{
		ID:      fmt.Sprintf("%02x", n) + strings.Repeat("ab", 19),
		Author:  "Ada Example",
		Email:   "ada@example.org",
		Date:    time.Date(2024, 3, n, 10, 0, 0, 0, time.FixedZone("", 2*3600)),
		Subject: subject,
		Message: subject + "\n\nThe whole story.\n",
	}
}

func fingerprint(n int) string { return fmt.Sprintf("f00d%028x", n) }

// sample is a report with a finding of every sort: live and removed, by name only, in a message, unreachable, of
// several lines, an exposure, with hostile text, suppressed.
func sample() *Report {
	added, moved := commit(1, "Add deployment script"), commit(5, "Move the token to the vault")
	return &Report{
		Version: "1.2.3", URL: "https://rummage.example/docs", Command: "git",
		Source:         "https://oauth2:not-a-real-secret@git.example/group/app.git",
		VersionControl: &VersionControl{URI: "git@git.example:group/app.git", Revision: commit(9, "").ID, Branch: "main"},
		Started:        now.Add(-time.Minute),
		Findings:       sampleFindings(added, moved),
		Suppressed: []scan.Finding{{
			Fingerprint: fingerprint(0xc0ffee), Rule: "generic-password", Kind: scan.KindSecret, Severity: "medium",
			Description: "Password in an assignment", Secret: "another-not-real-1", Entropy: 3.1,
			Places: []scan.Place{{Path: "test/fixture.env", Line: 2, Column: 10, EndLine: 2, EndColumn: 28,
				Introduced: added, AtTip: []string{"refs/heads/main"}, Reachable: true}},
			Suppressed: &scan.Suppression{By: "comment", Reason: "made up for the tests"},
		}},
		Stats: scan.Stats{Objects: 4321, Blobs: 2000, NonBlobs: 2321, Scanned: 1988,
			Skipped: map[scan.SkipReason]int64{scan.SkipBinary: 10, scan.SkipMissing: 2}, Bytes: 1_845_000_000, BytesBlobs: 1_845_200_000, BytesSearched: 61_000_000, Commits: 812,
			Messages: 814, Suppressed: map[string]int64{"comment": 1}, Seconds: 2.125,
			Structured: map[string]int64{"dockerfile": 12, "compose": 1, "dotenv": 1030, "dotenv-sample": 4}, NotUnderstood: 2,
			Problems:     []scan.Problem{{Where: "object " + strings.Repeat("0d", 20), Why: "named by tree 0e0e0e, but not there"}},
			ProblemCount: 2, Notices: []string{".rummage.toml in the repository is not obeyed (--repo-config)"}},
		Rules: []RuleInfo{
			{ID: "github-pat", Description: "GitHub personal access token (classic)", Kind: scan.KindSecret, Severity: "critical",
				Remedy: "Revoke it at https://github.com/settings/tokens, then look at the audit log for uses of it that are not yours.",
				Tags:   []string{"github"}, References: []string{"https://docs.github.com/en/authentication"}},
			{ID: "unused-rule", Description: "A rule that found nothing", Kind: scan.KindSecret, Severity: "high", Remedy: "Nothing to do."},
		},
	}
}

func sampleFindings(added, moved *scan.Commit) []scan.Finding {
	main, release := "refs/heads/main", "refs/heads/release/1.2"
	return []scan.Finding{
		{Fingerprint: fingerprint(5), Rule: "private-key", Kind: scan.KindSecret, Severity: "high",
			Description: "Private key", Secret: scan.Secret(keySecret), Entropy: 4.2, Remedy: "Make a new key pair.",
			Places: []scan.Place{{Path: "keys/id_rsa", Line: 1, Column: 1, EndLine: 4, EndColumn: 29, Blob: strings.Repeat("1b", 20),
				Note: "unreachable object", Match: scan.Secret(keySecret)}}},
		{Fingerprint: fingerprint(1), Rule: "github-pat", Kind: scan.KindSecret, Severity: "critical",
			Description: "GitHub personal access token (classic)", Secret: scan.Secret(longSecret), Entropy: 3.6,
			Tags:   []string{"github", "token", "github"},
			Remedy: "Revoke it at https://github.com/settings/tokens, then look at the audit log for uses of it that are not yours.",
			Places: []scan.Place{
				{Path: "scripts/deploy.sh", Line: 12, Column: 8, EndLine: 12, EndColumn: 48, Blob: strings.Repeat("2c", 20),
					Introduced: added, Removed: moved, Reachable: true, Match: scan.Secret("TOKEN=" + longSecret)},
				{Path: "scripts/deploy.sh", Line: 12, Column: 8, EndLine: 12, EndColumn: 48, Blob: strings.Repeat("2c", 20),
					Introduced: added, Removed: commit(6, "Clean up"), Reachable: true, Match: scan.Secret("TOKEN=" + longSecret)},
				{Path: "config/app.yml", Line: 3, Column: 14, EndLine: 3, EndColumn: 54, Context: "compose.environment",
					Blob: strings.Repeat("3d", 20), Introduced: commit(2, "Use token "+longSecret), AtTip: []string{release, main},
					Reachable: true, Match: scan.Secret("token: " + longSecret), Remedy: "Let the value come from a variable:\n  token: ${TOKEN:?}"},
			}},
		{Fingerprint: fingerprint(2), Rule: "generic-password", Kind: scan.KindSecret, Severity: "medium",
			Description: "Password in an assignment", Secret: scan.Secret(shortSecret), Entropy: 2.75,
			Places: []scan.Place{{Line: 3, Column: 11, EndLine: 3, EndColumn: 19, Introduced: commit(3, "set password to "+shortSecret),
				Reachable: true, Note: "commit message", Match: scan.Secret("password: " + shortSecret)}}},
		{Fingerprint: fingerprint(3), Rule: "key-store-file", Kind: scan.KindSecret, Severity: "high",
			Description: "Key store", Remedy: "Replace the keys in it.",
			Places: []scan.Place{{Path: "deploy/server key.p12", Introduced: added, AtTip: []string{main, "refs/tags/v1.0",
				"refs/remotes/origin/main", "HEAD", "refs/stash"}, Reachable: true, Blob: strings.Repeat("4e", 20)}}},
		{Fingerprint: fingerprint(4), Rule: "dockerfile-arg-secret", Kind: scan.KindExposure, Severity: "low",
			Description: "Build argument holds a secret: " + hostile, Remedy: "Take the argument out, and mount the secret for the one command that needs it (Dockerfile syntax 1.10 or later):\n  RUN --mount=type=secret,id=token,env=TOKEN " + hostile,
			Places: []scan.Place{{Path: "=cmd|' /C calc'!A0/" + hostile, Line: 4, Column: 1, EndLine: 4, EndColumn: 10,
				Context: "dockerfile.arg", Introduced: &scan.Commit{ID: strings.Repeat("5f", 20), Author: hostile,
					Email: "@" + hostile, Date: time.Unix(1<<60, 0), Subject: "-" + hostile, Message: hostile},
				Reachable: true, AtTip: []string{"refs/heads/" + hostile}}}},
	}
}
