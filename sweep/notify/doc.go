// Package notify tells people and programs what a sweep found that is new or has come back: by a signed webhook, to Slack, by
// mail, as an issue at GitHub, GitLab or Gitea (Forgejo), or as a SARIF upload to GitHub.
//
// A message may be sent twice, since whoever sent it may have died before saying so. Its ID is the same then, and is what the
// receiver tells a repetition by: a webhook's header, a mail's Message-ID, a mark in an issue, which is looked for first.
// Slack has nothing of the kind: a message that was sent there and whose end was not seen comes again.
//
// # Webhooks
//
// A webhook is a POST of JSON (see Payload) with these headers:
//
//	X-Rummage-Event: findings, or ping for a message without any
//	X-Rummage-Delivery: the message's ID, the same when it comes again
//	X-Rummage-Timestamp: when it was sent, in seconds since 1970
//	X-Rummage-Signature-256: sha256=HEX
//
// HEX is HMAC-SHA-256 with the channel's key over the timestamp, a full stop and the body. Who receives it computes that of the
// bytes that came, before they are parsed, compares in constant time, refuses a timestamp that is more than five minutes away
// from its own clock, and ignores a delivery that it knows (see Verify).
//
// # What is trusted
//
// Addresses, names of channels and rules are the operator's. Names of repositories, paths, commits and authors are strangers':
// they are told within bounds, without characters that move or hide others, and where the receiver has a markup they stand in
// its code, so that they link, mention and format nothing. Secrets come masked; the package never has one of a repository.
// Its own (tokens, keys, passwords, Slack's address) are read when something is sent and are in no error.
//
// Answers are bounded, redirects are not followed, and plain http and SMTP without TLS are for this machine alone. The package
// does not know the database: who calls it keeps what is to be sent, and when to try again.
//
// A Channel may be used by several goroutines.
package notify
