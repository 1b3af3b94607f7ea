#!/usr/bin/env bash
# Makes repositories of up to N commits and 3 N objects, audits each, and tells whether time stays linear in the history
# and memory within 300 MB.
#
#   benchmarks/million.sh [-n COMMITS] [-r RUNS] [-o FILE] [-k DIR]
#
# COMMITS is 100000 (a minute and 100 MB of disk); what the bar is about is 1000000. Sizes are N/100, 3N/100,
# N/10, 3N/10 and N. Each repository is made by made/ beside this script through git fast-import, has one pack and is
# removed afterwards, unless -k says where to keep it: a repository that is in DIR already is taken from there. The same
# sizes give the same repositories everywhere.
#
# FILE gets the raw rows, one a run (RUNS: 3): "commits objects pack-KB blob-bytes tool wall-s cpu-s peak-KB planted
# findings", tools being rummage and git cat-file of all objects; comments after # say how it grows. A plot of time and
# memory is drawn beside FILE, as SVG. rummage must find what was planted and nothing else. Needs git, go and GNU time
# (Debian: time).
set -euo pipefail
usage() { awk 'NR > 1 { if (!sub(/^# ?/, "")) exit; print }' "$0"; exit 2; }
commits=100000 runs=3 out='' keep=''
while getopts n:r:o:k: option; do
	case $option in
	n) commits=$OPTARG ;;
	r) runs=$OPTARG ;;
	o) out=$OPTARG ;;
	k) keep=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# = 0 ] || usage

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
raw=$work/raw
: >"$raw"
say() { printf '%s\n' "$*" | tee -a "$raw"; }
(cd "$root" && CGO_ENABLED=0 go build -o "$work/" ./cmd/rummage ./benchmarks/made ./benchmarks/plot)
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null

make() { # COMMITS DIR
	git init -q --bare -b main "$2.new"
	"$work/made" -commits "$1" 2>"$2.new/made" | git -C "$2.new" -c fastimport.unpackLimit=1 fast-import --quiet --depth=50
	mv "$2.new" "$2"
}

measure() { # TOOL COMMAND...: prints wall-s cpu-s peak-KB; a tool that fails ends it all
	local code=0
	/usr/bin/time -q -o "$work/time" -f '%e %U %S %M' "$@" >/dev/null 2>"$work/stderr" </dev/null || code=$?
	[ "$code" -le 1 ] || { echo "million: $1 exited with $code: $(head -3 "$work/stderr")" >&2; exit 1; }
	awk '{ printf "%.2f %.2f %d", $1, $2 + $3, $4 }' "$work/time"
}

say "# $(date -u +%F), $(nproc) processors ($(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)), $(go version | cut -d' ' -f3), $(git --version)"
say "# load when it began: $(cut -d' ' -f1-3 /proc/loadavg)"
say "# rummage $(git -C "$root" rev-parse --short=12 HEAD)$(git -C "$root" diff --quiet HEAD -- '*.go' go.mod rules.toml || echo ' and changes')"
say "# commits objects pack-KB blob-bytes tool wall-s cpu-s peak-KB planted findings"
for percent in 1 3 10 30 100; do
	size=$((commits * percent / 100))
	dir=${keep:-$work}/made-$size
	[ -d "$dir" ] || make "$size" "$dir"
	planted=$(sed 's/planted=\([0-9]*\).*/\1/' "$dir/made")
	bytes=$(sed 's/.*bytes=//' "$dir/made")
	counts=$(git -C "$dir" count-objects -v | awk '$1 == "in-pack:" { n = $2 } $1 == "size-pack:" { print n, $2 }')
	for run in $(seq 1 "$runs"); do
		row=$(measure git -C "$dir" cat-file --batch-all-objects --batch --unordered --buffer)
		say "$size $counts $bytes cat-file $row - -"
		row=$(measure "$work/rummage" git --no-progress -f json -o "$work/report.json" "$dir")
		found=$(grep -c '^      "fingerprint":' "$work/report.json" || true)
		say "$size $counts $bytes rummage $row $planted $found"
	done
	[ -n "$keep" ] || rm -rf "$dir"
done
say "# load when it ended: $(cut -d' ' -f1-3 /proc/loadavg)"

# Growth: medians, and the exponents of processor time between one size and the next.
awk '
/^#/ { next }
$5 == "rummage" && $9 != $10 { wrong = wrong sprintf("# WRONG: of %d planted secrets there are %d findings, at %d commits\n", $9, $10, $1) }
{
	if (!($1 in known)) { known[$1]; sizes[++n] = $1; objects[$1] = $2; bytes[$1] = $4 }
	i = ++count[$1, $5]; wall[$1, $5, i] = $6; cpu[$1, $5, i] = $7
	if ($8 > peak[$1, $5]) peak[$1, $5] = $8
}
function median(of, s, t,    k, i, j, v, x) {
	k = count[s, t]
	for (i = 1; i <= k; i++) v[i] = of == "wall" ? wall[s, t, i] : cpu[s, t, i]
	for (i = 2; i <= k; i++) for (j = i; j > 1 && v[j - 1] > v[j]; j--) { x = v[j]; v[j] = v[j - 1]; v[j - 1] = x }
	return k % 2 ? v[(k + 1) / 2] : (v[k / 2] + v[k / 2 + 1]) / 2
}
function exponent(cost, size) { return last > 0 && cost > 0 && size > 0 ? sprintf("%.2f", log(cost / last) / log(size)) : "-" }
END {
	for (a = 2; a <= n; a++) for (b = a; b > 1 && sizes[b - 1] > sizes[b]; b--) { s = sizes[b]; sizes[b] = sizes[b - 1]; sizes[b - 1] = s }
	printf "#\n# rummage, medians; exponents are of processor seconds against what there is more of than in the row above, 1 is linear\n"
	printf "# %8s %8s %8s %8s %8s %8s %10s %8s %13s %12s %14s\n", "commits", "objects", "blob MB", "wall s", "cpu s", "peak MB", "us/commit", "ns/byte", "cpu/cat-file", "exp(commits)", "exp(blob bytes)"
	for (a = 1; a <= n; a++) {
		s = sizes[a]; w = median("wall", s, "rummage"); c = median("cpu", s, "rummage"); g = median("cpu", s, "cat-file")
		printf "# %8d %8d %8.0f %8.2f %8.2f %8.0f %10.0f %8.1f %13s %12s %14s\n", s, objects[s], bytes[s] / 1e6, w, c, peak[s, "rummage"] / 1024, c * 1e6 / s, c * 1e9 / bytes[s], (g > 0 ? sprintf("%.2f", c / g) : "-"), exponent(c, a > 1 ? s / sizes[a - 1] : 0), exponent(c, a > 1 ? bytes[s] / bytes[sizes[a - 1]] : 0)
		last = c
	}
	top = peak[sizes[n], "rummage"] / 1024
	printf "# memory at %d commits: %.0f MB, %s 300 MB\n%s", sizes[n], top, (top > 300 ? "MORE THAN" : "within"), wrong
}' "$raw" >"$work/growth"
cat "$work/growth"
if [ -n "$out" ]; then
	cat "$raw" "$work/growth" >"$out"
	"$work/plot" -title "A made history, audited" "$out" >"${out%.*}.svg"
fi
