include { SCORE_PANEL            } from '../../modules/score_panel'
include { SCORE_VARIANTS         } from '../../modules/score_variants'
include { SCORE_VARIANTS_MERGE   } from '../../modules/score_variants_merge'
include { allShards; panelGroups } from '../scatter'

// Scatter the records of each VCF over its shards, and its panel over groups of models; score them, and put all together again.
workflow VARIANTS {
    take:
    ch_variants // tuple(meta, genome, index, report or [], vcf, its format or '', model or [], its output or '', TF names, TF models, their outputs or '', motifs or [], genes or [], names of annotations, their regions, panel: list of [name, model, path, output, regions], models a task, number of shards)

    main:
    ch_jobs = ch_variants.flatMap { row ->
        def (meta, shards) = [row.first(), row.last()]
        (1..shards).collect { shard -> [meta + [shards: shards]] + row[1..-4] + [shard, shards] }
    }
    SCORE_VARIANTS(ch_jobs)

    ch_groups = ch_variants.flatMap { row ->
        def (panel, size, shards) = row[-3..-1]
        def groups = panelGroups(panel, size)
        groups.collectMany { group ->
            def models = group.collect { one -> one.path }.unique()
            def regions = group.findAll { one -> one.regions }.collect { one -> one.regions }.unique()
            def members = group.collect { one -> [name: one.name, model: models.indexOf(one.path), output: one.output, regions: regions.indexOf(one.regions)] }
            (1..shards).collect { shard -> [row.first() + [shards: shards * groups.size()]] + row[1..5] + [members, models, regions, shard, shards] }
        }
    }
    SCORE_PANEL(ch_groups)

    ch_panels = ch_variants.map { row -> tuple(row.first(), row[-3].collect { one -> one.subMap(['name', 'model']) }) }
    ch_panel_scores = allShards(SCORE_PANEL.out.scores).mix(ch_panels.filter { _meta, panel -> !panel }.map { meta, _panel -> tuple(meta, []) })
    SCORE_VARIANTS_MERGE(allShards(SCORE_VARIANTS.out.scores).join(ch_panels).join(ch_panel_scores))

    emit:
    vcf        = SCORE_VARIANTS_MERGE.out.vcf
    table      = SCORE_VARIANTS_MERGE.out.table
    candidates = SCORE_VARIANTS_MERGE.out.candidates
    panel      = SCORE_VARIANTS_MERGE.out.panel
    matrix     = SCORE_VARIANTS_MERGE.out.matrix
    parquet    = SCORE_VARIANTS_MERGE.out.parquet
    record     = SCORE_VARIANTS_MERGE.out.record
}
