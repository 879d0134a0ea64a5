// Galaxy's own pages in a browser, as a user sees them: log in, upload, fill the forms of predict sequences, score
// variants and scan genome, run them, look at the tables, and at track and calls in Galaxy's IGV. Takes the pictures of
// docs/galaxy-tutorial.md.
// Run by tests/galaxy/run, whose server it is pointed at by GALAXY_URL, GALAXY_USER, GALAXY_PASSWORD.
const { chromium } = require('playwright-core');
const assert = require('assert'), fs = require('fs'), path = require('path');

const URL_ = process.env.GALAXY_URL, RESULTS = process.env.GALAXY_RESULTS, SUITE = process.env.GALAXY_TOOLS;
const SHOTS = path.join(RESULTS, 'pictures'), DATA = path.join(SUITE, 'test-data');
const CODE = '<script>alert(1)</script>';
const TUTORIAL = ['sequences.fa', 'locus.fa', 'variants.vcf', 'fantom5.bed', 'genome.fa.gz', 'peaks.bed']; // what it says to upload
const USUAL = { width: 1280, height: 800 }, WIDE = { width: 1900, height: 700 };
const PAGE_SECONDS = 240, CHECK_SECONDS = 900, LOCUS = 25000; // for one element of a page, for a check with its jobs
const checks = [];
let stage = ''; // what the present check is at, for the message if it hangs

// which share of the locus the rows of a BED cover
const called = bed => bed.split('\n').filter(line => /^locus\t/.test(line)).map(line => line.split('\t')[2] - line.split('\t')[1])
  .reduce((sum, length) => sum + length, 0) / LOCUS;

// a promise that must not take longer than that
function within(seconds, what, promise) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`${what()} took more than ${seconds} s`)), 1000 * seconds); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// one test of the report
async function check(name, body) {
  const start = Date.now();
  let failure = null;
  stage = 'its first step';
  try { await within(CHECK_SECONDS, () => stage, body()); } catch (error) { failure = error; }
  const seconds = (Date.now() - start) / 1000;
  checks.push({ name, failure, seconds });
  console.log(`${seconds.toFixed(1).padStart(6)} s  ${failure ? 'FAILED' : 'passed'}  ${name}`);
  if (failure) throw failure;
}

// IGV draws wider than it shows: how much of what is shown is dark in the row that has most of it
const drawn = canvas => {
  const { width, height } = canvas;
  const pixels = canvas.getContext('2d').getImageData(0, 0, width, height).data;
  const dark = at => pixels[at + 3] > 128 && pixels[at] + pixels[at + 1] + pixels[at + 2] < 600;
  const rows = Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => dark(4 * (y * width + x))));
  return Math.max(...rows.map(row => row.filter(Boolean).length)) / canvas.parentElement.clientWidth;
};

const escaped = text => String(text).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;').replace(/[^\x20-\x7e\n]/g, '?');

function report() {
  const cases = checks.map(c => `<testcase classname="browser" name="${escaped(c.name)}" time="${c.seconds}">` +
    (c.failure ? `<failure message="${escaped(c.failure.message).slice(0, 300)}">${escaped(c.failure.stack)}</failure>` : '') + '</testcase>');
  const failures = checks.filter(c => c.failure).length;
  fs.writeFileSync(path.join(RESULTS, 'browser.xml'),
    `<?xml version="1.0"?>\n<testsuite name="browser" tests="${checks.length}" failures="${failures}">${cases.join('')}</testsuite>\n`);
}

async function main() {
  fs.mkdirSync(SHOTS, { recursive: true });
  const named = path.join(RESULTS, 'named.fa');
  fs.writeFileSync(named, `>${CODE}\n${'ACGTTGCA'.repeat(40)}\n`);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
  const page = await browser.newPage({ viewport: USUAL });
  page.setDefaultTimeout(1000 * PAGE_SECONDS);
  // Galaxy's IGV asks its own servers for genomes: the same here, whether the machine has a network or not
  await page.route(address => /^https?:/.test(address.protocol) && !address.href.startsWith(URL_), route => route.abort());
  // Galaxy 26.1 puts any data set into a frame as HTML, code and all, until it hears that it is a table: a race of its own (see
  // docs/galaxy-admin.md), which this test of our outputs must not lose now and then
  await page.route(/\/display\/\?preview=True$/, route => (route.request().method() === 'HEAD' ? route.continue() : route.fulfill({ contentType: 'text/plain' })));
  const problems = [];
  page.on('pageerror', error => problems.push(`error in the page: ${error}`));
  page.on('dialog', dialog => { problems.push(`a dialog (${dialog.type()}) opened on ${page.url()} after ${checks.length} checks: ${dialog.message()}`); dialog.dismiss(); });
  page.on('response', answer => { if (answer.status() >= 500) problems.push(`${answer.status()} ${answer.url()}`); });
  // a picture, once nothing is being loaded any more; without the pointer's hints
  const shot = async name => {
    await page.mouse.move(500, 20);
    await page.waitForFunction(() => !/Loading (Toolbox|History|Tool Search)/.test(document.body.innerText));
    await page.screenshot({ path: path.join(SHOTS, `${name}.png`) });
  };
  const item = (name, state) => `.content-item[data-hid]${state ? `[data-state="${state}"]` : ''}:has(.name:text("${name}"))`;
  const done = name => {
    stage = `the job of "${name}"`;
    const ended = { timeout: 1000 * CHECK_SECONDS };
    return Promise.race([page.waitForSelector(item(name, 'ok'), ended),
      page.waitForSelector(item(name, 'error'), ended).then(() => { throw new Error(`the job of "${name}" failed`); })]);
  };
  const view = name => page.locator(item(name)).first().locator('.display-btn').click();
  const element = name => page.locator(`[id="form-element-${name}"]`);
  const text = address => within(PAGE_SECONDS, () => address, page.evaluate(where => fetch(where).then(answer => answer.text()), address));
  const json = async address => JSON.parse(await text(address));
  const datasetId = async name => {
    const history = await json('/history/current_history_json');
    return (await json(`/api/histories/${history.id}/contents`)).find(entry => entry.name.endsWith(name)).id;
  };
  const content = id => text(`/api/datasets/${id}/display`);
  const upload = async files => {
    await page.goto(URL_);
    await page.click('#activity-upload');
    await page.setInputFiles('#upload-file', files);
    await page.click('#btn-start:visible');
    await page.click('#btn-close:visible');
    for (const file of files) await done(path.basename(file));
  };
  // take a data set of the history in a form
  const choose = async (name, dataset) => {
    await element(name).locator('.multiselect').first().click();
    await element(name).locator('.multiselect__option:visible', { hasText: dataset }).first().click();
    await page.waitForSelector(`[id="form-element-${name}"] .multiselect__single:has-text("${dataset}")`);
  };
  const open = async tool => { await page.goto(`${URL_}/?tool_id=dnabert_enhancer_${tool}`); await page.waitForSelector('#execute'); };
  try {
    await check('logs in', async () => {
      // on a busy machine the page may take what is typed before it listens: then once more
      for (let attempt = 1; page.url() === 'about:blank' || page.url().includes('/login'); attempt++) {
        await page.goto(`${URL_}/login/start`);
        await page.fill('#login-form-name, input[name=login]', process.env.GALAXY_USER);
        await page.fill('#login-form-password, input[name=password]', process.env.GALAXY_PASSWORD);
        await page.keyboard.press('Enter');
        const outside = page.waitForURL(address => !address.toString().includes('/login'), { timeout: 30000 * attempt });
        await outside.catch(error => { if (attempt === 5) throw error; });
      }
      await page.evaluate(() => fetch('/api/histories', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name: 'Enhancers' }) })
        .then(answer => answer.json()).then(made => fetch(`/history/set_as_current?id=${made.id}`)));
    });
    await check('uploads the files of the tutorial', async () => {
      await upload(TUTORIAL.map(name => path.join(DATA, name)));
      await shot('uploaded');
    });
    await check('the form of predict sequences takes the FASTA', async () => {
      await open('predict_sequences');
      await choose('sequences|fasta', 'sequences.fa');
      await shot('form-predict');
    });
    await check('the outputs of the packaged model are a list', async () => {
      await element('model|output').locator('.multiselect').first().click();
      const offered = await element('model|output').locator('.multiselect__option:visible').allInnerTexts();
      assert.ok(offered.length > 20, `${offered.length} outputs`);
      const list = element('model|output').locator('.multiselect__content-wrapper');
      await list.evaluate(one => Promise.all(one.getAnimations().map(fade => fade.finished)));
      await shot('outputs');
      await page.keyboard.press('Escape');
      await page.click('#execute');
      await done(': predictions');
    });
    await check('its table has a row for each sequence', async () => {
      await view(': predictions');
      await page.waitForSelector('text=HS-40');
      await page.waitForSelector('text=maximum');
      await page.click('#activity-tools'); // the panel of tools closes, the table has more room
      await shot('table-predict');
    });
    await check('the form of score variants takes the VCF and a genome of the server', async () => {
      await open('score_variants');
      // lists of variants may be texts and tables, so the form offers the newest of those first
      await choose('vcf', 'variants.vcf');
      await page.waitForSelector('[id="form-element-genome|index"] :text("Alpha-globin locus")');
      await element('genome|source').locator('.multiselect').click();
      await element('genome|source').locator('[data-option-value="history"]').click();
      await choose('genome|fasta', 'locus.fa');
      await shot('form-variants');
      const section = page.locator('text=Effects and their significance').first();
      if (!await element('effects|null_variants').isVisible()) await section.click();
      await element('effects|null_variants').locator('input').first().fill('20');
      await page.click('#execute');
      await done(': candidates');
    });
    await check('its table has the variants and their effects', async () => {
      await view(': table');
      await page.waitForSelector('text=rSNP_DeGobbi2006');
      await page.waitForSelector('text=wrong_reference');
      await page.setViewportSize(WIDE); // the names of the variants and what is said of them in one picture
      await shot('table-variants');
      await page.setViewportSize(USUAL);
    });
    await check('the form of scan genome takes a genome of the server', async () => {
      await open('scan_genome');
      await page.waitForSelector('[id="form-element-genome|index"] :text("Alpha-globin locus")');
      await element('q_values|null').locator('.multiselect').click();
      await element('q_values|null').locator('[data-option-value="no"]').click();
      await page.click('#execute');
      await done(': track');
      await done(': calls');
    });
    for (const [name, share] of [[': track', async () => 1], [': calls', async id => called(await content(id))]]) {
      await check(`Galaxy's IGV draws ${name.slice(2)} on the server's genome`, async () => {
        const id = await datasetId(name);
        stage = 'the list of viewers';
        await page.goto(`${URL_}/visualizations?dataset_id=${id}`);
        await page.click('text=Integrative Genomics Viewer');
        stage = 'the start of IGV';
        const viewer = page.frameLocator('iframe:visible');
        await viewer.locator('.igv-search-input').waitFor();
        const canvas = viewer.locator(`.igv-viewport:has(.igv-track-label:text("${name}")) canvas`);
        const wanted = await share(id);
        let found = 0;
        stage = 'the drawing';
        for (const end = Date.now() + 1000 * PAGE_SECONDS; Math.abs(found - wanted) > 0.03; await page.waitForTimeout(500)) {
          if (Date.now() > end) throw new Error(`${found} of the locus is drawn, not ${wanted}`);
          found = await canvas.count() ? await within(PAGE_SECONDS, () => 'reading the canvas', canvas.first().evaluate(drawn)) : 0;
        }
        assert.strictEqual(await viewer.locator('.igv-search-input').inputValue(), 'locus:1-25,000');
        // the label lies over the left of the track
        await viewer.locator('.igv-navbar [title="Track Labels"]').click();
        await shot(`viewer-${name.slice(2)}`);
      });
    }
    await check('a table shows a name that is code as a name', async () => {
      await upload([named]);
      await open('predict_sequences');
      await choose('sequences|fasta', 'named.fa');
      await page.click('#execute');
      const made = `on dataset ${await page.locator(item('named.fa')).getAttribute('data-hid')}: predictions`;
      await done(made);
      await view(made);
      await page.waitForSelector(`text=${CODE}`);
    });
    await check('a number out of range is marked in the form', async () => {
      await open('predict_sequences');
      if (!await element('advanced|max_unknown').isVisible()) await page.locator('text=Advanced options').first().click();
      await element('advanced|max_unknown').locator('input').first().fill('7');
      await page.keyboard.press('Tab');
      await page.waitForFunction(() => document.querySelector('[id="form-element-advanced|max_unknown"]').innerText.match(/range|between|maximum|max|invalid/i)
        || document.querySelector('#execute').disabled || document.querySelector('[id="form-element-advanced|max_unknown"] input').value !== '7');
      await shot('form-out-of-range');
    });
    await check('nothing was executed and nothing broke', async () => assert.deepStrictEqual(problems, []));
  } catch (error) {
    console.error(error, problems, page.frames().map(frame => frame.url()));
    await page.screenshot({ path: path.join(SHOTS, 'failed.png'), timeout: 10000 }).catch(() => 0);
    process.exitCode = 1;
  } finally {
    report();
    await within(10, () => 'closing the browser', browser.close()).catch(error => console.error(error.message));
  }
}

main().then(() => process.exit()); // a page that hangs does not keep the test
