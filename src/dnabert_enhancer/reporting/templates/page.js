'use strict';
// Tables of the page: each is filled from the JSON beside it, sorts, filters, and gives its rows as a TSV file.
// Cells are set as text, never as HTML.
(() => {
  const PAGE_ROWS = 25, DIGITS = 4;

  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
      else if (value === true) made.setAttribute(name, '');
      else if (value !== false && value !== null) made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
  };

  const toNumber = text => {
    if (text === null) return NaN;
    if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
    return Number(text);
  };

  // a number with four digits; whole ones with all
  const short = text => {
    const value = toNumber(text);
    if (!Number.isFinite(value)) return text;
    if (/^-?\d+$/.test(text)) return value.toLocaleString('en');
    const digits = value.toPrecision(DIGITS);
    return digits.includes('e') ? String(Number(digits)) : digits.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
  };

  // a name that may break after each underscore
  const broken = name => name.split(/(?<=_)/).flatMap((part, at) => at ? [document.createElement('wbr'), part] : [part]);

  // contig, start and end of a row, 0-based and half-open
  const placeOf = (row, place) => {
    if (!place || row[place[0]] === null) return null;
    const start = toNumber(row[place[1]]) - place[3], end = toNumber(row[place[2]]);
    return Number.isFinite(start) && Number.isFinite(end) ? { contig: row[place[0]], start, end } : null;
  };

  const bare = contig => contig.toLowerCase().replace(/^chr/, '');

  // One word of a search: a region, a comparison with a column, or a text.
  function testOf(word, data) {
    const region = /^([^:\s]+):([\d,]+)(?:-([\d,]+))?$/.exec(word);
    if (region && data.place) {
      const start = Number(region[2].replaceAll(',', '')) - 1;
      const end = region[3] ? Number(region[3].replaceAll(',', '')) : start + 1;
      return row => {
        const at = placeOf(row, data.place);
        return at !== null && bare(at.contig) === bare(region[1]) && at.start < end && at.end > start;
      };
    }
    const rule = /^([^<>=]+)(<=|>=|<|>|=)(.+)$/.exec(word);
    const column = rule ? data.columns.findIndex(one => one.name.toLowerCase() === rule[1].toLowerCase()) : -1;
    if (column >= 0) {
      const limit = Number(rule[3]);
      if (rule[2] === '=') return row => (row[column] ?? 'NA').toLowerCase() === rule[3].toLowerCase() || toNumber(row[column]) === limit;
      return row => {
        const value = toNumber(row[column]);
        return rule[2] === '<' ? value < limit : rule[2] === '<=' ? value <= limit : rule[2] === '>' ? value > limit : value >= limit;
      };
    }
    const text = word.toLowerCase();
    return row => row.some(cell => cell !== null && cell.toLowerCase().includes(text));
  }

  function show(holder, browser) {
    const id = holder.dataset.table;
    const data = JSON.parse(document.getElementById(id).textContent);
    const visible = data.columns.map(column => column.shown);
    let rows = data.rows, page = 0, sorted = { column: -1, down: true };

    const matching = words => {
      const tests = words.split(/\s+/).filter(Boolean).map(word => testOf(word, data));
      return data.rows.filter(row => tests.every(test => test(row)));
    };

    const compare = (first, second) => {
      const a = first[sorted.column], b = second[sorted.column];
      if (a === null || b === null) return (a === null) - (b === null); // rows without a value stay last
      const order = data.columns[sorted.column].number ? toNumber(a) - toNumber(b) : a < b ? -1 : a > b ? 1 : 0;
      return sorted.down ? -order : order;
    };

    const input = element('input', { type: 'search', autocomplete: 'off', spellcheck: 'false', oninput: () => { page = 0; find(); } });
    const download = element('button', { type: 'button', onclick: save }, 'Save as TSV');
    const choice = element('div', {}, ...data.columns.map((column, at) => element('label', { title: column.meaning },
      element('input', { type: 'checkbox', checked: visible[at], onchange: event => { visible[at] = event.target.checked; draw(); } }), column.name)));
    const head = element('thead'), body = element('tbody');
    const title = document.getElementById(`${id}-title`).textContent;
    const run = holder.closest('section').querySelector('h2').textContent;
    const scroll = element('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': `Table: ${title}, ${run}` }, element('table', {}, head, body));
    const told = element('span', { role: 'status' });
    const back = element('button', { type: 'button', onclick: () => { page -= 1; draw(); } }, 'Back');
    const next = element('button', { type: 'button', onclick: () => { page += 1; draw(); } }, 'Next');
    const example = data.place ? 'a name, chr16:100,000-200,000' : 'a name';
    const numeric = data.columns.find((column, at) => column.number && visible[at] && data.rows.some(row => /\./.test(row[at] ?? '')));
    holder.append(
      element('div', { class: 'tools' },
        element('label', {}, `Search: ${example}${numeric ? `, ${numeric.name}>0.5` : ''}; words apart must all fit`, input),
        element('details', { class: 'columns' }, element('summary', {}, 'Columns'), choice), download),
      scroll, element('div', { class: 'pager' }, back, next, told));

    function find() {
      rows = matching(input.value);
      if (sorted.column >= 0) rows = [...rows].sort(compare);
      draw();
    }

    function sort(column) {
      const down = sorted.column === column ? !sorted.down : data.columns[column].number;
      sorted = { column, down };
      page = 0;
      find();
      head.querySelectorAll('button')[data.columns.map((_, at) => at).filter(at => visible[at]).indexOf(column)].focus();
    }

    function cellOf(row, at) {
      const column = data.columns[at], value = row[at];
      const place = browser && data.place && at === data.place[0] ? placeOf(row, data.place) : null;
      const text = value === null ? '–' : column.number ? short(value) : value;
      const cell = element('td', { class: column.number ? 'number' : text.length > 24 ? 'text' : null, title: value !== text ? value : null });
      if (place) cell.append(element('button', { type: 'button', title: 'show in the genome browser', onclick: () => browser(place) }, text));
      else cell.textContent = text;
      return cell;
    }

    function draw() {
      const last = Math.max(0, Math.ceil(rows.length / PAGE_ROWS) - 1);
      page = Math.min(Math.max(page, 0), last);
      const shown = data.columns.map((_, at) => at).filter(at => visible[at]);
      head.replaceChildren(element('tr', {}, ...shown.map(at => element('th', {
        scope: 'col', class: data.columns[at].number ? 'number' : null,
        'aria-sort': sorted.column === at ? (sorted.down ? 'descending' : 'ascending') : null,
      }, element('button', { type: 'button', title: data.columns[at].meaning || null, onclick: () => sort(at) }, ...broken(data.columns[at].name))))));
      const part = rows.slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS);
      body.replaceChildren(...part.map(row => element('tr', {}, ...shown.map(at => cellOf(row, at)))));
      const count = number => number.toLocaleString('en');
      const found = rows.length < data.rows.length ? ` found in ${count(data.rows.length)}` : '';
      told.textContent = rows.length ? `${count(page * PAGE_ROWS + 1)} to ${count(page * PAGE_ROWS + part.length)} of ${count(rows.length)} rows${found}` : data.rows.length ? 'no row fits' : 'no rows';
      back.disabled = page === 0;
      next.disabled = page === last;
    }

    // all columns of the rows that are found, in their order
    function save() {
      const lines = [data.columns.map(column => column.name), ...rows.map(row => row.map(cell => cell ?? 'NA'))];
      const file = new Blob([lines.map(line => `${line.join('\t')}\n`).join('')], { type: 'text/tab-separated-values' });
      const link = element('a', { href: URL.createObjectURL(file), download: data.file.replace(/(\.bed|\.tsv)?(\.gz)?$/, '.selected.tsv') });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    }

    draw();
  }

  // The genome browser, where the page has one: returns what shows a place.
  function genomeBrowser() {
    const holder = document.getElementById('igv');
    if (!holder || typeof igv === 'undefined') return null;
    const data = JSON.parse(document.getElementById('igv-data').textContent);
    const sizes = Object.entries(data.contigs).map(([contig, length]) => `${contig}\t${length}\n`).join('');
    const reference = { id: 'genome', name: 'genome', format: 'chromsizes', fastaURL: URL.createObjectURL(new Blob([sizes])), wholeGenomeView: false };
    const made = igv.createBrowser(holder, { ...data.options, reference });
    made.then(() => {
      holder.shadowRoot.querySelectorAll('input[type="range"]').forEach(slider => slider.setAttribute('aria-label', 'Zoom')); // igv.js gives it no name
      holder.dataset.ready = 'yes';
    }, error => { holder.textContent = `The genome browser failed: ${error}`; });
    return async ({ contig, start, end }) => {
      const margin = Math.max(500, end - start);
      const shown = await made;
      await shown.search(`${contig}:${Math.max(1, start + 1 - margin)}-${end + margin}`);
      holder.scrollIntoView({ block: 'nearest' });
    };
  }

  const browser = genomeBrowser();
  document.querySelectorAll('[data-table]').forEach(holder => show(holder, browser));
})();
