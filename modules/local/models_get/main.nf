process MODELS_GET {
    tag "${meta.id}"
    label 'process_single'

    conda "${moduleDir}/environment.yml"
    container "${params.container_torch}"

    input:
    tuple val(meta), val(folder)

    output:
    tuple val(meta), path("models/${folder}"), emit: model
    tuple val("${task.process}"), val('dnabert-enhancer'), eval('models --version | cut -d" " -f2'), topic: versions, emit: versions_dnabert_enhancer

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    """
    DNABERT_ENHANCER_CACHE="\$PWD" models get \\
        ${args} \\
        '${meta.id}'
    """

    stub:
    """
    mkdir -p 'models/${folder}'
    echo '{}' > 'models/${folder}/config.json'
    """
}
