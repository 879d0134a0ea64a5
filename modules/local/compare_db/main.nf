process COMPARE_DB {
    tag "${meta.id}"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"
    container "${params.container}"

    input:
    tuple val(meta), val(assembly), path(genome, stageAs: 'genome/*'), path(index, stageAs: 'genome/*'), path(report, stageAs: 'report/*'), path(calls, stageAs: 'calls/*'), path(scanned, stageAs: 'calls/*'), val(names), val(keys), path(databases, stageAs: 'databases/?/*', arity: '1..*'), path(chains, stageAs: 'chains/?/*', arity: '0..*'), path(genes, stageAs: 'genes/*')

    output:
    tuple val(meta), path("${prefix}.summary.tsv"), emit: summary
    tuple val(meta), path("${prefix}.matrix.tsv"), emit: matrix
    tuple val(meta), path("${prefix}.per_call.tsv.gz"), path("${prefix}.per_call.tsv.gz.tbi"), emit: per_call
    tuple val(meta), path("${prefix}.novel.bed.gz"), emit: novel
    tuple val(meta), path("${prefix}.controls.tsv"), emit: controls, optional: true
    tuple val(meta), path("${prefix}.sweep.tsv"), emit: sweep, optional: true
    tuple val(meta), path("${prefix}.*.{png,svg}"), emit: pictures, optional: true
    tuple val(meta), path("${prefix}.run.json"), emit: record
    tuple val("${task.process}"), val('dnabert-enhancer'), eval('compare-db --version | cut -d" " -f2'), topic: versions, emit: versions_dnabert_enhancer

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: meta.id
    def wanted = [names, databases, keys].transpose().collect { name, file, more -> "'${name}='${file}'${more}'" }.join(' ')
    """
    compare-db \\
        --calls ${calls} \\
        --scanned ${scanned} \\
        --assembly '${assembly}' \\
        --genome ${genome} \\
        ${report ? "--assembly-report ${report}" : ''} \\
        --genome-sizes ${genome}.fai \\
        --database ${wanted} \\
        ${chains ? "--chain ${chains.join(' ')}" : ''} \\
        ${genes ? "--genes ${genes}" : ''} \\
        --threads ${task.cpus} \\
        ${args} \\
        --output-prefix '${prefix}'
    """

    stub:
    prefix = task.ext.prefix ?: meta.id
    """
    touch '${prefix}.summary.tsv' '${prefix}.matrix.tsv' '${prefix}.per_call.tsv.gz.tbi'
    for name in per_call.tsv novel.bed; do echo -n | gzip -n > '${prefix}'.\$name.gz; done
    echo '{}' > '${prefix}.run.json'
    """
}
