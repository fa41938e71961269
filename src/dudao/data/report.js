'use strict';
// The page's view: what is shown, found and highlighted. Text goes in by textContent only; the policy of the page forbids anything else.
const data = JSON.parse(document.getElementById('data').textContent);
const $ = id => document.getElementById(id);

/** A new element with a class and text or children. */
function make(tag, name, ...content) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.append(...content);
  return element;
}

const page = (() => {
  const nodes = data.clauses.map((_, number) => $('c' + number));
  // Labels as they stand now: the model's, or the person's who mended them.
  const labels = data.clauses.map(clause => ({domains: clause.domains.map(each => each[0]), role: clause.role, mended: false}));
  const blocks = [...document.querySelectorAll('.h, .p')].map(node => ({
    node,
    level: node.dataset.level === undefined ? null : Number(node.dataset.level),
    clauses: [...node.querySelectorAll('.c')].map(each => Number(each.id.slice(1))),
  }));
  const listeners = [];
  const DEEPEST = 12;

  // ---- text as it is read, without labels, for search and highlighting
  const texts = new Map();

  function textNodes(node) {
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, {
      acceptNode: each => each.nodeType === 3 ? NodeFilter.FILTER_ACCEPT
        : each.classList.contains('tags') || each.classList.contains('role') ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_SKIP,
    });
    const found = [];
    while (walker.nextNode()) found.push(walker.currentNode);
    return found;
  }

  function textOf(node) {
    if (!texts.has(node)) texts.set(node, folded(textNodes(node).map(each => each.data).join('')));
    return texts.get(node);
  }

  // Small letters and half-width forms, character by character, so that offsets stay what they are.
  function folded(text) {
    return text.toLowerCase().length === text.length
      ? text.toLowerCase().replace(/[\uff01-\uff5e]/g, each => String.fromCharCode(each.charCodeAt(0) - 0xfee0).toLowerCase()) : text;
  }

  function rangesIn(node, query) {
    const found = [];
    const text = textOf(node);
    if (!text.includes(query)) return found;
    const pieces = textNodes(node);
    let piece = 0, before = 0;
    const place = offset => {
      while (offset > before + pieces[piece].length) before += pieces[piece++].length;
      return [pieces[piece], offset - before];
    };
    for (let at = text.indexOf(query); at >= 0; at = text.indexOf(query, at + query.length)) {
      const range = document.createRange();
      range.setStart(...place(at));
      range.setEnd(...place(at + query.length));
      found.push(range);
    }
    return found;
  }

  // ---- filters
  let hits = [], hit = -1;

  function wanted() {
    const number = id => $(id).value === '' ? null : Number($(id).value);
    return {query: folded($('query').value.trim()), domain: number('by-domain'), role: number('by-role'), state: $('by-state').value};
  }

  function matches(clause, want) {
    const own = labels[clause];
    const unsure = data.clauses[clause].uncertain && !own.mended;
    return (want.domain === null || own.domains.includes(want.domain))
      && (want.role === null || own.role === want.role)
      && (!want.state || (want.state === 'mended' ? own.mended : want.state === 'uncertain' ? unsure : !unsure));
  }

  function apply() {
    const want = wanted();
    const narrowed = want.domain !== null || want.role !== null || want.state !== '';
    const searching = want.query !== '';
    const where = [];
    let shown = 0;
    for (const block of blocks) {
      const fitting = block.clauses.filter(clause =>
        matches(clause, want) && (!searching || textOf(nodes[clause]).includes(want.query)));
      const fits = new Set(fitting);
      for (const clause of block.clauses) nodes[clause].classList.toggle('off', (narrowed || searching) && !fits.has(clause));
      shown += fitting.length;
      // Words in headings, and across the border of two clauses, count where nothing else is asked for.
      block.keep = fitting.length > 0 || (!narrowed && searching && textOf(block.node).includes(want.query));
      if (searching && block.keep) where.push(...(narrowed ? fitting.map(clause => nodes[clause]) : [block.node]));
    }
    showBlocks(narrowed || searching);
    hits = where.flatMap(node => rangesIn(node, want.query));
    hit = -1;
    highlight();
    for (const row of document.querySelectorAll('.row')) row.setAttribute('aria-pressed', String(Number(row.dataset.domain) === want.domain));
    $('nothing').hidden = blocks.some(block => !block.node.hidden);
    $('previous').disabled = $('next').disabled = !hits.length;
    $('clear').disabled = !(narrowed || searching);
    const of = `显示 ${shown} / ${labels.length} 句`;
    $('shown').textContent = searching ? `${of}，找到 ${hits.length} 处` : narrowed ? of : '';
  }

  // A heading stays while anything below it does: from the end backwards, `under[level]` says whether something has.
  function showBlocks(filtering) {
    const under = new Array(DEEPEST + 1).fill(false);
    for (const block of [...blocks].reverse()) {
      if (block.level === null) {
        block.node.hidden = filtering && !block.keep;
        if (block.keep) under.fill(true);
      } else {
        const level = Math.min(block.level, DEEPEST);
        const stays = !filtering || block.keep || under[level];
        block.node.hidden = !stays;
        under.fill(false, level);
        if (stays) under.fill(true, 0, level);
      }
    }
  }

  function highlight() {
    if (!window.Highlight) return; // an old browser: the clauses that hold the words are still told apart
    CSS.highlights.set('found', new Highlight(...hits));
    CSS.highlights.delete('found-now');
    if (hits[hit]) CSS.highlights.set('found-now', Object.assign(new Highlight(hits[hit]), {priority: 1}));
  }

  function step(by) {
    if (!hits.length) return;
    hit = hit < 0 ? (by > 0 ? 0 : hits.length - 1) : (hit + by + hits.length) % hits.length;
    hits[hit].startContainer.parentElement.scrollIntoView({block: 'center'});
    highlight();
    $('shown').textContent = $('shown').textContent.replace(/，.*/, `，第 ${hit + 1} / ${hits.length} 处`);
  }

  // ---- scores of a clause
  function scores(number) {
    const clause = data.clauses[number], own = labels[number];
    const box = make('div');
    for (const [domain, score, terms] of clause.domains) {
      const row = make('div', `scored d${domain}`, make('span', '', data.domains[domain].name), make('b', '', `${(100 * score).toFixed(0)}%`));
      if (terms.length) row.append(make('span', 'why', `依据：${terms.join('、')}`));
      box.append(row);
    }
    const role = clause.role < 0 ? '' : `角色：${data.roles[clause.role].name}`;
    box.append(make('div', 'hint', [role, clause.uncertain ? '把握不足，待核' : ''].filter(Boolean).join('　')));
    if (own.mended) box.prepend(make('div', 'hint', '已更正，以下为模型原来的标注：'));
    return box;
  }

  let cardOf = -1, timer = 0;

  function showCard(number, x, y) {
    hideCard();
    $('card').replaceChildren(scores(number), make('div', 'hint', '点击或按回车键更正，Esc 关闭'));
    $('card').hidden = false;
    nodes[number].setAttribute('aria-describedby', 'card');
    cardOf = number;
    placeCard(x, y);
  }

  // Below the line that is pointed at, or the clause's last one; above it where there is no room.
  function placeCard(x, y) {
    const card = $('card'), rects = [...nodes[cardOf].getClientRects()];
    if (!rects.length) return;
    const line = rects.find(rect => y >= rect.top - 3 && y <= rect.bottom + 3) || rects[rects.length - 1];
    const below = line.bottom + 8 + card.offsetHeight < innerHeight;
    const left = x === undefined ? line.left : x - 30;
    card.style.left = `${Math.max(8, Math.min(left, innerWidth - card.offsetWidth - 8))}px`;
    card.style.top = `${Math.max(4, below ? line.bottom + 8 : line.top - card.offsetHeight - 8)}px`;
  }

  function hideCard() {
    clearTimeout(timer);
    if (cardOf >= 0) nodes[cardOf].removeAttribute('aria-describedby');
    cardOf = -1;
    $('card').hidden = true;
  }

  const clauseAt = target => {
    const node = target instanceof Element ? target.closest('.c') : null;
    return node ? Number(node.id.slice(1)) : -1;
  };

  // ---- one stop of the Tab key for all clauses; arrows go from one to the next
  let stop = 0;

  function focusOn(number) {
    if (!nodes[number]) return;
    nodes[stop].tabIndex = -1;
    stop = number;
    nodes[stop].tabIndex = 0;
    nodes[stop].focus();
  }

  function neighbour(number, by) {
    for (let at = number + by; nodes[at]; at += by) {
      if (!nodes[at].classList.contains('off') && nodes[at].getClientRects().length) return at;
    }
    return number;
  }

  function onKey(event) {
    if (event.key === 'Escape') hideCard();
    const number = clauseAt(event.target);
    if (number < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const goal = {
      ArrowRight: () => neighbour(number, 1), ArrowDown: () => neighbour(number, 1),
      ArrowLeft: () => neighbour(number, -1), ArrowUp: () => neighbour(number, -1),
      Home: () => neighbour(-1, 1), End: () => neighbour(nodes.length, -1),
    }[event.key];
    if (goal) { focusOn(goal()); event.preventDefault(); }
    if (event.key === 'Enter' || event.key === ' ') { openEditor(number); event.preventDefault(); }
  }

  function openEditor(number) {
    hideCard();
    for (const listener of listeners) listener(number);
  }

  // ---- labels that change
  function relabel(number, domains, role, mended) {
    Object.assign(labels[number], {domains, role, mended});
    const node = nodes[number], clause = data.clauses[number];
    node.classList.remove(...[...node.classList].filter(name => /^d\d+$/.test(name)));
    node.classList.add(`d${domains[0]}`);
    node.classList.toggle('m', mended);
    node.classList.toggle('u', clause.uncertain && !mended);
    const tags = node.querySelector('.tags');
    clause.tags ??= [...tags.children].map(each => each.cloneNode(true));
    tags.replaceChildren(...(mended ? [
      make('span', 'done', '已更正'), ...(role === clause.role || role < 0 ? [] : [make('span', 'role', data.roles[role].name)]),
      make('span', 'tag', domains.map(each => data.domains[each].name).join('＋')),
    ] : clause.tags.map(each => each.cloneNode(true))));
    // A run of equal labels is broken here: what it left out is said on both sides.
    for (const each of [node, nodes[number + 1]]) each?.querySelector('.rep')?.classList.remove('rep');
  }

  function recount() {
    const clauses = data.domains.map(() => 0), characters = data.domains.map(() => 0);
    let total = 0;
    labels.forEach((own, number) => {
      const length = data.clauses[number].end - data.clauses[number].start;
      total += length;
      for (const domain of own.domains) { clauses[domain] += 1; characters[domain] += length; }
    });
    const most = Math.max(...characters, 1);
    for (const row of document.querySelectorAll('.row')) {
      const domain = Number(row.dataset.domain);
      row.querySelector('.clauses').textContent = `${clauses[domain]} 句`;
      row.querySelector('.share').textContent = `${(100 * characters[domain] / Math.max(total, 1)).toFixed(1)}%`;
      row.querySelector('.fill').setAttribute('width', String(100 * characters[domain] / most));
      row.querySelector('.state')?.remove();
      const state = data.domains[domain].exclusive ? '' : clauses[domain] === 0 ? 'missing' : clauses[domain] < data.thin ? 'thin' : '';
      if (state) row.querySelector('.figure').prepend(make('b', `state ${state}`, state === 'missing' ? '缺失' : '薄弱'));
    }
  }

  // ---- start
  document.documentElement.classList.add('js');
  document.querySelector('.tools').hidden = false;
  nodes.forEach((node, number) => {
    node.setAttribute('role', 'button');
    node.setAttribute('aria-haspopup', 'dialog');
    node.tabIndex = number ? -1 : 0;
  });
  let waiting = 0;
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(apply, 120); };
  $('query').addEventListener('input', soon);
  $('query').addEventListener('keydown', event => {
    if (event.key !== 'Enter') return;
    if (waiting) { clearTimeout(waiting); if (hit < 0) apply(); }
    step(event.shiftKey ? -1 : 1);
  });
  for (const id of ['by-domain', 'by-role', 'by-state']) $(id).addEventListener('change', apply);
  $('next').addEventListener('click', () => step(1));
  $('previous').addEventListener('click', () => step(-1));
  $('clear').addEventListener('click', () => {
    for (const id of ['query', 'by-domain', 'by-role', 'by-state']) $(id).value = '';
    apply();
    $('query').focus();
  });
  document.querySelector('.chart').addEventListener('click', event => {
    const row = event.target.closest('.row');
    if (!row) return;
    $('by-domain').value = row.getAttribute('aria-pressed') === 'true' ? '' : row.dataset.domain;
    apply();
  });
  const text = $('text');
  text.addEventListener('pointerover', event => {
    const number = clauseAt(event.target);
    clearTimeout(timer);
    if (event.pointerType !== 'mouse' || number < 0) return;
    if (number !== cardOf) timer = setTimeout(() => showCard(number, event.clientX, event.clientY), 250);
  });
  text.addEventListener('pointerout', event => {
    clearTimeout(timer);
    if (!(event.relatedTarget instanceof Element && event.relatedTarget.closest('.card'))) timer = setTimeout(hideCard, 200);
  });
  $('card').addEventListener('pointerover', () => clearTimeout(timer));
  $('card').addEventListener('pointerleave', hideCard);
  text.addEventListener('focusin', event => {
    const number = clauseAt(event.target);
    if (number < 0) return;
    nodes[stop].tabIndex = -1;
    stop = number;
    nodes[stop].tabIndex = 0;
    if (event.target.matches(':focus-visible')) showCard(number);
  });
  text.addEventListener('focusout', hideCard);
  text.addEventListener('click', event => {
    const number = clauseAt(event.target);
    if (number >= 0 && getSelection().isCollapsed) openEditor(number);
  });
  document.addEventListener('keydown', onKey);
  addEventListener('scroll', () => {
    if (cardOf < 0) return;
    if (document.activeElement === nodes[cardOf]) placeCard(); else hideCard();
  }, {passive: true});
  followHeadings();

  // The outline says where one is.
  function followHeadings() {
    const links = new Map([...document.querySelectorAll('nav a')].map(link => [link.hash.slice(1), link]));
    const headings = [...document.querySelectorAll('[id^=h]')].filter(each => links.has(each.id));
    let current = null;
    const look = () => {
      let found = null;
      let low = 0, high = headings.length - 1;
      while (low <= high) { // hidden headings have no place and count as above
        const middle = (low + high) >> 1;
        if (headings[middle].getBoundingClientRect().top <= 140) { found = headings[middle]; low = middle + 1; } else high = middle - 1;
      }
      const link = found ? links.get(found.id) : null;
      if (link === current) return;
      current?.removeAttribute('aria-current');
      link?.setAttribute('aria-current', 'location');
      current = link;
      const panel = document.querySelector('nav.panel');
      if (link && panel.scrollHeight > panel.clientHeight) {
        const gap = link.getBoundingClientRect().top - panel.getBoundingClientRect().top;
        if (gap < 30 || gap > panel.clientHeight - 40) panel.scrollTop += gap - panel.clientHeight / 3;
      }
    };
    let asked = false;
    addEventListener('scroll', () => {
      if (!asked) { asked = true; requestAnimationFrame(() => { asked = false; look(); }); }
    }, {passive: true});
  }

  return {labels, nodes, scores, relabel, recount, apply, focusOn, onOpen: listener => listeners.push(listener)};
})();
page.apply();
