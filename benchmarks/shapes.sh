#!/usr/bin/env bash
# Proves the engines equal on real repositories: each is stored in every way that git knows, and audited in each, once
# looking at what versions share once, once at every blob from end to end (rummage git --verify-engine). The findings must
# be the same, byte for byte, in both engines and in every way of storing; for SHA-256, whose ids differ, in both engines.
#
#   benchmarks/shapes.sh [-a] [-r RULES] [-s SHAPE,…] [-o FILE] REPO...
#
# Of each REPO one branch is copied, with -a all refs. -r audits with other rules, such as a peer's. -o appends a line for
# each repository and shape to FILE. Exit status 1 when anything differs. Needs git, go and python3; temporary copies take
# some times a repository's size.
set -euo pipefail
usage() { awk 'NR > 1 { if (!sub(/^# ?/, "")) exit; print }' "$0"; exit 2; }
branch=--single-branch rules=() out=/dev/null
shapes=depth-1,depth-50,depth-4095,window-250,ref-deltas,many-packs,midx,bitmap,loose,sha256
while getopts ar:s:o: option; do
	case $option in
	a) branch=--mirror ;;
	r) rules=(--rules "$OPTARG") ;;
	s) shapes=$OPTARG ;;
	o) out=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || usage

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$(dirname "$0")/.." && CGO_ENABLED=0 go build -o "$work/rummage" ./cmd/rummage)

# store SHAPE DIR: stores the objects of a bare repository of one pack in another way.
store() {
	cd "$2"
	case $1 in
	depth-1) git repack -adFq --depth=1 ;;
	depth-50) git repack -adFq --depth=50 ;;
	depth-4095) git repack -adfq --depth=4095 ;;
	window-250) git repack -adfq --depth=50 --window=250 ;;
	ref-deltas) git -c repack.useDeltaBaseOffset=false repack -adfq ;;
	bitmap) git repack -adbq ;;
	many-packs | midx)
		local commits=() n=0 revs=""
		mapfile -t commits < <(git rev-list --topo-order --reverse --all)
		mkdir "$work/packs"
		for ((n = ${#commits[@]} / 12; n < ${#commits[@]} + ${#commits[@]} / 12; n += ${#commits[@]} / 12 + 1)); do
			local tip=${commits[n < ${#commits[@]} ? n : ${#commits[@]} - 1]}
			git pack-objects -q --revs "$work/packs/pack" <<<"$tip$revs" >/dev/null
			revs="$revs"$'\n'"^$tip"
		done
		git pack-objects -q --revs --all "$work/packs/pack" <<<"${revs#?}" >/dev/null
		rm -f objects/pack/*
		mv "$work"/packs/* objects/pack/
		rmdir "$work/packs"
		git fsck --connectivity-only
		[ "$1" = many-packs ] || git multi-pack-index write
		;;
	loose)
		mv objects/pack "$work/whole"
		mkdir objects/pack
		for pack in "$work"/whole/*.pack; do git unpack-objects -q <"$pack"; done
		rm -rf "$work/whole"
		;;
	*) echo "no shape is called $1" >&2; exit 2 ;;
	esac
}

# audit DIR FILE: the findings alone, without where and how long.
audit() {
	local code=0
	"$work/rummage" git "${rules[@]}" --verify-engine --format json -o "$work/report.json" "$1" >"$work/log" 2>&1 || code=$?
	[ "$code" -le 1 ] || { cat "$work/log" >&2; return 1; }
	python3 -c '
import json, sys
report = json.load(open(sys.argv[1]))
json.dump(report["findings"], open(sys.argv[2], "w"), indent=1)
print(len(report["findings"]), "findings,", sum(len(f["places"]) for f in report["findings"]), "places")' "$work/report.json" "$2"
}

status=0
for repo; do
	name=$(basename "${repo%/.git}" .git)
	rm -rf "$work/fair" "$work/shaped"
	git clone -q --bare --no-local $branch "$repo" "$work/fair"
	for shape in ${shapes//,/ }; do
		rm -rf "$work/shaped"
		if [ "$shape" = sha256 ]; then
			git init -q --bare --object-format=sha256 "$work/shaped"
			git -C "$work/fair" fast-export --all --reencode=yes --signed-tags=strip --tag-of-filtered-object=drop |
				git -C "$work/shaped" fast-import --quiet >/dev/null
		else
			cp -r "$work/fair" "$work/shaped"
			(store "$shape" "$work/shaped")
		fi
		said=$(audit "$work/shaped" "$work/found-$shape.json") || { said="NOT THE SAME, or not read"; status=1; }
		if [ "$shape" != sha256 ]; then
			[ -e "$work/found.json" ] || cp "$work/found-$shape.json" "$work/found.json"
			cmp -s "$work/found.json" "$work/found-$shape.json" || { said="$said, NOT THOSE OF ANOTHER SHAPE"; status=1; }
		fi
		printf '%s %s %s packs: %s\n' "$name" "$shape" "$(find "$work/shaped/objects/pack" -name '*.pack' | wc -l)" "$said" | tee -a "$out"
	done
	rm -f "$work"/found*.json
done
exit $status
