#!/usr/bin/env bash
# Times a whole audit against peers and git itself, on repositories that you have cloned, several runs in turn so that
# a machine whose speed drifts is drifting for all of them.
#
#   benchmarks/history.sh [-n RUNS] REPO...
#
# REPO is a fair copy: git clone --no-local --no-checkout --single-branch URL DIR (one branch, one pack). Prints medians
# of wall seconds, processor seconds and peak memory, and ratios to rummage. Peers are run when they are on PATH.
# Needs GNU time (Debian: time) and python3.
set -euo pipefail
runs=5
if [ "${1:-}" = -n ]; then runs=$2; shift 2; fi
[ $# -gt 0 ] || { sed -n '2,10p' "$0"; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$root" && CGO_ENABLED=0 go build -o "$work/rummage" ./cmd/rummage)
gitleaks=$(command -v gitleaks || true)
betterleaks=$(command -v betterleaks || true)

measure() { # NAME COMMAND...: appends "name wall cpu kb"
	local name=$1; shift
	/usr/bin/time -q -o "$work/time" -f '%e %U %S %M' "$@" >/dev/null 2>&1 || true
	awk -v n="$name" 'END { print n, $1, $2 + $3, $4 }' "$work/time" >>"$work/rows"
}

echo "# $(date -u +%F) $(nproc) processors, $(go version | cut -d' ' -f3), $(git --version)"
for repo in "$@"; do
	: >"$work/rows"
	for run in $(seq 0 "$runs"); do
		[ "$run" = 1 ] && : >"$work/rows" # the first run only warms up
		measure rummage "$work/rummage" git --no-progress --format json -o "$work/report.json" "$repo"
		measure cat-file sh -c 'git -C "$1" cat-file --batch-all-objects --batch --unordered --buffer' sh "$repo"
		[ -z "$gitleaks" ] || measure gitleaks "$gitleaks" git --no-banner -l error -f json -r "$work/gl.json" "$repo"
		[ -z "$betterleaks" ] || measure betterleaks "$betterleaks" git --no-banner -l error -f json -r "$work/bl.json" "$repo"
	done
	echo "## $(basename "$repo"): $(git -C "$repo" rev-list --count --all) commits"
	python3 - "$work/rows" <<'P'
import collections, statistics, sys
rows = collections.defaultdict(list)
for line in open(sys.argv[1]):
    name, *v = line.split()
    rows[name].append([float(x) for x in v])
mine = statistics.median(r[0] for r in rows["rummage"])
print(f"{'':12} {'wall s':>8} {'min':>7} {'max':>7} {'cpu s':>8} {'peak MB':>8} {'wall/rummage':>13}")
for name, r in rows.items():
    wall = [x[0] for x in r]
    m = statistics.median(wall)
    print(f"{name:12} {m:8.2f} {min(wall):7.2f} {max(wall):7.2f} {statistics.median(x[1] for x in r):8.2f} "
          f"{max(x[2] for x in r)/1024:8.0f} {m/mine:13.2f}")
P
done
