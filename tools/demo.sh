#!/usr/bin/env bash
# The main job on the bundled locus: scan human alpha-globin (hg38 chr16:1-300,000) with the packaged model and list the calls.
# Through Nextflow where it can run, else the command itself. Usage: tools/demo.sh OUTPUT_DIRECTORY
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:?usage: tools/demo.sh OUTPUT_DIRECTORY}

nextflow=$(command -v nextflow || true)
if [ -z "$nextflow" ] && command -v java >/dev/null && { command -v mvn >/dev/null || compgen -G "${XDG_CACHE_HOME:-$HOME/.cache}/dnabert-enhancer/nextflow-*/complete" >/dev/null; }; then
    nextflow=$root/tools/nextflow/nextflow
fi

mkdir -p "$out"
if [ -n "$nextflow" ]; then
    echo "demo: scanning the alpha-globin locus through Nextflow ($nextflow)"
    (cd "$out" && "$nextflow" run "$root/main.nf" -profile test --input "$root/assets/demo/samplesheet.csv" \
        --stride 50 --threshold strict --skip_report --outdir "$PWD" -work-dir "$PWD/work")
else
    echo "demo: Java or Maven is missing, so the command runs without Nextflow"
    mkdir -p "$out/scan"
    "$root/bin/predict" --genome "$root/assets/demo/alpha-globin.fa.gz" --threshold strict --output-prefix "$out/scan/alpha-globin"
fi
echo
python3 "$root/tools/demo_summary.py" "$out/scan/alpha-globin" "$root/assets/demo"

echo
echo "demo: the calls against FANTOM5 and ENCODE's proximal enhancer-like elements; random and GC-matched calls beside them"
"$root/bin/compare-db" --quiet --calls "$out/scan/alpha-globin.calls.bed.gz" --scanned "$out/scan/alpha-globin.scanned.bed" \
    --assembly hg38 --genome-sizes "$root/assets/demo/alpha-globin.fa.gz.fai" --genome "$root/assets/demo/alpha-globin.fa.gz" \
    --database "FANTOM5=$root/assets/demo/fantom5-enhancers.bed,preset=fantom5" "pELS=$root/assets/demo/ccre-pels.bed" \
    --controls --output-prefix "$out/compare/alpha-globin"

echo
echo "demo: the 35 variants of the locus, what each base of the enhancer HS-40 does, and what the variant that causes alpha-thalassaemia changes"
genome=$root/assets/demo/alpha-globin.fa.gz
"$root/bin/score-variants" --quiet --vcf "$root/assets/demo/variants.vcf" --genome "$genome" --output-prefix "$out/variants/alpha-globin"
grep HS-40 "$root/assets/demo/textbook-enhancers.bed" |
    "$root/bin/interpret" --quiet --genome "$genome" --regions - --output-prefix "$out/interpret/hs40"
grep -E '^#|rSNP_DeGobbi2006' "$root/assets/demo/variants.vcf" |
    "$root/bin/interpret" --quiet --genome "$genome" --vcf - --output-prefix "$out/interpret/rsnp"
"$root/bin/report" --quiet "$out/scan/alpha-globin" "$out/variants/alpha-globin" "$out/compare/alpha-globin" "$out/interpret/hs40" \
    "$out/interpret/rsnp" --title "The human alpha-globin locus" --output "$out/alpha-globin.html"
find "$out" -maxdepth 1 -type d -empty -delete # Nextflow makes a folder for every kind of result
echo "demo: open $out/alpha-globin.html in a browser: all of this on one page"
