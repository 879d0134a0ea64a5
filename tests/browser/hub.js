// The track hub of report, as tests/browser/run made it, in the readers of JBrowse: its text files, bigWig and bigBed.
const { HubFile, GenomesFile, TrackDbFile } = require('@gmod/ucsc-hub');
const { BigBed, BigWig } = require('@gmod/bbi');
const Bed = require('@gmod/bed').default;
const assert = require('assert'), fs = require('fs'), path = require('path');
const HUB = process.env.HUB;
const text = (...parts) => fs.readFileSync(path.join(HUB, ...parts), 'utf8');

(async () => {
  const hub = new HubFile(text('hub.txt')).data;
  assert.deepStrictEqual([hub.email, hub.longLabel], ['lab@example.org', 'A locus']);
  const genome = new GenomesFile(text(hub.genomesFile)).data.hg38.data;
  const tracks = new TrackDbFile(text(genome.trackDb)).data;
  const names = ['predict_scan', 'predict_scan_scores', 'predict_scan_calls', 'score_variants_variants', 'score_variants_variants_candidates'];
  assert.deepStrictEqual(Object.keys(tracks), names);
  const file = name => path.join(HUB, path.dirname(genome.trackDb), tracks[name].data.bigDataUrl);

  const scores = new BigWig({ path: file('predict_scan_scores') });
  const [piece] = await scores.getFeatures('chr1', 5, 7);
  assert.strictEqual(piece.score, 0.25);

  const calls = new BigBed({ path: file('predict_scan_calls') });
  const reader = new Bed({ autoSql: (await calls.getHeader()).autoSql });
  const found = await calls.getFeatures('chr1', 0, 50000);
  assert.strictEqual(found.length, 40);
  const last = reader.parseLine(['chr1', found[39].start, found[39].end, found[39].rest].join('\t'));
  assert.deepStrictEqual([last.chromStart, last.name, last.score, last.summit, last.maximum], [40000, 'call_40', 900, 40150, 0.9]);
  console.log('hub: 1 passed, 0 failed');
})().catch(error => { console.log(`${error.stack}\nhub: 0 passed, 1 failed`); process.exit(1); });
