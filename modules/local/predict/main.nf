process PREDICT {
    tag "${meta.id}:${shard}/${shards}"
    label 'process_medium'
    label 'process_gpu'

    conda "${moduleDir}/environment.yml"
    container "${task.accelerator || params.backend == 'torch' ? params.container_torch : params.container}"

    input:
    tuple val(meta), path(genome, stageAs: 'genome/*'), path(index, stageAs: 'genome/*'), path(report, stageAs: 'report/*'), path(regions, stageAs: 'regions/*'), path(model, stageAs: 'model/*'), val(output), val(threshold), path(null_exclude, stageAs: 'null/?/*', arity: '0..*'), val(shard), val(shards)

    output:
    tuple val(meta), path("${prefix}.shard-${shard}-of-${shards}.scores"), emit: scores
    tuple val(meta), path("${prefix}.shard-${shard}-of-${shards}.run.json"), emit: record
    tuple val("${task.process}"), val('dnabert-enhancer'), eval('predict --version | cut -d" " -f2'), topic: versions, emit: versions_dnabert_enhancer

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: meta.id
    """
    predict \\
        --genome ${genome} \\
        ${report ? "--assembly-report ${report}" : ''} \\
        ${regions ? "--regions ${regions}" : ''} \\
        ${model ? "--model ${model}${output ? ":${output}" : ''}" : ''} \\
        ${threshold ? "--threshold '${threshold}'" : ''} \\
        ${null_exclude ? "--null-exclude ${null_exclude}" : ''} \\
        --shard ${shard}/${shards} \\
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
