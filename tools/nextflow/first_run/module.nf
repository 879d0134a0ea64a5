process SAY {
    tag "${meta.id}"
    label 'small'

    input:
    tuple val(meta), path(given, stageAs: 'given/*')

    output:
    tuple val(meta), path("*.txt"), emit: said
    tuple val("${task.process}"), val('bash'), eval('echo 1'), topic: versions, emit: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    """
    wc -c ${given} ${task.ext.args ?: ''} > ${meta.id}.txt
    """

    stub:
    """
    touch ${meta.id}.txt
    """
}
