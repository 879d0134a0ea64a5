process REPORT {
    tag "${meta.id}"
    label 'process_single'

    conda "${moduleDir}/environment.yml"
    container "${params.container}"

    input:
    tuple val(meta), path(scan, stageAs: 'scan/*', arity: '0..*'), path(variants, stageAs: 'variants/*', arity: '0..*'), path(interpret, stageAs: 'interpret/*', arity: '0..*'), path(interpret_variants, stageAs: 'interpret_variants/*', arity: '0..*'), path(compare, stageAs: 'compare/*', arity: '0..*'), path(evaluate, stageAs: 'evaluate/*', arity: '0..*')

    output:
    tuple val(meta), path("${prefix}.html"), emit: page
    tuple val(meta), path("${prefix}_multiqc/*_mqc.json"), emit: multiqc
    tuple val("${task.process}"), val('dnabert-enhancer'), eval('report --version | cut -d" " -f2'), topic: versions, emit: versions_dnabert_enhancer

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: meta.id
    def runs = [scan: scan, variants: variants, interpret: interpret, interpret_variants: interpret_variants, compare: compare, evaluate: evaluate].findAll { _name, files -> files }.keySet()
    """
    report \\
        ${runs.join(' ')} \\
        --title '${prefix}' \\
        ${args} \\
        --multiqc '${prefix}_multiqc' \\
        --output '${prefix}.html'
    """

    stub:
    prefix = task.ext.prefix ?: meta.id
    """
    touch '${prefix}.html'
    mkdir '${prefix}_multiqc'
    touch '${prefix}_multiqc/dnabert_enhancer_scan_mqc.json'
    """
}
