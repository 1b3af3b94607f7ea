//go:build !race

package gitscan_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"rummage/gitscan"
)

// Tests of mere size, which the race detector makes some ten times as slow and sees nothing in: they run without it.

// TestConditionsMany: as many files that depend on others as commits that change those, each of its own folder. What a
// change costs is what depends on it.
func TestConditionsMany(t *testing.T) {
	const n = 500
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare")
	var b bytes.Buffer
	commit := func(i int) {
		fmt.Fprintf(&b, "commit refs/heads/main\ncommitter A <a@example.com> %d +0000\ndata 1\nc\n", 1_700_000_000+i)
	}
	file := func(name, text string) {
		fmt.Fprintf(&b, "M 100644 inline %s\ndata %d\n%s\n", name, len(text), text)
	}
	commit(0)
	for i := range n {
		file(fmt.Sprintf("s%d/Dockerfile", i), "FROM a\nCOPY . .\n")
	}
	for i := range n {
		commit(1 + i)
		file(fmt.Sprintf("s%d/.env", i), fmt.Sprintf("DB_PASSWORD=kX82mQp4v%d\n", i))
	}
	git(t, dir, b.Bytes(), "fast-import", "--quiet")
	took := time.Hour
	for range 4 { // another process may have had the processors meanwhile
		if took < 8*time.Second {
			break
		}
		start := time.Now()
		found := len(scanRepo(t, dir, gitscan.Options{}, conditionRules, 2).Findings)
		if took = min(took, time.Since(start)); found != n {
			t.Fatalf("%d found", found)
		}
	}
	if t.Logf("in %v", took); took > 8*time.Second {
		t.Errorf("took %v", took)
	}
}

// TestManyNames: of a secret in more places than are told, as many as may be are followed, and the number is told.
func TestManyNames(t *testing.T) {
	client := t.TempDir()
	wideTree(t, client, "mark-a\n", 100_100)
	in := pushAll(t, client)
	p := in.open(t)
	res := scanSource(t, p, markRules)
	if len(res.Findings) != 1 || len(res.Findings[0].Places) != 100_000 || p.Followed() != 100_000 {
		t.Errorf("%d findings, %d followed", len(res.Findings), p.Followed())
	}
	if len(res.Stats.Problems) != 1 || !strings.Contains(res.Stats.Problems[0].Why, "100100 places") {
		t.Error(res.Stats.Problems)
	}
}
