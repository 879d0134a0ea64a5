process SCORE_VARIANTS {
    tag "${meta.id}:${shard}/${shards}"
    label 'process_medium'
    label 'process_gpu'

    conda "${moduleDir}/environment.yml"
    container "${task.accelerator || params.backend == 'torch' ? params.container_torch : params.container}"

    input:
    tuple val(meta), path(genome, stageAs: 'genome/*'), path(index, stageAs: 'genome/*'), path(report, stageAs: 'report/*'), path(part, stageAs: 'part/*'), path(model, stageAs: 'model/*'), val(output), val(tf_names), path(tf_models, stageAs: 'tf/?/*', arity: '0..*'), val(tf_outputs), path(motifs, stageAs: 'motifs/*'), path(genes, stageAs: 'genes/*'), val(annotation_names), path(annotations, stageAs: 'annotations/?/*', arity: '0..*'), val(clinical_names), path(clinical, stageAs: 'clinical/?/*', arity: '0..*'), val(shard), val(shards)

    output:
    tuple val(meta), path("${prefix}.shard-${shard}-of-${shards}.scores"), emit: scores
    tuple val(meta), path("${prefix}.shard-${shard}-of-${shards}.run.json"), emit: record
    tuple val("${task.process}"), val('dnabert-enhancer'), eval('score-variants --version | cut -d" " -f2'), topic: versions, emit: versions_dnabert_enhancer

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: meta.id
    def tf = [tf_names, tf_models, tf_outputs].transpose().collect { name, directory, one -> "--tf '${name}='${directory}${one ? ":${one}" : ''}" }.join(' ')
    def annotate = [annotation_names, annotations].transpose().collect { name, bed -> "--annotate '${name}='${bed}" }.join(' ')
    def known = [clinical_names, clinical].transpose().collect { name, table -> "--clinical '${name}='${table}" }.join(' ')
    """
    score-variants \\
        --part ${part} \\
        --genome ${genome} \\
        ${report ? "--assembly-report ${report}" : ''} \\
        ${model ? "--model ${model}${output ? ":${output}" : ''}" : ''} \\
        ${tf} \\
        ${motifs ? "--motifs ${motifs}" : ''} \\
        ${genes ? "--genes ${genes}" : ''} \\
        ${annotate} \\
        ${known} \\
        --device ${task.accelerator ? 'cuda' : 'cpu'} \\
        --threads ${task.cpus} \\
        ${args} \\
        --output-prefix '${prefix}'
    """

    stub:
    prefix = task.ext.prefix ?: meta.id
    """
    touch '${prefix}.shard-${shard}-of-${shards}.scores'
    echo '{}' > '${prefix}.shard-${shard}-of-${shards}.run.json'
    """
}
