process CHECK {
    tag "${meta.id}"
    label 'process_single'

    conda "${moduleDir}/environment.yml"
    container "${params.container}"

    input:
    tuple val(meta), val(planned)

    output:
    tuple val(meta), path("${prefix}.checked.json"), emit: checked
    tuple val("${task.process}"), val('dnabert-enhancer'), eval('check --version | cut -d" " -f2'), topic: versions, emit: versions_dnabert_enhancer

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: meta.id
    """
    cat > '${prefix}.checked.json' <<'END_OF_COMMANDS'
    ${planned}
    END_OF_COMMANDS
    check ${args} '${prefix}.checked.json'
    """

    stub:
    prefix = task.ext.prefix ?: meta.id
    """
    echo '[]' > '${prefix}.checked.json'
    """
}
