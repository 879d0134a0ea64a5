process SCORE_PANEL {
    tag "${meta.id}:${shard}/${shards}:${panel[0].name}"
    label 'process_medium'
    label 'process_gpu'

    conda "${moduleDir}/environment.yml"
    container "${task.accelerator || params.backend == 'torch' ? params.container_torch : params.container}"

    input:
    tuple val(meta), path(genome, stageAs: 'genome/*'), path(index, stageAs: 'genome/*'), path(report, stageAs: 'report/*'), path(part, stageAs: 'part/*'), val(panel), path(models, stageAs: 'models/?/*', arity: '1..*'), path(regions, stageAs: 'regions/?/*', arity: '0..*'), val(shard), val(shards)

    output:
    tuple val(meta), path("${prefix}.tf-panel/*.scores"), emit: scores
    tuple val(meta), path("${prefix}.tf-panel/*.run.json"), emit: record
    tuple val("${task.process}"), val('dnabert-enhancer'), eval('score-variants --version | cut -d" " -f2'), topic: versions, emit: versions_dnabert_enhancer

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: meta.id
    def members = panel.collect { one -> "'${one.name}' ${models[one.model]}${one.output ? ":${one.output}" : ''} ${one.regions < 0 ? "''" : regions[one.regions]}" }.join(' \\\n        ')
    """
    printf '%s\\t%s\\t%s\\n' name model regions \\
        ${members} \\
        > panel.tsv
    score-variants \\
        --panel-only \\
        --tf-panel panel.tsv \\
        --part ${part} \\
        --genome ${genome} \\
        ${report ? "--assembly-report ${report}" : ''} \\
        --device ${task.accelerator ? 'cuda' : 'cpu'} \\
        --threads ${task.cpus} \\
        ${args} \\
        --output-prefix '${prefix}'
    """

    stub:
    prefix = task.ext.prefix ?: meta.id
    """
    mkdir '${prefix}.tf-panel'
    for name in ${panel.collect { one -> "'${one.name}'" }.join(' ')}; do touch '${prefix}.tf-panel'/\$name.shard-${shard}-of-${shards}.scores; done
    echo '{}' > '${prefix}.tf-panel/${panel[0].name}.shard-${shard}-of-${shards}.run.json'
    """
}
