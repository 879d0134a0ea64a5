process SCORE_VARIANTS_MERGE {
    tag "${meta.id}"
    label 'process_single'

    conda "${moduleDir}/environment.yml"
    container "${task.ext.args2?.contains('--parquet') ? params.container_torch : params.container}"

    input:
    tuple val(meta), path(scores), val(panel), path(panel_scores, stageAs: 'panel/*', arity: '0..*')

    output:
    tuple val(meta), path("${prefix}.vcf.gz"), emit: vcf
    tuple val(meta), path("${prefix}.vcf.gz.tbi"), emit: index, optional: true // an unsorted VCF has none
    tuple val(meta), path("${prefix}.tsv.gz"), emit: table
    tuple val(meta), path("${prefix}.candidates.tsv"), emit: candidates
    tuple val(meta), path("${prefix}.tf-panel.tsv.gz"), emit: panel, optional: true
    tuple val(meta), path("${prefix}.tf-panel.matrix.tsv.gz"), emit: matrix, optional: true
    tuple val(meta), path("${prefix}.tf-panel.matrix.parquet"), emit: parquet, optional: true
    tuple val(meta), path("${prefix}.run.json"), emit: record
    tuple val("${task.process}"), val('dnabert-enhancer'), eval('score-variants --version | cut -d" " -f2'), topic: versions, emit: versions_dnabert_enhancer

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    def panel_args = panel ? "--tf-panel panel.tsv ${task.ext.args2 ?: ''}" : ''
    prefix = task.ext.prefix ?: meta.id
    def members = panel.collect { one -> "'${one.name}' '${one.model.replace("'", "'\\''")}'" }.join(' ')
    """
    ${panel ? "ln -s panel '${prefix}.tf-panel' && printf '%s\\t%s\\n' name model ${members} > panel.tsv" : ''}
    score-variants \\
        --merge '${prefix}' \\
        ${panel_args} \\
        ${args} \\
        --output-prefix '${prefix}'
    """

    stub:
    def args = panel ? task.ext.args2 ?: '' : ''
    prefix = task.ext.prefix ?: meta.id
    """
    for name in vcf tsv; do echo -n | gzip -n > '${prefix}'.\$name.gz; done
    touch '${prefix}.vcf.gz.tbi' '${prefix}.candidates.tsv'
    ${panel ? "for name in tf-panel tf-panel.matrix; do echo -n | gzip -n > '${prefix}'.\$name.tsv.gz; done" : ''}
    ${args.contains('--parquet') ? "touch '${prefix}.tf-panel.matrix.parquet'" : ''}
    echo '{}' > '${prefix}.run.json'
    """
}
