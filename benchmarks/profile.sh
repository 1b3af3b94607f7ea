#!/usr/bin/env bash
# Makes the profile that the compiler builds rummage with, cmd/rummage/default.pgo: where audits of histories spend their
# time. go build finds it by its name. It need not be made anew for every change, only when much has moved.
#
#   benchmarks/profile.sh REPO...
#
# Each REPO (bare, one pack: see engine.sh) is audited for some seconds by BenchmarkAudit; each counts the same. The figures
# of CHANGELOG.md and results/ are of the repositories that issue "The quick engine" names. Needs git and go.
set -euo pipefail
[ $# -gt 0 ] || { awk 'NR > 1 { if (!sub(/^# ?/, "")) exit; print }' "$0"; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
(cd "$root" && go test -trimpath -c -o "$tmp/audit" ./gitscan)
(cd "$root/benchmarks/profile" && go build -o "$tmp/profile" .)
n=0
for repo; do
	n=$((n + 1))
	RUMMAGE_BENCH_REPO=$(cd "$repo" && pwd) "$tmp/audit" -test.run '^$' -test.bench '^BenchmarkAudit$' -test.benchtime 10s \
		-test.cpuprofile "$tmp/$n.cpu"
done
"$tmp/profile" "$root/cmd/rummage/default.pgo" "$tmp"/*.cpu
