process INTERPRET {
    tag "${meta.id}"
    label 'process_high'
    label 'process_gpu'

    conda "${moduleDir}/environment.yml"
    container "${task.accelerator || params.backend == 'torch' ? params.container_torch : params.container}"

    input:
    tuple val(meta), path(genome, stageAs: 'genome/*'), path(index, stageAs: 'genome/*'), path(report, stageAs: 'report/*'), path(regions, stageAs: 'regions/*'), path(vcf, stageAs: 'vcf/*'), val(vcf_format), path(model, stageAs: 'model/*'), val(output), path(motifs, stageAs: 'motifs/*'), path(genes, stageAs: 'genes/*'), val(annotation_names), path(annotations, stageAs: 'annotations/?/*', arity: '0..*')

    output:
    tuple val(meta), path("${prefix}.{regions,variants}.tsv"), emit: table
    tuple val(meta), path("${prefix}.attributions.npz"), emit: attributions, optional: true
    tuple val(meta), path("${prefix}.bw"), emit: track, optional: true
    tuple val(meta), path("${prefix}.substitutions.tsv.gz"), emit: substitutions, optional: true
    tuple val(meta), path("${prefix}.deletions.tsv.gz"), emit: deletions, optional: true
    tuple val(meta), path("${prefix}.high_attention.bed"), emit: high_attention, optional: true
    tuple val(meta), path("${prefix}.seqlets.bed.gz"), emit: seqlets, optional: true
    tuple val(meta), path("${prefix}.motif_enrichment.tsv"), emit: motif_enrichment, optional: true
    tuple val(meta), path("${prefix}.motif_matches.tsv"), emit: motif_matches, optional: true
    tuple val(meta), path("${prefix}.motifs.{meme,tsv}"), emit: found_motifs, optional: true
    tuple val(meta), path("${prefix}.{logo-*,variant-*,motifs}.{png,svg}"), emit: pictures, optional: true
    tuple val(meta), path("${prefix}.run.json"), emit: record
    tuple val("${task.process}"), val('dnabert-enhancer'), eval('interpret --version | cut -d" " -f2'), topic: versions, emit: versions_dnabert_enhancer

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: meta.id
    def annotate = [annotation_names, annotations].transpose().collect { name, bed -> "--annotate '${name}='${bed}" }.join(' ')
    """
    interpret \\
        --genome ${genome} \\
        ${report ? "--assembly-report ${report}" : ''} \\
        ${regions ? "--regions ${regions}" : ''} \\
        ${vcf ? "--vcf ${vcf}" : ''} \\
        ${vcf_format ? "--vcf-format ${vcf_format}" : ''} \\
        ${model ? "--model ${model}${output ? ":${output}" : ''}" : ''} \\
        ${motifs ? "--motifs ${motifs}" : ''} \\
        ${genes ? "--genes ${genes}" : ''} \\
        ${annotate} \\
        --device ${task.accelerator ? 'cuda' : 'cpu'} \\
        --threads ${task.cpus} \\
        ${args} \\
        --output-prefix '${prefix}'
    """

    stub:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: meta.id
    def made = vcf ? ['variants.tsv', 'variant-1.png', 'variant-1.svg'] : ['regions.tsv', 'attributions.npz', 'bw', 'logo-1.png', 'logo-1.svg']
    if( args.contains('--method attention') )
        made << 'high_attention.bed'
    """
    touch ${made.collect { ending -> "'${prefix}.${ending}'" }.join(' ')}
    echo '{}' > '${prefix}.run.json'
    """
}
