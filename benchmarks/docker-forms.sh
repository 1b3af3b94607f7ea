#!/usr/bin/env bash
# Compares what scanners find in the labelled Docker files of testdata/labelled, form by form, and prints tables:
#
#   benchmarks/docker-forms.sh >"benchmarks/results/$(date +%F)-docker-forms.md"
#
# rummage is built from this tree and searches a repository made of the files. gitleaks is the program of that name on
# PATH or in $RUMMAGE_TEST_TOOLS. trivy's DS-0031 and BuildKit's SecretsUsedInArgOrEnv are made anew in dockerforms/
# from their descriptions. `dockerforms -differences` lists what rummage missed; the test TestLabelled does so too.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 077
gitleaks=${RUMMAGE_TEST_TOOLS:+$RUMMAGE_TEST_TOOLS/gitleaks}
[ -x "$gitleaks" ] || gitleaks=$(command -v gitleaks) || { echo "docker-forms: no gitleaks" >&2; exit 1; }
CGO_ENABLED=0 go build -o "$work/rummage" ./cmd/rummage
CGO_ENABLED=0 go build -o "$work/dockerforms" ./benchmarks/dockerforms

"$work/dockerforms" -expand "$work/files"
cp -R "$work/files" "$work/repository"
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
plain() { git -C "$work/repository" -c user.name=Ann -c user.email=ann@example.com "$@"; }
plain init -q -b main
plain add -A -f
plain commit -q -m 'Add projects'
"$work/rummage" git --no-progress --exit-zero --show-secrets --format json -o "$work/rummage.json" "$work/repository"
(cd "$work/files" && "$gitleaks" dir . --no-banner -l error --exit-code 0 -f json -r "$work/gitleaks.json")

version=$(go version -m "$gitleaks" | awk '$1 == "mod" { print $3 }')

cat <<HEAD
# Docker forms

$(date -u +%F), rummage of commit $(git rev-parse --short=12 HEAD), gitleaks $version. Made by
benchmarks/docker-forms.sh from testdata/labelled; README.md there explains the forms. A line counts as found when the
tool has a finding on it, of whatever kind; a finding on any other line is false. The checks of trivy and BuildKit are
made anew from their descriptions (benchmarks/dockerforms/peers.go) and look at Dockerfiles alone, as the tools do.
HEAD
"$work/dockerforms" -rummage "$work/rummage.json" -gitleaks "$work/gitleaks.json" "$@"
