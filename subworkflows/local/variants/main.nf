include { CUT_VARIANTS           } from '../../../modules/local/cut_variants'
include { SCORE_PANEL            } from '../../../modules/local/score_panel'
include { SCORE_VARIANTS         } from '../../../modules/local/score_variants'
include { SCORE_VARIANTS_MERGE   } from '../../../modules/local/score_variants_merge'
include { allShards; panelGroups } from '../../../functions/gather'

// Cut the records of each VCF into parts, and its panel into groups of models; score them, and put all together again.
workflow VARIANTS {
    take:
    ch_variants // tuple(meta, genome, index, report or [], [vcf, its format or '', dbsnp or []], [model or [], its output or '', TF names, TF models, their outputs or '', motifs or [], genes or [], names of annotations, their regions, names of clinical tables, their files], [panel: list of [name, model, path, output, regions], models a task], [variants a part, most parts])

    main:
    CUT_VARIANTS(ch_variants.map { meta, genome, index, report, given, _scoring, _panel, cut -> [meta, genome, index, report] + given + cut })

    // each part with its number and that of all, as its name has them
    ch_cut = ch_variants.join(
        CUT_VARIANTS.out.parts.map { meta, parts ->
            tuple(meta, parts.collect { part -> [part] + (part.name =~ /\.part-(\d+)-of-(\d+)\.records$/).collect { match -> match }[0].tail().collect { number -> number as Integer } })
        }
    )
    SCORE_VARIANTS(
        ch_cut.flatMap { meta, genome, index, report, _given, scoring, _panel, _cut, parts ->
            parts.collect { part, shard, shards -> [meta + [shards: shards], genome, index, report, part] + scoring + [shard, shards] }
        }
    )

    SCORE_PANEL(
        ch_cut.flatMap { meta, genome, index, report, _given, _scoring, panel, _cut, parts ->
            def groups = panelGroups(panel[0], panel[1])
            groups.collectMany { group ->
                def models = group.collect { one -> one.path }.unique()
                def regions = group.findAll { one -> one.regions }.collect { one -> one.regions }.unique()
                def members = group.collect { one -> [name: one.name, model: models.indexOf(one.path), output: one.output, regions: regions.indexOf(one.regions)] }
                parts.collect { part, shard, shards -> [meta + [shards: shards * groups.size()], genome, index, report, part, members, models, regions, shard, shards] }
            }
        }
    )

    ch_panels = ch_variants.map { row -> tuple(row.first(), row[-2][0].collect { one -> one.subMap(['name', 'model']) }) }
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
