#!/usr/bin/env bash
# The main job on the bundled locus: scan human alpha-globin (hg38 chr16:1-300,000) with the packaged model and list the calls.
# Through Nextflow where it can run, else the command itself. Usage: tools/demo.sh OUTPUT_DIRECTORY
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:?usage: tools/demo.sh OUTPUT_DIRECTORY}

nextflow=$(command -v nextflow || true)
if [ -z "$nextflow" ] && command -v java >/dev/null && { command -v mvn >/dev/null || [ -e "${XDG_CACHE_HOME:-$HOME/.cache}/dnabert-enhancer/nextflow-25.04.0/complete" ]; }; then
    nextflow=$root/tools/nextflow/nextflow
fi

mkdir -p "$out"
if [ -n "$nextflow" ]; then
    echo "demo: scanning the alpha-globin locus through Nextflow ($nextflow)"
    (cd "$out" && "$nextflow" run "$root/main.nf" -profile test --outdir "$PWD" -work-dir "$PWD/work")
else
    echo "demo: Java or Maven is missing, so the command runs without Nextflow"
    mkdir -p "$out/scan"
    "$root/bin/predict" --genome "$root/assets/demo/alpha-globin.fa.gz" --output-prefix "$out/scan/alpha-globin"
fi
echo
echo "Calls at alpha-globin (the textbook enhancers are in assets/demo/README.md):"
python3 - "$out/scan/alpha-globin.calls.bed.gz" <<'PYTHON'
import gzip, sys
rows = [line.rstrip("\n").split("\t") for line in gzip.open(sys.argv[1], "rt")]
header = [row for row in rows if row[0].startswith("#")][-1:]
calls = [row for row in rows if not row[0].startswith("#")]
best = sorted(sorted(calls, key=lambda row: -int(row[4]))[:12], key=lambda row: int(row[1]))
for row in header + best:
    print("  " + "\t".join(row))
print(f"  ({len(best)} best of {len(calls)} calls)")
PYTHON
echo "Track, calls, scanned regions and the run's record: $out/scan/"
