process TUNE_MERGE {
    tag "${meta.id}"
    label 'process_single'

    conda "${moduleDir}/environment.yml"
    container "${params.container_torch}"

    input:
    tuple val(meta), path(trials, stageAs: 'trials/*')

    output:
    tuple val(meta), path("${prefix}.model"), emit: model
    tuple val(meta), path("${prefix}.trials.tsv"), emit: trials
    tuple val(meta), path("${prefix}.study.db"), emit: study
    tuple val(meta), path("${prefix}.tune.run.json"), emit: record
    tuple val("${task.process}"), val('dnabert-enhancer'), eval('tune --version | cut -d" " -f2'), topic: versions, emit: versions_dnabert_enhancer

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: meta.id
    """
    tune \\
        --merge trials/* \\
        ${args} \\
        --output-dir tuned

    mv tuned/best '${prefix}.model'
    mv tuned/trials.tsv '${prefix}.trials.tsv'
    mv tuned/study.db '${prefix}.study.db'
    mv tuned/run.json '${prefix}.tune.run.json'
    """

    stub:
    prefix = task.ext.prefix ?: meta.id
    """
    mkdir '${prefix}.model'
    echo '{}' > '${prefix}.model/enhancer_model.json'
    touch '${prefix}.trials.tsv' '${prefix}.study.db'
    echo '{}' > '${prefix}.tune.run.json'
    """
}
