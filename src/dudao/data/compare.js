"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const cells = document.getElementById("cells");
const FIRST_ITEM = 4; // columns before the items: name, clauses, missing, thin
document.querySelectorAll(".scripted").forEach(each => { each.hidden = false; });

// Sorting: a column of names by the language's order, one of figures by number; what is missing counts as none.
const collator = new Intl.Collator("zh-CN", { numeric: true });
const value = cell => cell.dataset.value ?? cell.textContent;
const number = cell => parseFloat(value(cell)) || 0;
function sortBy(head) {
  const table = head.closest("table"), column = head.cellIndex, body = table.tBodies[0];
  const first = head.querySelector("button").dataset.first || "ascending";
  const other = first === "ascending" ? "descending" : "ascending";
  const order = head.getAttribute("aria-sort") === first ? other : first;
  const sign = order === "ascending" ? 1 : -1;
  const rows = [...body.rows].map(row => [column ? number(row.cells[column]) : value(row.cells[0]), row]);
  const by = column ? (a, b) => a - b : collator.compare;
  rows.sort((a, b) => sign * by(a[0], b[0]));
  for (const each of head.parentNode.cells) each.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
  body.append(...rows.map(each => each[1]));
}
document.addEventListener("click", event => {
  const button = event.target.closest(".sort");
  if (button) sortBy(button.closest("th"));
});

// Filters hold for both tables of reports.
const query = document.getElementById("query"), only = document.getElementById("only"), shown = document.getElementById("shown");
function filter() {
  const words = query.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  const kept = new Set();
  for (const row of cells.tBodies[0].rows) {
    const report = data.reports[row.dataset.r];
    const text = `${report.name} ${report.title} ${report.source}`.toLowerCase();
    const missing = number(row.cells[2]), gaps = missing + number(row.cells[3]);
    const keep = words.every(word => text.includes(word)) && (!only.value || (only.value === "missing" ? missing : gaps));
    row.hidden = !keep;
    if (keep) { count += 1; kept.add(row.dataset.r); }
  }
  for (const row of document.getElementById("shares").tBodies[0].rows) row.hidden = !kept.has(row.dataset.r);
  if (current?.closest("tr").hidden) enter(rowsShown()[0]?.cells[0] ?? null);
  const all = cells.tBodies[0].rows.length;
  shown.textContent = count === all ? "" : `${count} / ${all} 份`;
}
query.addEventListener("input", filter);
only.addEventListener("change", filter);

// The clauses of a report are unpacked when they are asked for.
const opened = new Map();
function clauses(report) {
  if (!opened.has(report)) opened.set(report, unpack(document.getElementById(`r${report}`)));
  return opened.get(report);
}
async function unpack(block) {
  const bytes = Uint8Array.from(atob(block.textContent), char => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

// The panel: what stands behind a cell, a report or a change between years.
const panel = document.getElementById("panel"), title = document.getElementById("panel-title"), body = document.getElementById("panel-body");
function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}
function line([, domains, role, uncertain, , text]) {
  const item = element("li");
  const tags = element("p", undefined, "tags");
  tags.append(element("span", data.roles[role] ?? role, "role"));
  for (const [id, score] of domains) tags.append(element("span", `${data.domains[id] ?? id} ${score}%`, "tag"));
  if (uncertain) tags.append(element("span", "待核", "state thin"));
  item.append(element("p", text, "text"), tags);
  return item;
}
async function listed(report, item) {
  const found = await clauses(report);
  const list = element("ol");
  let section = null;
  for (const clause of found.clauses) {
    if (item !== undefined && !clause[0].includes(item)) continue;
    if (clause[4] !== section) {
      section = clause[4];
      list.append(element("li", found.sections[section] || "（无标题）", "section"));
    }
    list.append(line(clause));
  }
  return list;
}
function facts(report, item) {
  const known = data.reports[report];
  const parts = [known.title, known.source, item === undefined ? `${known.clauses} 个分句，${known.uncertain} 个待核` : `占全文 ${known.shares[item]}%`];
  return element("p", parts.filter(Boolean).join(" · "), "note");
}
async function open(heading, reports, item) {
  title.textContent = heading;
  body.replaceChildren();
  if (!panel.open) panel.showModal();
  title.focus();
  for (const report of reports) {
    if (reports.length > 1) body.append(element("h3", data.reports[report].name));
    body.append(facts(report, item));
    for (const warning of item === undefined ? data.reports[report].warnings : []) body.append(element("p", warning, "warning"));
    try {
      const list = await listed(report, item);
      body.append(list.children.length ? list : element("p", "没有分句写到这一项。", "none"));
    } catch {
      body.append(element("p", "分句未能打开：请等页面载入完毕，或换用较新的浏览器（Chrome、Edge 80 以上）。", "warning"));
    }
  }
  body.scrollTop = 0;
}
function openCell(cell) {
  const row = cell.parentNode, report = row.dataset.r;
  if (report === undefined) return;
  const name = data.reports[report].name, column = cell.cellIndex - FIRST_ITEM;
  if (cell.closest("table") === cells && column >= 0) {
    const item = data.columns[column];
    open(`${name}：${data.items[item]}`, [report], item);
  } else if (cell.cellIndex === 0) open(name, [report]);
}
panel.addEventListener("click", event => { if (event.target === panel) panel.close(); });
for (const table of [cells, document.getElementById("shares")]) {
  table.tBodies[0].addEventListener("click", event => {
    const cell = event.target.closest("td,th");
    if (cell && !getSelection().toString()) openCell(cell);
  });
}
document.getElementById("pairs")?.addEventListener("click", event => {
  const chip = event.target.closest(".chip");
  if (!chip) return;
  const row = chip.closest("tr"), item = data.columns[Number(chip.dataset.c)];
  open(`${row.cells[0].textContent} ${row.cells[1].textContent}：${data.items[item]}`, row.dataset.pair.split(" "), item);
});

// The grid is one stop for the Tab key; arrows move within it.
let current = null;
function enter(cell) {
  if (current) current.tabIndex = -1;
  current = cell;
  if (cell) cell.tabIndex = 0;
}
function focus(cell) {
  enter(cell);
  cell.focus();
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}
const rowsShown = () => [...cells.tBodies[0].rows].filter(row => !row.hidden);
cells.tBodies[0].addEventListener("keydown", event => {
  const cell = event.target.closest("td,th");
  if (!cell || event.altKey || event.metaKey) return;
  const rows = rowsShown(), at = rows.indexOf(cell.parentNode), column = cell.cellIndex, last = cell.parentNode.cells.length - 1;
  const to = {
    ArrowRight: [at, column + 1], ArrowLeft: [at, column - 1], ArrowDown: [at + 1, column], ArrowUp: [at - 1, column],
    Home: [event.ctrlKey ? 0 : at, 0], End: [event.ctrlKey ? rows.length - 1 : at, last],
    PageDown: [Math.min(at + 10, rows.length - 1), column], PageUp: [Math.max(at - 10, 0), column],
  }[event.key];
  if (event.key === "Enter" || event.key === " ") openCell(cell);
  else if (!to || event.ctrlKey && !["Home", "End"].includes(event.key)) return;
  else {
    const target = rows[to[0]]?.cells[to[1]];
    if (target) focus(target);
  }
  event.preventDefault();
});
cells.tBodies[0].addEventListener("focusin", event => { if (event.target.closest("td,th") !== current) focus(event.target.closest("td,th")); });
for (const row of cells.tBodies[0].rows) for (const cell of row.cells) cell.tabIndex = -1;
enter(cells.tBodies[0].rows[0]?.cells[0] ?? null);
})();
