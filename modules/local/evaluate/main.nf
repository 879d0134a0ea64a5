process EVALUATE {
    tag "${meta.id}"
    label 'process_medium'
    label 'process_gpu'

    conda "${moduleDir}/environment.yml"
    container "${task.accelerator || params.backend == 'torch' ? params.container_torch : params.container}"

    input:
    tuple val(meta), path(dataset, stageAs: 'data/*'), path(model, stageAs: 'model/*'), path(genes, stageAs: 'genes/*')

    output:
    tuple val(meta), path("${prefix}.metrics.tsv"), path("${prefix}.metrics.json"), emit: metrics
    tuple val(meta), path("${prefix}.predictions.tsv.gz"), emit: predictions
    tuple val(meta), path("${prefix}.strata.tsv"), emit: strata, optional: true
    tuple val(meta), path("${prefix}.differences.tsv"), emit: differences, optional: true
    tuple val(meta), path("${prefix}.*.{png,svg}"), emit: pictures, optional: true
    tuple val(meta), path("${prefix}.run.json"), emit: record
    tuple val("${task.process}"), val('dnabert-enhancer'), eval('evaluate --version | cut -d" " -f2'), topic: versions, emit: versions_dnabert_enhancer

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: meta.id
    """
    evaluate \\
        --dataset ${dataset} \\
        --model ${model} \\
        ${genes ? "--genes ${genes}" : ''} \\
        --device ${task.accelerator ? 'cuda' : 'cpu'} \\
        --threads ${task.cpus} \\
        ${args} \\
        --output-prefix '${prefix}'
    """

    stub:
    prefix = task.ext.prefix ?: meta.id
    """
    touch '${prefix}.metrics.tsv'
    echo -n | gzip -n > '${prefix}.predictions.tsv.gz'
    for name in metrics run; do echo '{}' > '${prefix}'.\$name.json; done
    """
}
