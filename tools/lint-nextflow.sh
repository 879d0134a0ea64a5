#!/usr/bin/env bash
# `nextflow lint` over the pipeline; fails on errors and on warnings (newer versions return 0 with warnings).
set -euo pipefail
cd "$(dirname "$0")/.."
nextflow=$(command -v nextflow || echo tools/nextflow/nextflow)
command -v java >/dev/null || { echo "nextflow lint: NOT RUN, Java is missing" >&2; exit 3; }
output=$("$nextflow" lint -exclude .nf-test -exclude work -exclude .venv -exclude tests main.nf nextflow.config conf functions modules subworkflows tools/nextflow/first_run 2>&1) || { echo "$output"; exit 1; }
echo "$output"
! grep -qiE '[1-9][0-9]* files? had (errors|warnings)|^Warn' <<<"$output"
