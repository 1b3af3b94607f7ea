// Package command knows which arguments of command lines are credentials: hunter2 in `curl -u admin:hunter2`,
// `mysql -phunter2`, `echo hunter2 | docker login --password-stdin`, `helm upgrade --set db.password=hunter2`.
//
// What it knows stands in a table (table.go): programs by the last part of their path, their subcommands, their options
// and the positions of their arguments. Commands within commands are seen: behind sudo, env, timeout, xargs, docker
// exec, in `sh -c "…"`. Of other programs only options with telling names, as --password, are reported. A password that
// a program takes only when it is joined to its option, as mysql's -p, is not looked for in the next word.
//
// It does not know URLs with logins in them, files that are named, and what a program reads from its environment: these
// are assignments like others, or the business of rules. It never says whether a value is a secret: references,
// placeholders and hashes are reported too, and told apart by Form and by those who judge.
//
// The package knows bytes and words: no rule, no path, no git.
//
// Concurrency: a Reader belongs to one goroutine. The table is read-only.
package command
