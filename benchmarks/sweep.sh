#!/usr/bin/env bash
# Times sweeps of made repositories, against the sum of plain audits of what is in them.
#
#   benchmarks/sweep.sh [-n REPOSITORIES] [-c COMMITS] [-f FORKS] [-j JOBS] [-r RUNS] [-t folder|forge] [-p] [-k DIR] [-o FILE]
#   benchmarks/sweep.sh -T FILE         the table of an earlier FILE again
#
# REPOSITORIES (1000) bare ones of COMMITS (200) each are made by fleet/ beside this script, FORKS (30) percent of them forks; -k
# says where to keep them: a fleet that is in DIR already is taken from there, and left as it is. Every run (RUNS: 1):
#
#   audits          rummage git --format json of each original, one after another: the distinct content
#   audits-par      the same, JOBS at a time with one worker each
#   clones          with -t forge: git clone --mirror of each original, one after another
#   originals       the first sweep of a folder of the originals alone, JOBS (the number of processors) at a time
#   first           the first sweep of all; then unchanged, again at once, when all are due and nothing has changed; and second,
#                   when 1 % of the repositories have got a commit
#   pg-one, pg-two  the first sweep of all on a PostgreSQL of its own, by one worker and by two, each with GOMAXPROCS=1; -p leaves
#                   it out. The server runs from a temporary directory on a free port of the loopback, with its usual fsync.
#
# The table has the ratios, with the bars of issue "Sweep an organisation"; the database's size; and what a million seen blobs
# take, by the benchmark of sweep/store. Every sweep must search all that are due without failure, and know as many open findings
# as secrets were planted, or the table says WRONG. Raw rows and table go to standard output and to FILE: "step wall-s cpu-s
# peak-KB exit-code" and comments after #. Processor time is with that of children, not with PostgreSQL's; the peak is that of the
# largest process. -t says what is swept: folders, which are
# read where they are, or a forge on this machine (madeforge/), from which everything is fetched: its own processor time and that
# of git there are not in the rows, but on the same processors. Needs git,
# go and GNU time (Debian: time); for PostgreSQL Debian's postgresql.
set -euo pipefail
usage() { awk 'NR > 1 { if (!sub(/^# ?/, "")) exit; print }' "$0"; exit 2; }
repos=1000 commits=200 forks=30 jobs=$(nproc) runs=1 target=folder postgres=yes keep='' out='' table=''
while getopts n:c:f:j:r:t:pk:o:T: option; do
	case $option in
	n) repos=$OPTARG ;;
	c) commits=$OPTARG ;;
	f) forks=$OPTARG ;;
	j) jobs=$OPTARG ;;
	r) runs=$OPTARG ;;
	t) target=$OPTARG ;;
	p) postgres='' ;;
	k) keep=$OPTARG ;;
	o) out=$OPTARG ;;
	T) table=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# = 0 ] || usage

# print_table FILE: medians of its rows, and what the bars are about, as comments.
print_table() {
	awk '
	/^# fleet: / { for (i = 3; i <= NF; i++) { split($i, part, "="); fleet[part[1]] = part[2] } }
	/^# database: / { size = $3 }
	/^# seen: / { seen = $3 }
	/^#/ || NF != 5 { next }
	{
		if (!($1 in n)) order[++steps] = $1
		i = ++n[$1]; wall[$1, i] = $2; cpu[$1, i] = $3
		if ($4 > peak[$1]) peak[$1] = $4
		code[$1] = $5
	}
	function median(of, s,    k, i, j, v, x) {
		k = n[s]
		for (i = 1; i <= k; i++) v[i] = of == "wall" ? wall[s, i] : cpu[s, i]
		for (i = 2; i <= k; i++) for (j = i; j > 1 && v[j - 1] > v[j]; j--) { x = v[j]; v[j] = v[j - 1]; v[j - 1] = x }
		return k % 2 ? v[(k + 1) / 2] : (v[k / 2] + v[k / 2 + 1]) / 2
	}
	function ratio(what, of, a, b, bar, least,    q) {
		if (!(a in n) || !(b in n)) return
		q = median(of, b) > 0 ? median(of, a) / median(of, b) : 0
		told(what ", " of, q, bar, least)
	}
	function told(what, q, bar, least,    kept) {
		kept = least ? q >= bar : q <= bar
		printf "# %-58s %9.3f", what, q
		if (bar != "") printf "   bar: at %s %s, %s", least ? "least" : "most", bar, kept ? "kept" : "MISSED"
		print ""
	}
	END {
		all = fleet["originals"] + fleet["forks"]
		printf "#\n# %-14s %4s %10s %10s %10s %8s %5s\n", "medians", "runs", "wall s", "cpu s", "cpu ms each", "peak MB", "exit"
		for (r = 1; r <= steps; r++) {
			s = order[r]; count = s ~ /^(audits|originals|clones)/ ? fleet["originals"] : all
			printf "# %-14s %4d %10.2f %10.2f %11.1f %8.0f %5d\n", s, n[s], median("wall", s), median("cpu", s), median("cpu", s) * 1000 / count, peak[s] / 1024, code[s]
		}
		print "#"
		split("wall cpu", ways, " ")
		for (i = 1; i <= 2; i++) {
			w = ways[i]
			ratio("first / audits", w, "first", "audits", i == 1 ? 1.3 : "", 0)
			if ("clones" in n) told("first / (audits + clones), " w, median(w, "first") / (median(w, "audits") + median(w, "clones")), "", 0)
			ratio("first / audits-par", w, "first", "audits-par", "", 0)
			ratio("second (1 % changed) / first", w, "second", "first", i == 1 ? 0.03 : "", 0)
			ratio("unchanged / first", w, "unchanged", "first", "", 0)
			if ("first" in n && "originals" in n && fleet["forks"] > 0) {
				of_fork = (median(w, "first") - median(w, "originals")) / fleet["forks"]; of_original = median(w, "originals") / fleet["originals"]
				told(sprintf("a fork (%.1f ms) / an original (%.1f ms), %s", of_fork * 1000, of_original * 1000, w), of_fork / of_original, i == 1 ? 0.05 : "", 0)
			}
		}
		ratio("pg-one / pg-two", "wall", "pg-one", "pg-two", 1.8, 1)
		if (size) told("database, bytes for each blob of " fleet["blobs"], size / fleet["blobs"], "", 0)
		if (seen) told("a million seen blobs in SQLite, MB", seen, 40, 0)
	}' "$1"
	grep '^# WRONG' "$1" || true
}
if [ -n "$table" ]; then print_table "$table"; exit; fi
case $target in folder | forge) ;; *) usage ;; esac
command -v /usr/bin/time >/dev/null || { echo "GNU time is needed: apt-get install time" >&2; exit 2; }

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
server='' forge=''
finish() {
	local pid
	for pid in $server $forge; do
		kill -INT "$pid" 2>/dev/null || true # PostgreSQL ends at once and orderly
		wait "$pid" 2>/dev/null || true
	done
	rm -rf "$work"
}
trap finish EXIT
raw=$work/raw
: >"$raw"
say() { printf '%s\n' "$*" | tee -a "$raw"; }
(cd "$root" && CGO_ENABLED=0 go build -o "$work/bin/" ./cmd/rummage ./benchmarks/fleet ./benchmarks/madeforge)
rummage=$work/bin/rummage
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null

# measure STEP COMMAND...: a row.
measure() {
	local step=$1 code=0
	shift
	/usr/bin/time -q -o "$work/time" -f '%e %U %S %M' "$@" >"$work/stdout" 2>"$work/stderr" </dev/null || code=$?
	say "$step $(awk '{ printf "%.2f %.2f %d", $1, $2 + $3, $4 }' "$work/time") $code"
	[ "$code" -le 1 ] || say "# WRONG: $step: $(head -1 "$work/stderr")"
}

# serve: starts the forge, or has it read the fleet again, and waits until it has.
serve() {
	[ "$target" = forge ] || return 0
	rm -f "$work/address"
	if [ -z "$forge" ]; then
		RUMMAGE_SWEEP_TOKEN=$(head -c 18 /dev/urandom | base64 | tr -d '+/=')
		export RUMMAGE_SWEEP_TOKEN
		"$work/bin/madeforge" -o "$work/address" "$work/fleet" &
		forge=$!
	else
		kill -HUP "$forge"
	fi
	until [ -e "$work/address" ]; do
		kill -0 "$forge"
		sleep 0.05
	done
}

# configure NAME FOLDER DATABASE EVERY: $work/NAME/sweep.toml, for the repositories below FOLDER, or at the forge.
configure() {
	rm -rf "${work:?}/$1"
	mkdir "$work/$1"
	"$rummage" sweep init -c "$work/$1/sweep.toml" --path "$2" >/dev/null
	if [ "$target" = forge ]; then
		sed -i '/^# The repositories below a folder/,$d' "$work/$1/sweep.toml"
		local owner owners=(originals forks)
		[ "$2" = "$work/fleet" ] || owners=("$(basename "$2")")
		for owner in "${owners[@]}"; do
			printf '[[target]]\nforge = "github"\nurl = "%s"\nowner = "%s"\n' "$(cat "$work/address")" "$owner" >>"$work/$1/sweep.toml"
		done
	fi
	sed -i -e "s|^database = .*|database = \"$3\"|" -e "s|^every = .*|every = \"$4\"|" "$work/$1/sweep.toml"
}

# sweep STEP NAME
sweep() { measure "$1" "$rummage" sweep run -c "$work/$2/sweep.toml" -j "$jobs" --exit-zero; }

# check STEP SEARCHED: what the sweep has said last. Where all are in one database, all that was planted is known.
check() {
	local said
	said=$(tail -1 "$work/stdout")
	case $said in
	"$2 "*"searched, 0 failed; $planted open findings"*) ;;
	*) say "# WRONG: $1: want $2 searched, $planted findings: $said" ;;
	esac
}

start_postgres() {
	local bin as=() port
	bin=$(dirname "$(find /usr/lib/postgresql -name initdb 2>/dev/null | sort -V | tail -1)")
	[ -x "$bin/postgres" ] || { echo "sweep.sh: PostgreSQL is not installed: apt-get install postgresql, or -p to leave it out" >&2; exit 2; }
	mkdir "$work/pg"
	chmod 755 "$work"
	(umask 077 && head -c 18 /dev/urandom | base64 >"$work/pg/password")
	if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
		chown -R postgres "$work/pg"
		as=(setpriv --reuid postgres --regid postgres --clear-groups)
	fi
	(cd "$work/pg" && "${as[@]}" "$bin/initdb" -D "$work/pg/data" -U rummage -A scram-sha-256 --pwfile "$work/pg/password" -E UTF8 --locale=C.UTF-8 >"$work/pg.log" 2>&1) ||
		{ cat "$work/pg.log" >&2; exit 1; }
	port=$((20000 + RANDOM))
	cd "$work/pg" # where the server's user may be
	"${as[@]}" "$bin/postgres" -D "$work/pg/data" -p "$port" -h 127.0.0.1 -k "$work/pg" >"$work/pg.log" 2>&1 &
	server=$!
	cd - >/dev/null
	PGPASSWORD=$(cat "$work/pg/password")
	export PGPASSWORD RUMMAGE_SWEEP_DATABASE_PASSWORD=$PGPASSWORD
	psql=("$bin/psql" -h 127.0.0.1 -p "$port" -U rummage -qAt)
	address="postgres://rummage@127.0.0.1:$port"
	for _ in $(seq 100); do
		"${psql[@]}" -d postgres -c 'SELECT 1' >/dev/null 2>&1 && return
		kill -0 "$server" 2>/dev/null || break
		sleep 0.2
	done
	cat "$work/pg.log" >&2
	exit 1
}

# workers COUNT STEP: so many sweeps of one configuration at a time, each on one processor. What one has done the others leave alone.
workers() {
	local database=workers_$1_$run
	"${psql[@]}" -d postgres -c "CREATE DATABASE $database"
	configure "$database" "$work/fleet" "$address/$database" 24h
	GOMAXPROCS=1 measure "$2" bash -c 'pids=() code=0
		for _ in $(seq "$1"); do "$2" sweep run -c "$3" -j 1 --exit-zero & pids+=($!); done
		for p in "${pids[@]}"; do wait "$p" || code=$?; done
		exit "$code"' workers "$1" "$rummage" "$work/$database/sweep.toml"
	grep -q "; $planted open findings" "$work/stdout" || say "# WRONG: $2: want $planted findings: $(tail -1 "$work/stdout")"
	say "# database of $2 on PostgreSQL: $("${psql[@]}" -d postgres -c "SELECT pg_database_size('$database')") bytes"
	"${psql[@]}" -d postgres -c "DROP DATABASE $database"
}

say "# $(date -u +%F), $(nproc) processors ($(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)), $(go version | cut -d' ' -f3), $(git --version)"
say "# load when it began: $(cut -d' ' -f1-3 /proc/loadavg)"
say "# rummage $(git -C "$root" rev-parse --short=12 HEAD)$(git -C "$root" diff --quiet HEAD -- '*.go' go.mod rules.toml || echo ' and changes')"
made=${keep:-$work}/fleet-$repos-$commits-$forks
if [ ! -e "$made/made" ]; then
	mkdir -p "$made"
	"$work/bin/fleet" -n "$repos" -commits "$commits" -forks "$forks" "$made/repositories" 2>"$work/made"
	mv "$work/made" "$made/made"
fi
say "# swept: $target, $jobs at a time"
say "# fleet: $(cat "$made/made") commits=$commits"
planted=$(sed 's/.*planted=\([0-9]*\).*/\1/' "$made/made")
originals=$(find "$made/repositories/originals" -maxdepth 1 -name '*.git' | wc -l)
[ -z "$postgres" ] || start_postgres

for run in $(seq "$runs"); do
	rm -rf "$work/fleet"
	cp -a "$made/repositories" "$work/fleet" # and so all that is read is in memory
	serve
	measure audits bash -c 'for repo in "$2"/*.git; do "$1" git --no-progress --exit-zero --format json "$repo" >/dev/null || exit 2; done' \
		audits "$rummage" "$work/fleet/originals"
	measure audits-par bash -c 'printf "%s\0" "$2"/*.git | xargs -0 -P "$3" -n 1 "$1" git --no-progress --exit-zero --format json -j 1 >/dev/null' \
		audits "$rummage" "$work/fleet/originals" "$jobs"
	if [ "$target" = forge ]; then
		mkdir -p "$work/clones"
		GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=http.extraHeader \
			GIT_CONFIG_VALUE_0="Authorization: Basic $(printf 'x:%s' "$RUMMAGE_SWEEP_TOKEN" | base64 -w0)" \
			measure clones bash -c 'for repo in "$2"/*.git; do git clone -q --mirror "$1/originals/${repo##*/}" "$3/${repo##*/}" || exit 2; done' \
			clones "$(cat "$work/address")" "$work/fleet/originals" "$work/clones"
		rm -rf "$work/clones"
	fi
	configure originals "$work/fleet/originals" sweep.db 1ms
	sweep originals originals
	check originals "$originals"
	configure all "$work/fleet" sweep.db 1ms
	sweep first all
	check first "$repos"
	[ "$run" != 1 ] || say "# database: $(cat "$work"/all/*.db* | wc -c) bytes in $(find "$work/all" -name '*.db*' | wc -l) files"
	sweep unchanged all
	check unchanged "$repos"
	say "# touched: $("$work/bin/fleet" -touch 1 -seed "$run" "$work/fleet" 2>&1)"
	serve
	sweep second all
	check second "$repos"
	if [ -n "$postgres" ]; then
		workers 1 pg-one
		workers 2 pg-two
	fi
done
say "# seen: $(cd "$root" && go test ./sweep/store -run '^$' -bench '^BenchmarkSeen$/sqlite' -benchtime 1x | awk '/^BenchmarkSeen/ { for (i = 2; i <= NF; i++) if ($i == "MB") print $(i - 1) }') MB"
say "# load when it ended: $(cut -d' ' -f1-3 /proc/loadavg)"
print_table "$raw" >"$work/table"
cat "$work/table"
[ -z "$out" ] || cat "$raw" "$work/table" >"$out"
