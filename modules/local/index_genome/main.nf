process INDEX_GENOME {
    tag "${meta.id}"
    label 'process_single'

    conda "${moduleDir}/environment.yml"
    container "${params.container}"

    input:
    tuple val(meta), path(fasta, stageAs: 'given/*')

    output:
    tuple val(meta), path('genome/genome.fa{,.gz}'), path('genome/genome.fa*{.fai,.gzi,.gaps.bed}', arity: '1..3'), emit: genome
    tuple val("${task.process}"), val('dnabert-enhancer'), eval('index-genome --version | cut -d" " -f2'), topic: versions, emit: versions_dnabert_enhancer

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    """
    index-genome \\
        --genome ${fasta} \\
        ${args} \\
        --output-dir genome
    """

    stub:
    """
    mkdir genome
    touch genome/genome.fa genome/genome.fa.fai
    """
}
