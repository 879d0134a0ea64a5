process CUT_VARIANTS {
    tag "${meta.id}"
    label 'process_single'

    conda "${moduleDir}/environment.yml"
    container "${params.container}"

    input:
    tuple val(meta), path(genome, stageAs: 'genome/*'), path(index, stageAs: 'genome/*'), path(report, stageAs: 'report/*'), path(vcf, stageAs: 'vcf/*'), val(vcf_format), path(dbsnp, stageAs: 'dbsnp/*'), val(records), val(most)

    output:
    tuple val(meta), path("${prefix}.part-*-of-*.records", arity: '1..*'), emit: parts
    tuple val(meta), path("${prefix}.cut.run.json"), emit: record
    tuple val("${task.process}"), val('dnabert-enhancer'), eval('score-variants --version | cut -d" " -f2'), topic: versions, emit: versions_dnabert_enhancer

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: meta.id
    def variants = vcf_format == 'names' ? "--variant-list ${vcf}" : "--vcf ${vcf} ${vcf_format ? "--vcf-format ${vcf_format}" : ''}"
    """
    score-variants \\
        ${variants} \\
        --genome ${genome} \\
        ${report ? "--assembly-report ${report}" : ''} \\
        ${dbsnp ? "--dbsnp ${dbsnp}" : ''} \\
        --cut ${records} \\
        --most-parts ${most} \\
        ${args} \\
        --output-prefix '${prefix}'
    """

    stub:
    prefix = task.ext.prefix ?: meta.id
    def parts = records == 1 ? most : 1
    """
    for part in \$(seq ${parts}); do touch '${prefix}'.part-\$part-of-${parts}.records; done
    echo '{}' > '${prefix}.cut.run.json'
    """
}
