process MAKE_DATASET {
    tag "${meta.id}"
    label 'process_single'

    conda "${moduleDir}/environment.yml"
    container "${params.container}"

    input:
    tuple val(meta), path(genome, stageAs: 'genome/*'), path(index, stageAs: 'genome/*'), path(report, stageAs: 'report/*'), path(regions, stageAs: 'regions/*'), path(exclude, stageAs: 'exclude/*'), val(positive_label), val(negatives_by), val(negative_names), path(negatives, stageAs: 'negatives/?/*', arity: '0..*'), val(negative_keys)

    output:
    tuple val(meta), path("${prefix}.dataset"), emit: dataset
    tuple val(meta), path("${prefix}.dataset/run.json"), emit: record
    tuple val("${task.process}"), val('dnabert-enhancer'), eval('make-dataset --version | cut -d" " -f2'), topic: versions, emit: versions_dnabert_enhancer

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: meta.id
    def named = [negative_names, negatives, negative_keys].transpose().collect { name, bed, keys -> "'${name}='${bed}'${keys}'" }.join(' ')
    """
    make-dataset \\
        --genome ${genome} \\
        ${report ? "--assembly-report ${report}" : ''} \\
        --regions ${regions} \\
        ${exclude ? "--exclude ${exclude}" : ''} \\
        ${positive_label ? "--positive-label '${positive_label}'" : ''} \\
        ${named ? "--negatives-from ${named}" : ''} \\
        ${args} \\
        ${negatives_by ? "--negatives ${negatives_by}" : ''} \\
        --output-dir '${prefix}.dataset'
    """

    stub:
    prefix = task.ext.prefix ?: meta.id
    """
    mkdir '${prefix}.dataset'
    for split in train validation test; do echo -n | gzip -n > '${prefix}.dataset'/\$split.tsv.gz; done
    for name in dataset run; do echo '{}' > '${prefix}.dataset'/\$name.json; done
    """
}
