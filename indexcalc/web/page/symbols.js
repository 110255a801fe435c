// The table of symbols: what each letter is, found or declared, and to be changed.

import { el } from "./dom.js";

const KINDS = [
  ["scalar", 0, ""], ["vector", 1, ""], ["matrix", 2, ""],
  ["square matrix", 2, "square"], ["symmetric matrix", 2, "symmetric"],
  ["positive definite matrix", 2, "pd"], ["diagonal matrix", 2, "diagonal"],
  ["skew-symmetric matrix", 2, "skew"], ["lower triangular matrix", 2, "lower"],
  ["upper triangular matrix", 2, "upper"], ["Toeplitz matrix", 2, "toeplitz"],
  ["orthogonal matrix", 2, "orthogonal"],
  ["positive scalar", 0, "positive"], ["positive vector", 1, "positive"],
  ["positive matrix", 2, "positive"],
  ["complex scalar", 0, "complex"], ["complex vector", 1, "complex"],
  ["complex matrix", 2, "complex"],
];
const WORDS = ["scalar", "vector", "matrix"];
const NAMES = { 3: "tensor of order 3", 4: "tensor of order 4" };

const valueOf = (order, structure) => `${order}|${structure}`;

/** What declares a kind before its sizes are known. */
const byWords = (order, structure) =>
  [structure, WORDS[order] ?? ""].filter(Boolean).join(" ");

/** What declares a kind with sizes. */
const bySizes = (sizes, structure) =>
  (structure && structure !== "square" ? `${sizes} : ${structure}` : sizes);

/** Shows the symbols of a sheet; `declare(name, shape)` is called with a declaration,
 * or null to have it found again. */
export function showSymbols(body, symbols, shapes, declare) {
  const old = new Map([...body.rows].map((line) => [line.dataset.name, line]));
  const lines = symbols.map((symbol) => {
    const line = old.get(symbol.name) ?? made(symbol.name, declare);
    fill(line, symbol, Object.hasOwn(shapes, symbol.name) ? shapes[symbol.name] : undefined);
    return line;
  });
  const same = lines.length === body.rows.length
    && lines.every((line, k) => line === body.rows[k]);
  if (!same) body.replaceChildren(...lines);
}

function made(name, declare) {
  const kind = el("select", { "aria-label": `what ${name} is`, change: () => choose() });
  const sizes = el("input", { "aria-label": `sizes of ${name}`, size: 7,
    spellcheck: "false", autocomplete: "off", autocapitalize: "off",
    change: () => size() });
  const again = el("button", { type: "button", class: "quiet-button",
    "aria-label": `find ${name} again`, title: "find it again",
    click: () => declare(name, null) }, "×");
  const origin = el("span", { class: "origin" });
  const line = el("tr", {},
    el("th", { scope: "row" }, name), el("td", {}, kind), el("td", {}, sizes),
    el("td", { class: "from" }, origin, again));
  line.dataset.name = name;
  const chosen = () => {
    const [order, structure] = kind.value.split("|");
    return [Number(order), structure];
  };
  const choose = () => {
    const [order, structure] = chosen();
    const typed = line.dataset.sized === "yes" && sizes.value.trim();
    const fits = typed && typed.split(/\s+/).length === order;
    if (order > 2) sizes.focus();
    declare(name, fits ? bySizes(typed, structure) : byWords(order, structure));
  };
  const size = () => {
    const [, structure] = chosen();
    const typed = sizes.value.replace(/[×,]/g, " ").trim();
    declare(name, typed || WORDS[chosen()[0]] === "scalar"
      ? bySizes(typed, structure) : null);
  };
  return line;
}

function fill(line, symbol, declared) {
  const [kind] = line.getElementsByTagName("select");
  const [sizes] = line.getElementsByTagName("input");
  const structure = symbol.structure
    || (declared === "square matrix" ? "square" : "");
  offer(kind, symbol.order, structure);
  if (document.activeElement !== sizes) sizes.value = symbol.sizes;
  sizes.hidden = symbol.order === 0;
  const given = declared !== undefined;
  line.dataset.sized = given && !/(^|\s)(scalar|vector|matrix)$/.test(declared) ? "yes" : "no";
  line.querySelector(".origin").textContent = given ? "declared" : "inferred";
  line.querySelector("button").hidden = !given;
  line.classList.toggle("inferred", !given);
}

function offer(select, order, structure) {
  const known = KINDS.map(([label, count, word]) => [label, valueOf(count, word)]);
  const value = valueOf(order, structure);
  if (!known.some(([, one]) => one === value)) {
    known.push([[structure, NAMES[order] ?? WORDS[order] ?? "tensor"].filter(Boolean).join(" "), value]);
  }
  const listed = JSON.stringify(known);
  if (select.dataset.listed !== listed) {
    select.dataset.listed = listed;
    select.replaceChildren(...known.map(([label, one]) => el("option", { value: one }, label)));
  }
  select.value = value;
}
