#!/usr/bin/env bash
# Times the hooks as git runs them: the process alone, from its start to its end, on pushes that were kept as git had received
# them, with the environment that it sets. What issue "Refuse the push" asks of rummage is in the table at the end.
#
#   benchmarks/hook.sh [-n RUNS] [-p PEER_RUNS] [-m MEGABYTES] [-o FILE] REPO
#   benchmarks/hook.sh -t FILE          the table of an earlier FILE again
#
# REPO is a bare clone of redis/redis, of one branch in one pack: git clone --bare --no-local --single-branch. Pushes:
#
#   one         one commit, of two files, to the repository with one ref
#   packed      the same with 50,000 refs, packed; packed-new: to a new branch; loose, loose-new: with refs of a file each
#   planted     one commit that brings a token in, which is made when this is run
#   thousand    the last 1,000 commits of REPO
#   large       files of 2 KB to 6 MB, text and not, of MEGABYTES (500; 0 leaves it out) in all; large-loose: not packed
#   commit      pre-commit of three staged files in a clone of REPO; push: pre-push of one commit
#
# Tools run in turn, A B C A B C …; medians and 95th percentiles of RUNS (50; a tenth of that of thousand, and 3 of large), or
# PEER_RUNS (5; 0 leaves peers out):
#
#   true          what it takes to start a process at all
#   index-pack    git index-pack --stdin --fix-thin of the pushed pack, as git runs it before the hook
#   rummage       rummage-hook, as install has git run it, with no policy but more time; whole: rummage hook, of one alone
#   gitleaks, betterleaks, trufflehog       in the usual script form, a line of refs at a time, when they are on PATH, or
#                 $GITLEAKS, $BETTERLEAKS, $TRUFFLEHOG name them; without verification. Where the code of planted is 0, the
#                 token was not found. (trufflehog clones what it searches, which git forbids in a hook, unless it is told to trust.)
#
# The table and the raw rows go to standard output, and to FILE: lines of "push tool wall-ms cpu-ms peak-KB anon-KB exit-code", and
# comments after #. Processor time and peak are with children; the peak counts mapped pages of packs, anon does not, and is
# known of large alone. Needs git, go, and python3, which makes the large push and the token.
set -euo pipefail
usage() { awk 'NR > 1 { if (!sub(/^# ?/, "")) exit; print }' "$0"; exit 2; }
runs=50 peer_runs=5 megabytes=500 out='' table=''
while getopts n:p:m:o:t: option; do
	case $option in
	n) runs=$OPTARG ;;
	p) peer_runs=$OPTARG ;;
	m) megabytes=$OPTARG ;;
	o) out=$OPTARG ;;
	t) table=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))

# print_table FILE: medians of its rows, and ratios to the first tool of each push, as comments.
print_table() {
	grep -v '^#' "$1" | sort -s -k1,1 -k2,2 -k3,3n | awk '
		NR == FNR { if (!/^#/ && NF == 7 && !(($1, $2) in place)) { place[$1, $2]; order[++rows] = $1 " " $2; if (!($1 in first)) first[$1] = $2 } next }
		NF == 7 { k = $1 " " $2; i = ++n[k]; wall[k, i] = $3; cpu[k] += $4; if ($5 > peak[k]) peak[k] = $5; if ($6 > anon[k]) anon[k] = $6; code[k] = $7 }
		function rank(k, share,    i) { i = int(n[k] * share + 0.999999); return wall[k, i < 1 ? 1 : i] }
		END {
			printf "#\n# %-24s %4s %10s %10s %10s %8s %8s %8s %8s %5s\n", "", "runs", "median ms", "p95 ms", "mean cpu", "wall", "cpu", "peak MB", "anon MB", "exit"
			for (r = 1; r <= rows; r++) {
				k = order[r]; split(k, part, " "); base = part[1] " " first[part[1]]
				printf "# %-24s %4d %10.2f %10.2f %10.2f %8.2f %8.2f %8.0f %8.0f %5d\n", k, n[k], rank(k, 0.5), rank(k, 0.95), cpu[k] / n[k],
					rank(k, 0.5) / rank(base, 0.5), (cpu[k] / n[k]) / (cpu[base] / n[base]), peak[k] / 1024, anon[k] / 1024, code[k]
			}
			print "# wall, cpu: times those of the first tool of the push"
		}' "$1" -
}
if [ -n "$table" ]; then print_table "$table"; exit; fi
[ $# = 1 ] || usage

root=$(cd "$(dirname "$0")/.." && pwd)
repo=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
raw=$work/raw
: >"$raw"
say() { printf '%s\n' "$*" | tee -a "$raw"; }
(cd "$root" && CGO_ENABLED=0 go build -o "$work/" ./cmd/rummage ./cmd/rummage-hook && go build -o "$work/timed" ./benchmarks/timed)
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.org
gitleaks=${GITLEAKS:-$(command -v gitleaks || true)}
betterleaks=${BETTERLEAKS:-$(command -v betterleaks || true)}
trufflehog=${TRUFFLEHOG:-$(command -v trufflehog || true)}
cd "$work"
printf 'time = "10m"\n' >policy.toml

# keep PUSH SERVER CLIENT REFSPEC: has git receive a push, and keeps what a hook of it would have.
keep() {
	local dir=$work/$1 hook=$2/hooks/pre-receive
	mkdir -p "$dir"
	cat >"$hook" <<-HOOK
		#!/bin/sh
		cat >"$dir/lines"
		pwd >"$dir/cwd"
		cp -r "\$GIT_QUARANTINE_PATH" "$dir/objects"
		for v in GIT_OBJECT_DIRECTORY GIT_QUARANTINE_PATH; do echo "\$v=$dir/objects"; done >"$dir/env"
		env | grep -E '^(GIT_DIR|GIT_PUSH_OPTION_COUNT|GIT_ALTERNATE_OBJECT_DIRECTORIES)=' >>"$dir/env"
		exit 1
	HOOK
	chmod +x "$hook"
	git -C "$3" push -q "$2" "$4" 2>/dev/null || true
	rm "$hook"
	[ -s "$dir/lines" ] || { echo "hook.sh: the push $1 did not arrive" >&2; exit 1; }
}

# server NAME COMMIT: a repository with one ref, in one pack.
server() {
	git init -q --bare "$1"
	git -C "$repo" push -q "$work/$1" "$2:refs/heads/main"
	git -C "$1" symbolic-ref HEAD refs/heads/main
	git -C "$1" repack -adq
}

# many_refs SERVER: 50,000 more, to the last 5,000 commits.
many_refs() {
	git -C "$1" rev-list --max-count=5000 main |
		awk '{ for (i = 0; i < 10; i++) print "create refs/heads/b/" NR "-" i, $1 }' | git -C "$1" update-ref --stdin
}

# peer_hook NAME COMMAND: a hook of the usual form.
peer_hook() {
	cat >"$work/$1-hook" <<-HOOK
		#!/bin/sh
		while read -r old new ref; do
			case \$old in *[!0]*) range=\$old..\$new ;; *) range="\$new --not --all" old= ;; esac
			$2 || exit \$?
		done
	HOOK
	chmod +x "$work/$1-hook"
	peers+=("$1=$work/$1-hook")
	say "# $1 $(go version -m "$3" 2>/dev/null | awk '$1 == "mod" { print $3 }')"
}

token() { # of a form that every tool knows, with its checksum
	python3 - <<-'P'
		import random, string, zlib
		digits = string.digits + string.ascii_uppercase + string.ascii_lowercase
		text = "".join(random.choices(digits, k=30))
		n, tail = zlib.crc32(text.encode()), ""
		for _ in range(6):
		    n, d = divmod(n, 62)
		    tail = digits[d] + tail
		print("g" + "hp_" + text + tail)
	P
}

make_large() { # a stream for git fast-import
	python3 - "$megabytes" <<-'P'
		import random, sys
		out, rnd = sys.stdout.buffer, random.Random(6)
		words = [bytes(rnd.choices(b"abcdefghijklmnopqrstuvwxyz_", k=rnd.randint(2, 11))) for _ in range(20000)]
		def text(n):
		    lines, size = [], 0
		    while size < n:
		        lines.append(b" ".join(rnd.choices(words, k=rnd.randint(2, 12))) + rnd.choice([b";\n", b" = 1\n", b" {\n", b"\n"]))
		        size += len(lines[-1])
		    return b"".join(lines)
		def put(path, data):
		    global total
		    total += len(data)
		    out.write(b"M 100644 inline %s\ndata %d\n%s\n" % (path, len(data), data))
		total, n, when, changing = 0, 0, 1700000000, {}
		kinds = [(2000, 20, b"src/%d.c", text), (60000, 20, b"lib/%d.c", text), (900000, 3, b"data/%d.csv", text),
		         (4 << 20, 1, b"dump/%d.sql", text), (300000, 2, b"img/%d.bin", rnd.randbytes), (3 << 20, 1, b"img/large%d.bin", rnd.randbytes)]
		while total < int(sys.argv[1]) << 20:
		    when += 60
		    out.write(b"commit refs/heads/main\ncommitter A <a@example.org> %d +0000\ndata 4\nmore\n" % when)
		    for size, count, name, make in kinds:
		        for _ in range(count):
		            n += 1
		            data = make(int(size * rnd.uniform(0.5, 1.5)))
		            put(name % n, data)
		            if make is text and rnd.random() < 0.3:
		                changing[name % n] = data
		    for path in rnd.sample(sorted(changing), min(8, len(changing))): # deltas
		        at = rnd.randrange(len(changing[path]))
		        changing[path] = changing[path][:at] + text(200) + changing[path][at + 100:]
		        put(path, changing[path])
	P
}

say "# $(date -u +%F), $(nproc) processors ($(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)), $(go version | cut -d' ' -f3), $(git --version)"
say "# load when it began: $(cut -d' ' -f1-3 /proc/loadavg)"
say "# rummage $(git -C "$root" rev-parse --short=12 HEAD)$(git -C "$root" diff --quiet HEAD -- '*.go' go.mod rules.toml || echo ' and changes')"
say "# $(basename "$repo"): commit $(git -C "$repo" rev-parse --short=12 HEAD), $(git -C "$repo" rev-list --count HEAD) commits"
peers=()
if [ "$peer_runs" != 0 ]; then
	for t in gitleaks betterleaks; do
		[ -z "${!t}" ] || peer_hook $t "${!t} git --no-banner -l error --exit-code 1 --log-opts=\"\$range\" ." "${!t}"
	done
	[ -z "$trufflehog" ] || peer_hook trufflehog "$trufflehog git file://. --bare --trust-local-git-config \${old:+--since-commit} \$old --no-verification --no-update --fail --log-level=-1 --json" "$trufflehog"
fi
options="hook pre-receive --policy $work/policy.toml"
hook="rummage=$work/rummage-hook $options"

# turn PUSH RUNS OPTIONS... TOOL...: rows of the tools, and as many of peers as are asked for.
turn() {
	local push=$1 n=$2
	shift 2
	"$work/timed" -n "$n" "$@" | tee -a "$raw"
	case $push in one | planted | thousand) ;; *) return 0 ;; esac
	[ ${#peers[@]} = 0 ] || "$work/timed" -n "$peer_runs" -w 1 "$work/$push" "${peers[@]}" | tee -a "$raw"
}

server tip.git HEAD
git clone -q tip.git desk
printf 'more\n' >>desk/README.md
printf 'more 1\n' >>desk/redis.conf
git -C desk commit -qam one
cp -r tip.git packed.git
many_refs packed.git
cp -r packed.git loose.git
git -C packed.git pack-refs --all --prune
keep one "$work/tip.git" desk HEAD:refs/heads/main
for refs in packed loose; do
	keep $refs "$work/$refs.git" desk HEAD:refs/heads/main
	keep $refs-new "$work/$refs.git" desk HEAD:refs/heads/new
done
turn one "$runs" "$work/one" true=/bin/true "$hook" "whole=$work/rummage $options"
for push in packed packed-new loose loose-new; do turn $push "$runs" "$work/$push" true=/bin/true "$hook"; done

printf 'token = "%s"\n' "$(token)" >desk/deploy.ini
git -C desk add deploy.ini
git -C desk commit -qm planted
keep planted "$work/tip.git" desk HEAD:refs/heads/main
turn planted "$runs" "$work/planted" true=/bin/true "$hook"

old=$(git -C "$repo" rev-list HEAD | sed -n 1001p)
server before.git "$old"
keep thousand "$work/before.git" "$repo" HEAD:refs/heads/main
printf '%s\n^%s\n' "$(git -C "$repo" rev-parse HEAD)" "$old" |
	git -C "$repo" pack-objects --revs --thin --delta-base-offset --stdout -q >thousand.pack
cat >index-pack <<-SCRIPT
	#!/bin/sh
	unset GIT_QUARANTINE_PATH
	export GIT_OBJECT_DIRECTORY=$work/scratch
	exec git index-pack --stdin --fix-thin <$work/thousand.pack
SCRIPT
printf '#!/bin/sh\nrm -rf %s && mkdir -p %s/pack\n' "$work/scratch" "$work/scratch" >reset
chmod +x index-pack reset
turn thousand $(((runs + 9) / 10)) -w 1 -each "$work/reset" "$work/thousand" index-pack="$work/index-pack" "$hook"

if [ "$megabytes" != 0 ]; then
	git init -q --bare large-client.git
	make_large | git -C large-client.git fast-import --quiet
	git init -q --bare large.git
	keep large "$work/large.git" large-client.git refs/heads/main
	git -C large.git config receive.unpackLimit 1000000
	keep large-loose "$work/large.git" large-client.git refs/heads/main
	for push in large large-loose; do turn $push 3 -w 1 -anon "$work/$push" "$hook"; done
fi

# desk PUSH LINES HOOK: a hook in the work tree.
desk() {
	mkdir -p "$work/$1"
	echo "$work/desk" >"$1/cwd"
	printf 'GIT_DIR=.git\nGIT_INDEX_FILE=.git/index\n' >"$1/env"
	printf '%s' "$2" >"$1/lines"
	turn "$1" "$runs" "$work/$1" true=/bin/true "rummage=$work/rummage-hook hook $3"
}
git -C desk reset -q --hard origin/main
printf 'more\n' >>desk/README.md
printf 'int n;\n' | tee desk/src/new.c >>desk/src/server.c
git -C desk add -A
desk commit '' pre-commit
git -C desk commit -qm one
desk push "refs/heads/main $(git -C desk rev-parse HEAD) refs/heads/main $(git -C desk rev-parse HEAD~1)
" "pre-push origin file://$work/tip.git"

say "# load when it ended: $(cut -d' ' -f1-3 /proc/loadavg)"
print_table "$raw" >"$work/table"
cat "$work/table"
[ -z "$out" ] || { cd "$OLDPWD" && cat "$raw" "$work/table" >"$out"; }
