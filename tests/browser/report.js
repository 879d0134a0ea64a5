// The page of report in Chromium, as tests/browser/run made it: what a reader clicks, types and sees.
const { chromium } = require('playwright-core');
const assert = require('assert'), fs = require('fs'), path = require('path');
const PAGES = process.env.PAGES, PATIENCE = 60000;
const AXE = fs.readFileSync(process.env.AXE, 'utf8');
const REGIONS = '[data-table="table-1-1"]', CALLS = '[data-table="table-1-2"]';
const CANDIDATES = '[data-table="table-2-1"]', VARIANTS = '[data-table="table-2-2"]', SEQLETS = '[data-table="table-3-3"]';
let browser, passed = 0, failed = 0;

// a page of its own, from which nothing may leave and in which nothing may complain
async function opened(name, options = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, acceptDownloads: true, ...options });
  page.setDefaultTimeout(PATIENCE);
  const asked = [], said = [];
  await page.context().setOffline(true);
  page.on('request', request => { if (!/^(file|data|blob):/.test(request.url())) asked.push(request.url()); });
  page.on('console', message => said.push(message.text()));
  page.on('pageerror', error => said.push(error.message));
  page.on('dialog', dialog => { said.push(`dialog ${dialog.message()}`); return dialog.dismiss(); });
  await page.goto(`file://${path.join(PAGES, name)}`);
  await page.waitForSelector('[data-table="table-1-1"] tbody tr');
  const has = await page.$('#igv');
  if (has) await page.waitForSelector('#igv[data-ready]', { state: 'attached' });
  return { page, has, quiet: async () => { assert.deepStrictEqual([asked, said], [[], []]); await page.close(); } };
}

const column = (page, table, name) => page.$eval(table, (holder, wanted) => {
  const at = [...holder.querySelectorAll('th')].findIndex(head => head.textContent === wanted);
  return [...holder.querySelectorAll('tbody tr')].map(row => row.children[at].textContent);
}, name);
const title = (page, table, name) => page.locator(`${table} th button`).filter({ hasText: new RegExp(`^${name}$`) });
const told = (page, table) => page.textContent(`${table} [role="status"]`);

const CHECKS = {
  'the page opens from a file, and holds the best rows': async () => {
    const { page, quiet } = await opened('page.html');
    assert.strictEqual(await page.textContent('h1'), 'A locus');
    assert.strictEqual(await told(page, VARIANTS), '1 to 25 of 2,000 rows');
    assert.match(await page.textContent('#run-2'), /The best 2,000 of 3,000 rows/);
    await quiet();
  },
  'a click sorts, another turns the order round': async () => {
    const { page, quiet } = await opened('page.html');
    await title(page, CALLS, 'maximum').click();
    assert.strictEqual((await column(page, CALLS, 'maximum'))[0], '0.9');
    await title(page, CALLS, 'maximum').click();
    assert.deepStrictEqual((await column(page, CALLS, 'maximum')).slice(0, 3), ['0.51', '0.52', '0.53']);
    assert.strictEqual(await page.getAttribute(`${CALLS} th[aria-sort]`, 'aria-sort'), 'ascending');
    await quiet();
  },
  'the keyboard sorts, and the focus stays': async () => {
    const { page, quiet } = await opened('page.html');
    await title(page, CALLS, 'start').focus();
    await page.keyboard.press('Enter');
    assert.strictEqual((await column(page, CALLS, 'start'))[0], '40,000');
    await page.keyboard.press('Enter');
    assert.strictEqual((await column(page, CALLS, 'start'))[0], '1,000');
    assert.strictEqual(await page.evaluate('document.activeElement.textContent'), 'start');
    await quiet();
  },
  'a text, a region and a comparison find rows': async () => {
    const { page, quiet } = await opened('page.html');
    const search = page.locator(`${CALLS} input[type="search"]`);
    await search.fill('chr1:5,301-7,000'); // call 5 ends at 5,300, calls 6 and 7 begin at 6,000 and 7,000 (0-based)
    assert.deepStrictEqual(await column(page, CALLS, 'start'), ['6,000']);
    await search.fill('maximum>0.88');
    assert.strictEqual(await told(page, CALLS), '1 to 2 of 2 rows found in 40');
    await page.locator(`${VARIANTS} input[type="search"]`).fill('rs17 p_value<0.6');
    const found = await column(page, VARIANTS, 'dbsnp_id');
    assert.ok(found.length > 2 && found.every(name => name.startsWith('rs17')), String(found));
    await search.fill('no such row');
    assert.strictEqual(await told(page, CALLS), 'no row fits');
    await quiet();
  },
  'the rows that are found are saved with all columns': async () => {
    const { page, quiet } = await opened('page.html');
    await page.locator(`${CALLS} input[type="search"]`).fill('maximum>0.88');
    const [file] = await Promise.all([page.waitForEvent('download'), page.click(`${CALLS} >> text=Save as TSV`)]);
    assert.strictEqual(file.suggestedFilename(), 'scan.calls.selected.tsv');
    const lines = fs.readFileSync(await file.path(), 'utf8').trimEnd().split('\n').map(line => line.split('\t'));
    const at = lines[0].indexOf('maximum');
    assert.ok(lines[0].length >= 10 && lines.every(line => line.length === lines[0].length));
    assert.deepStrictEqual(lines.map(line => [line[1], line[at]]), [['start', 'maximum'], ['40000', '0.9'], ['39000', '0.89']]);
    await quiet();
  },
  'columns can be hidden and shown, and pages turned': async () => {
    const { page, quiet } = await opened('page.html');
    await page.click(`${CALLS} summary`);
    await page.locator(`${CALLS} .columns label`).filter({ hasText: /^name$/ }).locator('input').check();
    assert.strictEqual((await column(page, CALLS, 'name'))[0], 'call_40');
    await page.click(`${CALLS} >> text=Next`);
    assert.strictEqual(await told(page, CALLS), '26 to 40 of 40 rows');
    await quiet();
  },
  'a row goes to its place in the genome browser': async () => {
    const { page, has, quiet } = await opened('page.html');
    if (!has) { console.log('         NOT RUN: igv-notebook is not installed, so the page has no genome browser'); return quiet(); }
    await page.locator(`${CALLS} tbody tr`).nth(2).locator('button').click(); // chr1:38,000-38,300, 500 bp beside it
    await page.waitForFunction(() => document.querySelector('#igv').shadowRoot.querySelector('.igv-search-input').value === 'chr1:37,501-38,800');
    await page.screenshot({ path: path.join(PAGES, 'browser.png') });
    return quiet();
  },
  'a region that was given, a candidate and a seqlet go to their places': async () => {
    const { page, has, quiet } = await opened('page.html');
    assert.deepStrictEqual((await column(page, REGIONS, 'name')).slice(0, 2), ['peak_29', 'peak_28']);
    assert.strictEqual(await told(page, CANDIDATES), '1 to 2 of 2 rows');
    if (!has) return quiet();
    for (const [table, place] of [[REGIONS, 'chr2:28,501-29,700'], [CANDIDATES, 'chr1:1-501'], [SEQLETS, 'chr2:527-1,533']]) {
      await page.locator(`${table} tbody tr`).first().locator('button').click();
      await page.waitForFunction(wanted => document.querySelector('#igv').shadowRoot.querySelector('.igv-search-input').value === wanted, place);
    }
    return quiet();
  },
  'axe finds nothing serious, light and dark, wide and narrow': async () => {
    for (const [width, colorScheme] of [[1280, 'light'], [1280, 'dark'], [390, 'light'], [390, 'dark']]) {
      const { page, quiet } = await opened('page.html', { viewport: { width, height: 900 }, colorScheme });
      await page.evaluate(() => document.querySelectorAll('details').forEach(one => { one.open = true; }));
      await page.evaluate(AXE);
      const { violations, passes } = await page.evaluate('axe.run(document, { resultTypes: ["violations"] })');
      assert.ok(passes.length > 20, `${passes.length} rules`);
      const bad = violations.filter(one => ['serious', 'critical'].includes(one.impact));
      if (violations.length > bad.length) console.log(`         of less weight: ${violations.filter(one => !bad.includes(one)).map(one => `${one.id} (${one.nodes.length})`).join(', ')}`);
      assert.deepStrictEqual(bad.map(one => `${one.impact} ${one.id}: ${one.nodes.slice(0, 3).map(node => `${node.target} ${node.failureSummary}`).join('; ')}`), []);
      await quiet();
    }
  },
  'code in names, alleles, paths and contigs is shown, never run': async () => {
    const { page, quiet } = await opened('hostile.html');
    const code = '<script>alert(1)</script>';
    const shown = await page.evaluate(() => document.body.innerText + document.title);
    assert.ok(shown.split(code).length > 20, `${shown.split(code).length - 1} places`);
    assert.strictEqual(await page.evaluate(() => [...document.scripts].filter(one => one.text === 'alert(1)').length), 0);
    await quiet();
  },
  'nothing is wider than the window, light and dark': async () => {
    for (const width of [1280, 390]) {
      for (const colorScheme of ['light', 'dark']) {
        const { page, quiet } = await opened('page.html', { viewport: { width, height: 900 }, colorScheme });
        assert.strictEqual(await page.evaluate('document.documentElement.scrollWidth'), width);
        await page.screenshot({ path: path.join(PAGES, `page-${width}-${colorScheme}.png`), fullPage: true });
        await quiet();
      }
    }
  },
  'a print has the texts and the tables without buttons': async () => {
    const { page, quiet } = await opened('page.html');
    await page.emulateMedia({ media: 'print' });
    assert.ok(await page.isVisible(`${CALLS} tbody tr`) && !await page.isVisible(`${CALLS} .tools`));
    await page.pdf({ path: path.join(PAGES, 'page.pdf') });
    await quiet();
  },
};

(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, headless: true, args: ['--no-sandbox'], timeout: PATIENCE });
  for (const [name, check] of Object.entries(CHECKS)) {
    try { await check(); passed += 1; console.log(`passed   ${name}`); } catch (error) { failed += 1; console.log(`FAILED   ${name}\n${error.stack}`); }
  }
  await browser.close();
  console.log(`browser: ${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
})();
