process TUNE {
    tag "${meta.id}"
    label 'process_high'
    label 'process_gpu'

    conda "${moduleDir}/environment.yml"
    container "${params.container_torch}"

    input:
    tuple val(meta), path(dataset, stageAs: 'data/*'), val(base_name), path(base_model, stageAs: 'base/*'), val(output), val(trials)

    output:
    tuple val(meta), path("${prefix}.model"), emit: model
    tuple val(meta), path("${prefix}.tune/trials.tsv"), emit: trials
    tuple val(meta), path("${prefix}.tune/study.db"), emit: study
    tuple val(meta), path("${prefix}.tune/run.json"), emit: record
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
        --sampler tpe \\
        ${trials ? "--trials ${trials}" : ''} \\
        --device ${task.accelerator ? 'cuda' : 'cpu'} \\
        --threads ${task.cpus} \\
        ${args} \\
        --output-dir '${prefix}.tune'

    mv '${prefix}.tune/best' '${prefix}.model'
    """

    stub:
    prefix = task.ext.prefix ?: meta.id
    """
    mkdir '${prefix}.model' '${prefix}.tune'
    echo '{}' > '${prefix}.model/enhancer_model.json'
    touch '${prefix}.tune/trials.tsv' '${prefix}.tune/study.db'
    echo '{}' > '${prefix}.tune/run.json'
    """
}
