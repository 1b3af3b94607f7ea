// Package oracle compares the readers of compose and .env files with compose-go, which Compose itself reads them by.
// It has only tests. They read the files of testdata-like tables, and, when RUMMAGE_ORACLE_REPOS names git
// directories (separated by colons), every compose and .env file at the HEAD of those:
//
//	RUMMAGE_ORACLE_REPOS=/path/a/.git:/path/b.git go test -v ./...
//
// The package does not know the rest of rummage. Tests run on one goroutine.
package oracle
