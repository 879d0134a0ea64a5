process PREDICT_MERGE {
    tag "${meta.id}"
    label 'process_single'

    conda "${moduleDir}/environment.yml"
    container "${params.container}"

    input:
    tuple val(meta), path(scores)

    output:
    tuple val(meta), path("${prefix}.bw"), emit: track
    tuple val(meta), path("${prefix}.calls.bed.gz"), path("${prefix}.calls.bed.gz.tbi"), emit: calls
    tuple val(meta), path("${prefix}.scanned.bed"), emit: scanned
    tuple val(meta), path("${prefix}.regions.tsv"), emit: regions, optional: true
    tuple val(meta), path("${prefix}.screened.bed"), emit: screened, optional: true
    tuple val(meta), path("${prefix}.windows.tsv.gz"), emit: windows, optional: true
    tuple val(meta), path("${prefix}.run.json"), emit: record
    tuple val("${task.process}"), val('dnabert-enhancer'), eval('predict --version | cut -d" " -f2'), topic: versions, emit: versions_dnabert_enhancer

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: meta.id
    """
    predict \\
        --merge '${prefix}' \\
        ${args} \\
        --output-prefix '${prefix}'
    """

    stub:
    prefix = task.ext.prefix ?: meta.id
    """
    touch '${prefix}.bw' '${prefix}.calls.bed.gz.tbi' '${prefix}.scanned.bed'
    echo -n | gzip -n > '${prefix}.calls.bed.gz'
    echo '{}' > '${prefix}.run.json'
    """
}
