process REPORT {
    tag "${meta.id}"
    label 'process_single'

    conda "${moduleDir}/environment.yml"
    container "${params.container}"

    input:
    tuple val(meta), path(scan, stageAs: 'scan/*', arity: '0..*'), path(variants, stageAs: 'variants/*', arity: '0..*'), path(interpret, stageAs: 'interpret/*', arity: '0..*'), path(interpret_variants, stageAs: 'interpret_variants/*', arity: '0..*'), path(compare, stageAs: 'compare/*', arity: '0..*'), path(dataset, stageAs: 'dataset/run/*', arity: '0..*'), path(finetune, stageAs: 'finetune/run/*', arity: '0..*'), path(fold_histories, stageAs: 'finetune/run/fold?/*', arity: '0..*'), path(tune, stageAs: 'tune/run/*', arity: '0..*'), path(evaluate, stageAs: 'evaluate/*', arity: '0..*'), path(published, stageAs: 'published/*', arity: '0..*')

    output:
    tuple val(meta), path("${prefix}.html"), emit: page
    tuple val(meta), path("${prefix}_multiqc/*_mqc.json"), emit: multiqc
    tuple val("${task.process}"), val('dnabert-enhancer'), eval('report --version | cut -d" " -f2'), topic: versions, emit: versions_dnabert_enhancer

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: meta.id
    def named = [scan: scan, variants: variants, interpret: interpret, interpret_variants: interpret_variants, compare: compare].findAll { _name, files -> files }.keySet().toList()
    // the files of a folder: it is named by the sample, as the prefixes of the others are
    def folders = [dataset: dataset, finetune: finetune, tune: tune].findAll { _name, files -> files }.keySet().toList()
    """
    for folder in ${folders.join(' ')}; do ln -s run \$folder/'${prefix}'; done

    report \\
        ${(named + folders.collect { folder -> "${folder}/'${prefix}'" } + (evaluate ? ['evaluate'] : [])).join(' ')} \\
        --title '${prefix}' \\
        ${published ? '--published published/*' : ''} \\
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
