#!/usr/bin/env bash
# Times the search of an image against peers, on an archive that all of them read.
#
#   benchmarks/image.sh [-n RUNS] [-o FILE] ARCHIVE...
#
# An ARCHIVE is what docker save writes. Without one, an image of some 500 MB is made of this machine's own programs and
# libraries (/usr/bin, /usr/lib, /usr/share): one layer, not compressed. Tools are run in turn, A B C A B C …; the archive is
# read once before. Medians of RUNS (3):
#
#   rummage       rummage image, JSON to a file; and with -j1
#   trivy, trufflehog       when they are on PATH, or $TRIVY, $TRUFFLEHOG name them: secrets alone, no network, no verification
#
# The table and the raw rows go to standard output, and to FILE: "archive tool wall-s cpu-s peak-KB exit-code", and comments
# after #. Findings are counted, not compared: peers look for other things. Needs go, python3 to write the manifest, and GNU
# time (Debian: time).
set -euo pipefail
usage() { awk 'NR > 1 { if (!sub(/^# ?/, "")) exit; print }' "$0"; exit 2; }
runs=3 out=/dev/null
while getopts n:o: option; do
	case $option in
	n) runs=$OPTARG ;;
	o) out=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
command -v /usr/bin/time >/dev/null || { echo "GNU time is needed: apt-get install time" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$root" && CGO_ENABLED=0 go build -o "$work/rummage" ./cmd/rummage)

# make_archive FILE: an image of this machine's files, in the form of docker save.
make_archive() {
	mkdir -p "$work/saved"
	(cd / && find usr/bin usr/lib usr/share -xdev -type f -size -20M -printf '%s %p\n' 2>/dev/null | sort -k2 |
		awk -v left=520000000 '$1 < left { left -= $1; sub(/^[0-9]+ /, ""); print }') >"$work/names"
	tar -C / --no-recursion -T "$work/names" -cf "$work/saved/layer.tar"
	python3 - "$work/saved" <<'P'
import hashlib, json, sys
folder = sys.argv[1]
digest = hashlib.sha256(open(folder + "/layer.tar", "rb").read()).hexdigest()
config = {"architecture": "amd64", "os": "linux", "config": {"Env": ["PATH=/usr/bin"]},
          "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest]},
          "history": [{"created": "2020-01-01T00:00:00Z", "created_by": "COPY / /"}]}
open(folder + "/config.json", "w").write(json.dumps(config))
open(folder + "/manifest.json", "w").write(json.dumps([{"Config": "config.json", "RepoTags": ["made:1"], "Layers": ["layer.tar"]}]))
P
	tar -C "$work/saved" -cf "$1" manifest.json config.json layer.tar
	rm -r "$work/saved"
}

# measure ARCHIVE TOOL COMMAND...: one row.
measure() {
	local archive=$1 tool=$2 code=0
	shift 2
	/usr/bin/time -q -f '%e %U %S %M' -o "$work/time" "$@" >"$work/out" 2>"$work/err" || code=$?
	awk -v a="$(basename "$archive")" -v t="$tool" -v c="$code" '{ print a, t, $1, $2 + $3, $4, c }' "$work/time" | tee -a "$work/rows"
}

if [ $# = 0 ]; then
	make_archive "$work/made.tar"
	set -- "$work/made.tar"
fi
trivy=${TRIVY:-$(command -v trivy || true)} trufflehog=${TRUFFLEHOG:-$(command -v trufflehog || true)}
for archive in "$@"; do
	echo "# $(basename "$archive"): $(stat -c %s "$archive") bytes" | tee -a "$work/rows"
	cat "$archive" >/dev/null
	for _ in $(seq "$runs"); do
		measure "$archive" rummage "$work/rummage" image --format json -o "$work/report" --exit-zero "docker-archive:$archive"
		measure "$archive" rummage-j1 env GOMAXPROCS=1 "$work/rummage" image -j1 --format json -o "$work/report" --exit-zero "docker-archive:$archive"
		if [ -n "$trivy" ]; then
			measure "$archive" trivy "$trivy" image --scanners secret --skip-db-update --offline-scan --skip-version-check \
				--cache-backend memory --quiet --format json --timeout 30m --input "$archive"
		fi
		if [ -n "$trufflehog" ]; then
			measure "$archive" trufflehog "$trufflehog" docker --image "file://$archive" --json --no-verification --no-update
		fi
	done
done
{
	echo "# $(date -u +%F), $(nproc) processors, $(go version | cut -d' ' -f3), $(cd "$root" && git describe --always --dirty)"
	cat "$work/rows"
	sort -k1,1 -k2,2 -k3,3n "$work/rows" | awk '/^#/ { next }
		{ k = $1 " " $2; n[k]++; wall[k, n[k]] = $3; cpu[k] += $4; if ($5 > peak[k]) peak[k] = $5; if (n[k] == 1) keys[++m] = k; code[k] = $6 }
		END {
			printf "#\n# %-30s %5s %8s %8s %8s %5s\n", "medians", "runs", "wall s", "mean cpu", "peak MB", "exit"
			for (i = 1; i <= m; i++) { k = keys[i]; printf "# %-30s %5d %8.2f %8.2f %8.0f %5d\n", k, n[k], wall[k, int((n[k] + 1) / 2)], cpu[k] / n[k], peak[k] / 1024, code[k] }
		}'
} | tee "$out"
