process FINETUNE {
    tag "${meta.id}"
    label 'process_high'
    label 'process_gpu'

    conda "${moduleDir}/environment.yml"
    container "${params.container_torch}"

    input:
    tuple val(meta), path(dataset, stageAs: 'data/*'), val(base_name), path(base_model, stageAs: 'base/*'), val(output)

    output:
    tuple val(meta), path("${prefix}.model"), emit: model
    tuple val(meta), path("${prefix}.model/{,fold*/}history.tsv"), emit: history
    tuple val(meta), path("${prefix}.model/run.json"), emit: record
    tuple val("${task.process}"), val('dnabert-enhancer'), eval('finetune --version | cut -d" " -f2'), topic: versions, emit: versions_dnabert_enhancer

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: meta.id
    """
    finetune \\
        --dataset ${dataset} \\
        --base-model ${base_model ? "${base_model}${output ? ":${output}" : ''}" : "'${base_name}'"} \\
        --model-name '${prefix}' \\
        --device ${task.accelerator ? 'cuda' : 'cpu'} \\
        --threads ${task.cpus} \\
        ${args} \\
        --output-dir '${prefix}.model'
    """

    stub:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: meta.id
    def folds = (args =~ /--folds (\d+)/).collect { match -> match[1] as Integer }
    def models = folds ? (1..folds[0]).collect { fold -> "${prefix}.model/fold${fold}" } : ["${prefix}.model"]
    """
    for model in ${models.collect { model -> "'${model}'" }.join(' ')}; do mkdir -p \$model; echo '{}' > \$model/enhancer_model.json; touch \$model/history.tsv; done
    echo '{}' > '${prefix}.model/run.json'
    """
}
