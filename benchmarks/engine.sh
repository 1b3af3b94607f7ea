#!/usr/bin/env bash
# Times a whole audit against git itself and against peers, and prints tables of ratios. What issue "The quick engine"
# asks of rummage is in these ratios.
#
#   benchmarks/engine.sh [-n RUNS] [-p PEER_RUNS] [-a] [-o FILE] REPO...
#   benchmarks/engine.sh -t FILE          the tables of an earlier FILE again
#
# Of each REPO (bare, or with a work tree) a fair copy is made first: git clone --no-local --no-checkout
# --single-branch, which is one branch in one pack. A REPO that lacks objects is skipped, with a line. With -a a REPO is
# taken as it is, with all its refs.
#
# Tools are run in turn, A B C A B C …, so that a machine whose speed drifts is drifting for all of them; the files are
# read once before. Medians of RUNS (5), or PEER_RUNS (as many; 0 leaves peers out):
#
#   cat-file      git cat-file --batch-all-objects --batch --unordered --buffer
#   git-log       git log --all --raw --no-renames -r
#   rummage       rummage git, JSON to a file; and with -j1, and -j2 where that is not the number of processors
#   gitleaks, betterleaks, trufflehog       when they are on PATH, or $GITLEAKS, $BETTERLEAKS, $TRUFFLEHOG name them;
#                 without verification, and without a network where unshare can take it away
#
# The tables and the raw rows go to standard output, and to FILE: lines of "repository tool wall-s cpu-s peak-KB
# exit-code", and comments after #. Processor seconds are those of a tool and of its children together; the peak is that
# of its largest process alone, and counts the mapped pages of packs. Needs git, go, and GNU time (Debian: time).
set -euo pipefail
usage() { awk 'NR > 1 { if (!sub(/^# ?/, "")) exit; print }' "$0"; exit 2; }
runs=5 peer_runs='' all='' out='' tables=''
while getopts n:p:ao:t: option; do
	case $option in
	n) runs=$OPTARG ;;
	p) peer_runs=$OPTARG ;;
	a) all=yes ;;
	o) out=$OPTARG ;;
	t) tables=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
peer_runs=${peer_runs:-$runs}

# print_tables FILE: medians and ratios of the rows of FILE, as comments, so that they can stand in it.
print_tables() {
	awk '
	/^#/ || NF < 6 { next }
	{
		if (!($1 in known)) { known[$1]; repos[++nrepos] = $1 }
		if (!(($1, $2) in n)) order[$1, ++tools[$1]] = $2
		i = ++n[$1, $2]
		wall[$1, $2, i] = $3; cpu[$1, $2, i] = $4
		if ($5 > peak[$1, $2]) peak[$1, $2] = $5
		if ($6 > worst[$1, $2]) worst[$1, $2] = $6
	}
	function median(what, r, t,    k, i, j, v, x) {
		k = n[r, t]
		for (i = 1; i <= k; i++) v[i] = what == "wall" ? wall[r, t, i] : cpu[r, t, i]
		for (i = 2; i <= k; i++) for (j = i; j > 1 && v[j - 1] > v[j]; j--) { x = v[j]; v[j] = v[j - 1]; v[j - 1] = x }
		return k % 2 ? v[(k + 1) / 2] : (v[k / 2] + v[k / 2 + 1]) / 2
	}
	function ratio(a, b) { return b > 0 ? sprintf("%.2f", a / b) : "-" }
	END {
		for (a = 1; a <= nrepos; a++) {
			r = repos[a]; base = median("wall", r, "cat-file"); mine = median("wall", r, "rummage"); cmine = median("cpu", r, "rummage"); cbase = median("cpu", r, "cat-file")
			printf "#\n# %s\n# %-12s %4s %8s %8s %8s %14s %13s %13s %12s %5s\n", r, "", "runs", "wall s", "cpu s", "peak MB", "wall/cat-file", "cpu/cat-file", "wall/rummage", "cpu/rummage", "exit"
			for (b = 1; b <= tools[r]; b++) {
				t = order[r, b]; w = median("wall", r, t); c = median("cpu", r, t)
				printf "# %-12s %4d %8.2f %8.2f %8.0f %14s %13s %13s %12s %5d\n", t, n[r, t], w, c, peak[r, t] / 1024, ratio(w, base), ratio(c, cbase), ratio(w, mine), ratio(c, cmine), worst[r, t]
				if (w > 0 && c > 0 && mine > 0 && cmine > 0 && t !~ /^rummage/) {
					if (!(t in count)) names[++nnames] = t
					logs[t] += log(w / mine); clogs[t] += log(c / cmine); count[t]++
				}
			}
			two = ((r, "rummage-j2") in n) ? median("wall", r, "rummage-j2") : mine
			printf "# workers: -j1/-j2 %s of wall time\n", ratio(median("wall", r, "rummage-j1"), two)
		}
		printf "#\n# geometric means of ratios to rummage\n# %-12s %12s %8s %8s\n", "", "repositories", "wall", "cpu"
		for (b = 1; b <= nnames; b++) {
			t = names[b]
			printf "# %-12s %12d %8.2f %8.2f\n", t, count[t], exp(logs[t] / count[t]), exp(clogs[t] / count[t])
		}
	}' "$1"
}
if [ -n "$tables" ]; then print_tables "$tables"; exit; fi
[ $# -gt 0 ] || usage

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
raw=$work/raw
: >"$raw"
say() { printf '%s\n' "$*" | tee -a "$raw"; }
(cd "$root" && CGO_ENABLED=0 go build -o "$work/rummage" ./cmd/rummage)
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
offline=
unshare -r -n true 2>/dev/null && offline='unshare -r -n'

gitleaks=${GITLEAKS:-$(command -v gitleaks || true)}
betterleaks=${BETTERLEAKS:-$(command -v betterleaks || true)}
trufflehog=${TRUFFLEHOG:-$(command -v trufflehog || true)}
version() { # of a Go program: its module's, else what it says itself
	local v
	v=$(go version -m "$1" 2>/dev/null | awk '$1 == "mod" { print $3 }')
	case $v in '' | '(devel)') v=$("$1" --version 2>&1 | head -1) ;; esac
	echo "$v"
}

measure() { # REPO TOOL COMMAND...: appends a row
	local repo=$1 tool=$2 code=0
	shift 2
	/usr/bin/time -q -o "$work/time" -f '%e %U %S %M' "$@" >/dev/null 2>"$work/stderr" </dev/null || code=$?
	awk -v r="$repo" -v t="$tool" -v x="$code" 'END { printf "%s %s %.2f %.2f %d %d\n", r, t, $1, $2 + $3, $4, x }' "$work/time" >>"$work/rows"
}

turn() { # NAME DIR PEERS: each tool once
	cd "$work"
	measure "$1" cat-file git -C "$2" cat-file --batch-all-objects --batch --unordered --buffer
	measure "$1" git-log git -C "$2" log --all --raw --no-renames -r
	measure "$1" rummage "$work/rummage" git --no-progress -f json -o "$work/report.json" "$2"
	measure "$1" rummage-j1 "$work/rummage" git --no-progress -j1 -f json -o "$work/report.json" "$2"
	[ "$(nproc)" = 2 ] || measure "$1" rummage-j2 "$work/rummage" git --no-progress -j2 -f json -o "$work/report.json" "$2"
	[ "$3" = yes ] || return 0
	[ -z "$gitleaks" ] || measure "$1" gitleaks $offline "$gitleaks" git --no-banner -l error -f json -r "$work/peer.json" "$2"
	[ -z "$betterleaks" ] || measure "$1" betterleaks $offline "$betterleaks" git --no-banner -l error -f json -r "$work/peer.json" "$2"
	[ -z "$trufflehog" ] || measure "$1" trufflehog $offline "$trufflehog" git "file://$2" --no-verification --no-update --log-level=-1 --json
}

bench() { # REPO
	local dir name run
	name=$(basename "$(cd "$1" && pwd)")
	case $name in .git | repo) name=$(basename "$(dirname "$(cd "$1" && pwd)")") ;; esac
	dir=$(cd "$1" && pwd)
	if [ -z "$all" ]; then
		dir=$work/$name
		if ! git clone -q --no-local --no-checkout --single-branch "$(cd "$1" && pwd)" "$dir" 2>"$work/stderr" ||
			git -C "$dir" rev-list --objects --all --missing=print | grep -q '^?'; then
			say "# $name: skipped, it cannot be cloned whole: $(head -1 "$work/stderr")"
			rm -rf "$dir"
			return
		fi
	fi
	say "# $name: commit $(git -C "$dir" rev-parse --short=12 HEAD 2>/dev/null), $(git -C "$dir" rev-list --count --all) commits," \
		"$(git -C "$dir" count-objects -v | awk '$1 == "in-pack:" || $1 == "packs:" || $1 == "size-pack:" { printf "%s %s%s", $1, $2, $1 == "size-pack:" ? " KB" : ", " }')${all:+, all refs}"
	git -C "$dir" cat-file --batch-all-objects --batch --unordered --buffer >/dev/null # warms up: it reads all of the pack
	"$work/rummage" git --no-progress -f json -o "$work/report.json" "$dir" >/dev/null 2>&1 || true
	for run in $(seq 1 "$runs"); do
		: >"$work/rows"
		turn "$name" "$dir" "$([ "$run" -le "$peer_runs" ] && echo yes)"
		tee -a "$raw" <"$work/rows"
	done
	[ -n "$all" ] || rm -rf "$dir"
}

say "# $(date -u +%F), $(nproc) processors ($(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)), $(go version | cut -d' ' -f3), $(git --version)"
say "# load when it began: $(cut -d' ' -f1-3 /proc/loadavg)"
say "# rummage $(git -C "$root" rev-parse --short=12 HEAD)$(git -C "$root" diff --quiet HEAD -- '*.go' go.mod rules.toml || echo ' and changes')"
for peer in gitleaks betterleaks trufflehog; do
	[ "$peer_runs" = 0 ] || [ -z "${!peer}" ] || say "# $peer $(version "${!peer}")"
done
for repo in "$@"; do bench "$repo"; done
say "# load when it ended: $(cut -d' ' -f1-3 /proc/loadavg)"
print_tables "$raw" >"$work/tables"
cat "$work/tables"
[ -z "$out" ] || cat "$raw" "$work/tables" >"$out"
