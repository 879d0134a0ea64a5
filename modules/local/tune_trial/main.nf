process TUNE_TRIAL {
    tag "${meta.id}:${trial}/${trials}"
    label 'process_high'
    label 'process_gpu'

    conda "${moduleDir}/environment.yml"
    container "${params.container_torch}"

    input:
    tuple val(meta), path(dataset, stageAs: 'data/*'), val(base_name), path(base_model, stageAs: 'base/*'), val(output), val(trial), val(trials)

    output:
    tuple val(meta), path("${prefix}.trial-${trial}-of-${trials}"), emit: trial
    tuple val("${task.process}"), val('dnabert-enhancer'), eval('tune --version | cut -d" " -f2'), topic: versions, emit: versions_dnabert_enhancer

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: meta.id
    """
    tune \\
        --dataset ${dataset} \\
        --base-model ${base_model ? "${base_model}${output ? ":${output}" : ''}" : "'${base_name}'"} \\
        --model-name '${prefix}' \\
        --sampler grid \\
        --pruner none \\
        --trials ${trials} \\
        --trial ${trial} \\
        --device ${task.accelerator ? 'cuda' : 'cpu'} \\
        --threads ${task.cpus} \\
        ${args} \\
        --output-dir '${prefix}.trial-${trial}-of-${trials}'
    """

    stub:
    prefix = task.ext.prefix ?: meta.id
    """
    mkdir '${prefix}.trial-${trial}-of-${trials}'
    echo '{}' > '${prefix}.trial-${trial}-of-${trials}/trial.json'
    """
}
