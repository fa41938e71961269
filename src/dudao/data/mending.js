// Mending: corrections of clauses, kept in this browser until they are exported as corrections.jsonl for `dudao corpus add`.
(() => {
  const KEY = `dudao:corrections:${data.report}`;
  const editor = $('editor');
  const pickers = ['domain-1', 'domain-2', 'domain-3'].map($).slice(0, data.mostDomains);
  let editing = -1;
  // `records`: span of a clause to its record and whether that was exported; `past`: what undo brings back, oldest first.
  let kept = {records: {}, past: []};
  const spanOf = clause => `${clause.start}-${clause.end}`;
  const numbers = new Map(data.clauses.map((clause, number) => [spanOf(clause), number]));

  // ---- what the browser keeps
  function load() {
    try {
      const found = JSON.parse(localStorage.getItem(KEY));
      if (found && typeof found.records === 'object' && Array.isArray(found.past)) kept = found;
    } catch { trouble('浏览器不允许保存，更正只保留到关闭页面为止，请及时导出。'); }
  }

  function store() {
    try {
      if (Object.keys(kept.records).length || kept.past.length) localStorage.setItem(KEY, JSON.stringify(kept));
      else localStorage.removeItem(KEY);
      trouble('');
    } catch { trouble('浏览器未能保存，更正只保留到关闭页面为止，请及时导出。'); }
  }

  function trouble(text) {
    $('trouble').textContent = text;
    $('trouble').hidden = !text;
  }

  const entries = () => Object.values(kept.records);
  const pending = () => entries().filter(entry => !entry.exported);

  // ---- records: what `dudao corpus add` reads, one a line
  const id = (list, number) => list[number].id;

  function recordOf(number, domains, role) {
    const clause = data.clauses[number];
    const pad = (value, width) => String(value).padStart(width, '0');
    const names = (list, roleNumber) => ({
      domains: list.map(each => id(data.domains, each)), ...(roleNumber < 0 ? {} : {role: id(data.roles, roleNumber)}),
    });
    return {
      id: `${data.report}/${pad(clause.paragraph, 3)}/${pad(clause.number, 2)}`,
      report: data.report,
      section: data.sections[clause.section],
      paragraph: clause.paragraph,
      text: clause.text,
      ...names(domains, role),
      source: data.source, start: clause.start, end: clause.end,
      original: {...names(clause.domains.map(each => each[0]), clause.role), uncertain: clause.uncertain},
      model: data.model,
      corrected: new Date().toISOString(),
    };
  }

  function change(span, entry) {
    kept.past.push([span, kept.records[span] ?? null]);
    if (kept.past.length > 500) kept.past.shift();
    if (entry) kept.records[span] = entry; else delete kept.records[span];
    store();
    show(span);
  }

  function undo() {
    const last = kept.past.pop();
    if (!last) return;
    const [span, entry] = last;
    if (entry) kept.records[span] = entry; else delete kept.records[span];
    store();
    show(span);
    const number = numbers.get(span);
    if (number !== undefined) {
      page.nodes[number].scrollIntoView({block: 'nearest'});
      $('said').textContent = '已撤销上一处更正';
    }
  }

  // ---- what the page shows of it
  function labelsOf(record) {
    const domains = record.domains.map(each => data.domains.findIndex(domain => domain.id === each));
    return domains.every(each => each >= 0) ? [domains, data.roles.findIndex(role => role.id === record.role)] : null;
  }

  function relabel(span) {
    const number = numbers.get(span);
    if (number === undefined) return;
    const clause = data.clauses[number], entry = kept.records[span];
    const mended = entry && entry.record.text === clause.text ? labelsOf(entry.record) : null;
    if (mended) page.relabel(number, ...mended, true);
    else if (page.labels[number].mended) page.relabel(number, clause.domains.map(each => each[0]), clause.role, false);
  }

  function show(...spans) {
    spans.forEach(relabel);
    page.recount();
    count();
    page.apply();
  }

  function count() {
    const all = entries().length, open = pending().length;
    const elsewhere = Object.entries(kept.records).filter(([span, entry]) => {
      const number = numbers.get(span);
      return number === undefined || data.clauses[number].text !== entry.record.text;
    }).length;
    $('count').textContent = all
      ? `更正 ${all} 处，${open ? `${open} 处未导出` : '均已导出'}${elsewhere ? `（${elsewhere} 处对应的分句不在本页，仍会导出）` : ''}` : '尚无更正';
    document.documentElement.classList.toggle('mended', all > 0);
    $('undo').disabled = !kept.past.length;
    $('export').disabled = !open;
    $('export-all').hidden = all === open;
  }

  // ---- the editor
  function option(value, text) {
    const made = make('option', '', text);
    made.value = value;
    return made;
  }

  pickers.forEach((picker, place) => {
    if (place) picker.append(option('', '（无）'));
    data.domains.forEach((domain, number) => picker.append(option(number, domain.name)));
  });
  data.roles.forEach((role, number) => $('role').append(option(number, role.name)));

  function openEditor(number) {
    editing = number;
    const clause = data.clauses[number], own = page.labels[number];
    $('editor-text').textContent = clause.text.length > 2000 ? clause.text.slice(0, 2000) + '……' : clause.text;
    $('editor-scores').replaceChildren(page.scores(number));
    $('editor-trouble').textContent = '';
    pickers.forEach((picker, place) => { picker.value = own.domains[place] ?? ''; });
    $('role').value = own.role;
    $('confirm').hidden = !clause.uncertain || own.mended;
    $('restore').hidden = !own.mended;
    editor.showModal();
    pickers[0].focus();
  }

  function chosen() {
    const domains = pickers.map(picker => picker.value).filter(value => value !== '').map(Number);
    const alone = domains.find(each => data.domains[each].exclusive);
    if (new Set(domains).size < domains.length) return '同一领域选了两次。';
    if (alone !== undefined && domains.length > 1) return `“${data.domains[alone].name}”不能与其他领域并列。`;
    return domains;
  }

  const same = (a, b) => a.length === b.length && a.every((each, place) => each === b[place]);

  function save(event) {
    event.preventDefault();
    const domains = chosen();
    if (typeof domains === 'string') { $('editor-trouble').textContent = domains; return; }
    const role = $('role').value === '' ? -1 : Number($('role').value);
    const own = page.labels[editing], clause = data.clauses[editing];
    const span = spanOf(clause);
    if (same(domains, own.domains) && role === own.role) done('没有改动');
    else if (same(domains, clause.domains.map(each => each[0])) && role === clause.role) { change(span, null); done('已恢复原标注'); }
    else { change(span, {record: recordOf(editing, domains, role), exported: false}); done('已更正'); }
  }

  function confirm() {
    const clause = data.clauses[editing];
    change(spanOf(clause), {record: recordOf(editing, clause.domains.map(each => each[0]), clause.role), exported: false});
    done('已确认标注无误');
  }

  function done(said) {
    const number = editing;
    editor.close();
    page.focusOn(number);
    $('said').textContent = said;
  }

  // ---- export
  function exportRecords(which) {
    const lines = which.map(entry => JSON.stringify(entry.record)).join('\n') + '\n';
    const link = make('a');
    link.href = URL.createObjectURL(new Blob([lines], {type: 'application/x-ndjson'}));
    link.download = 'corrections.jsonl';
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    for (const entry of which) entry.exported = true;
    store();
    count();
    $('said').textContent = `已导出 ${which.length} 处更正`;
  }

  // ---- start
  page.onOpen(openEditor);
  $('editor-form').addEventListener('submit', save);
  $('confirm').addEventListener('click', confirm);
  $('restore').addEventListener('click', () => { change(spanOf(data.clauses[editing]), null); done('已恢复原标注'); });
  $('cancel').addEventListener('click', () => done(''));
  editor.addEventListener('cancel', event => { event.preventDefault(); done(''); });
  $('undo').addEventListener('click', undo);
  $('export').addEventListener('click', () => exportRecords(pending()));
  $('export-all').addEventListener('click', () => exportRecords(entries()));
  document.addEventListener('keydown', event => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === 'z' && !editor.open && event.target.tagName !== 'INPUT') {
      event.preventDefault();
      undo();
    }
  });
  addEventListener('storage', event => { // mended in another tab
    if (event.key !== KEY) return;
    const before = Object.keys(kept.records);
    kept = {records: {}, past: []};
    load();
    show(...before, ...Object.keys(kept.records));
  });
  addEventListener('beforeunload', event => { if (pending().length && !$('trouble').hidden) event.preventDefault(); });
  // What was exported and a newer model says by itself has been learnt.
  function dropLearnt() {
    for (const [span, {record, exported}] of Object.entries(kept.records)) {
      const number = numbers.get(span), wanted = labelsOf(record);
      if (!exported || number === undefined || !wanted || record.model.sha256 === data.model.sha256) continue;
      const clause = data.clauses[number];
      if (same(wanted[0], clause.domains.map(each => each[0])) && wanted[1] === clause.role) delete kept.records[span];
    }
  }

  load();
  dropLearnt();
  if (entries().length) show(...Object.keys(kept.records)); else count();
})();
