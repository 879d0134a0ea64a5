// What a run says about itself: the methods paragraph, and the last words of a run that failed.

// The methods of a run as Markdown: what was done with which samples, with versions and citations.
def methodsText(rows, options, run, versions) {
    def trained = samplesWith(rows, 'train_regions')
    def kinds = rows.findAll { row -> row.train_regions }.groupBy { row -> row.negatives ?: options.negatives }
    def negatives = kinds
        .collect { kind, of -> "${kind}${[matched: ' for GC, repeats and contig', shuffled: ' with their dinucleotide counts kept'].get(kind, ' of the same contig at random')}${kinds.size() > 1 ? " (${of.collect { row -> row.sample }.join(', ')})" : ''}" }
        .join(', ')
    def tuned = rows.findAll { row -> row.tune }
    def scanned = samplesWith(rows, 'scan_regions')
    def scored = samplesWith(rows, 'vcf')
    def panels = rows.findAll { row -> row.tf_panel }
    def explained = samplesWith(rows, 'interpret_regions')
    def explainedVariants = samplesWith(rows, 'interpret_variants')
    def compared = rows.findAll { row -> row.databases }
    def suite = versions.join(', ')
    def sentences = [
        "The analyses were run with the dnabert-enhancer pipeline ${run.pipeline} and the DNABERT-Enhancer suite ${suite ?: run.pipeline} [1, 2] on Nextflow ${run.nextflow} [3]${run.engine ? " in containers (${run.engine})" : ''}.",
        trained ? "Models were trained for ${trained}: windows of ${options.window_length} bp (${options.placement}) from the regions given, negatives ${negatives} at a ratio of ${options.ratio}, splits ${options.splits} by ${options.split_by} without windows that share 40-mers across splits, ${options.epochs} epochs (${options.method}, batches of ${options.batch_size}, seed ${options.seed}) from the model of the row or else ${options.base_model}, ${options.folds ? "${options.folds} models each, with another part of the training and validation rows held out for calibration, whose mean is used; the mean and each were judged on the test split" : 'calibrated on the validation split and judged on the test split'}.${options.int8.toString() == 'true' ? ' The weights were rounded to 8-bit integers where the rounded model agreed with the other on the validation split.' : ''}" : '',
        tuned ? "Learning rate, weight decay and warm-up were those of the trial that validated best (${tuned.collect { row -> "${row.sample}: ${row.tune == 'grid' ? 'grid' : 'tree-structured Parzen estimator of Optuna'}" }.join('; ')})." : '',
        scanned ? "Genomes were scanned for ${scanned}: windows every ${options.stride ?: 'quarter of a window in'}${options.stride ? '' : ' '} bp, both strands averaged, calls at or above the threshold ${options.threshold ?: "of the model's card"}, q-values of windows against dinucleotide-preserving shuffles of a share of the same windows [4]." : '',
        scored ? "Variants were scored for ${scored}: both alleles in windows ${options.convention == 'deepvregulome' ? 'of 301 bp on the forward strand, placed by the rules of deepvregulome 0.4.1' : options.offsets == 'adaptive' ? 'at one offset on both strands, and at five where a gain or loss may depend on it' : "at ${options.offsets ?: 5} offsets on both strands"}, p-values against variants of the same type in shuffled sequence, q-values after [4]." : '',
        panels ? "Their effects on the binding of transcription factors were predicted by panels of models in the same way (${panels.collect { row -> "${row.sample}: ${row.tf_panel.size()}" }.join('; ')})." : '',
        explained ? "Regions were explained for ${explained}: ${options.interpret_method == 'attention' ? 'what the token that the classifier reads attends to, in the last layer, averaged over the heads, told of single bases and averaged over both strands' : options.interpret_method == 'gradients' ? 'integrated gradients of the score (the logit; of a regression the value) over the embeddings of the tokens, against dinucleotide-preserving shuffles, on both strands' : 'in-silico mutagenesis, the importance of a base being minus the mean change of the score (the logit; of a regression the value) when it is replaced by each other one, on both strands'}.${(options.interpret_null ?: 0).toString() == '0' ? '' : " Runs of high importance were compared with those of ${options.interpret_null} shuffles of the regions, their q-values after [4]."}" : '',
        explainedVariants ? "Variants were explained for ${explainedVariants}: in-silico mutagenesis of the bases around both alleles, on both strands." : '',
        compared ? "Calls were compared with databases (${compared.collect { row -> "${row.sample}: ${row.databases.collect { one -> one.name }.join(', ')}" }.join('; ')}) within what was scanned, with ${options.permutations} circular shifts and as many re-samplings matched for GC; intervals by bioframe [5]. The databases' own papers and licences are listed in the run.json of each comparison." : '',
    ].findAll { sentence -> sentence }
    def citations = [
        'Sathian et al. (2025) DNABERT-Enhancer. bioRxiv, doi:10.1101/2025.03.18.644040',
        'Ji et al. (2021) DNABERT. Bioinformatics 37:2112, doi:10.1093/bioinformatics/btab083',
        'Di Tommaso et al. (2017) Nextflow enables reproducible computational workflows. Nat Biotechnol 35:316, doi:10.1038/nbt.3820',
        scanned || scored || (explained && (options.interpret_null ?: 0).toString() != '0') ? 'Benjamini and Hochberg (1995) Controlling the false discovery rate. J R Stat Soc B 57:289, doi:10.1111/j.2517-6161.1995.tb02031.x' : '',
        compared ? 'Open2C et al. (2024) Bioframe. Bioinformatics 40:btae088, doi:10.1093/bioinformatics/btae088' : '',
    ]
    def numbered = citations.withIndex(1).findAll { text, _number -> text }.collect { text, number -> "${number}. ${text}" }
    return "# Methods\n\n${sentences.join(' ')}\n\nThe exact options of every task are in the run.json beside its results.\n\n${numbered.join('\n')}\n"
}

// [reason, alleles, share of all] for each reason why alleles of a VCF were not scored, by the run.json of its results.
def skippedAlleles(record) {
    def run = new groovy.json.JsonSlurper().parseText(record.getText('UTF-8'))
    def all = run.counts?.alleles ?: 0
    return (run.skipped ?: [:]).collect { reason, number -> [reason, number, all ? String.format(Locale.ROOT, '%.4f', number / (all as Double)) : 'NA'] }
}

// The same in one line for the console; null where all was scored.
def skippedText(sample, skipped) {
    return skipped ? "Not scored for ${sample}: ${skipped.collect { reason, number, share -> "${number} ${number == 1 ? 'allele' : 'alleles'} ${reason.replace('_', ' ')} (${share})" }.join(', ')}" : null
}

def samplesWith(rows, column) {
    return rows.findAll { row -> row[column] }.collect { row -> row.sample }.join(', ')
}

// Which sample, which command, and how to go on: from Nextflow's own report of the error.
def failureText(report, commandLine, samples) {
    def lines = (report ?: '').readLines()
    def process = (report ?: '') =~ /(?m)^Error executing process > '(.+?)(?: \((.+)\))?'$/
    if( !process.find() )
        return 'Failed before or between tasks; see the message above and .nextflow.log'
    def tag = (process.group(2) ?: '').tokenize(':')
    def (what, shard) = [tag[0] ?: '', tag[1]]
    def command = linesAfter('Command executed', lines).collect { line -> line.trim().replaceFirst(/\\$/, '').trim() }.join(' ').replaceAll(/ +/, ' ')
    def resume = commandLine =~ /(^| )-resume( |$)/ ? commandLine : "${commandLine} -resume"
    return [
        "Failed: ${process.group(1)}, ${what in samples ? 'sample ' : ''}${what}${shard ? ", shard ${shard}" : ''}",
        "Command: ${command}",
        "Its folder: ${linesAfter('Work dir', lines).collect { line -> line.trim() }.join(' ')} (the command's own message is in .command.err)",
        "When it is mended, this goes on with what was finished: ${resume}",
    ].join('\n')
}

def linesAfter(title, lines) {
    return lines.dropWhile { line -> !line.startsWith(title) }.drop(1).dropWhile { line -> !line.trim() }.takeWhile { line -> line.trim() }
}
