// The answer: the function as it was read, the derivative in every notation.

import { copy, el, equation, pills } from "./dom.js";

const row = (title, ...content) =>
  el("div", { class: "row" }, el("h3", {}, title), el("div", {}, ...content));

const reason = (data) => el("p", { class: "quiet" }, data.reason);

/** A box with the answer of a sheet in it. `change` takes settings that changed. */
export function showAnswer(box, sheet, state, change) {
  const shown = sheet.derivative ?? sheet.value;
  const parts = [asRead(sheet)];
  if (sheet.derivative) parts.push(hero(shown));
  parts.push(el("p", { class: "shape" }, shapeWords(shown)));
  if (sheet.derivative) parts.push(...rows(sheet, state, change));
  parts.push(assumptions(shown));
  box.replaceChildren(...parts.filter(Boolean));
}

/** Whether entries say it better than matrices: beyond two axes they do. */
const inEntries = (said) => Boolean(said.matrix.reason) || (said.ndim > 2 && !said.index.reason);

const best = (said) => (inEntries(said) ? said.index : said.matrix);

const leftOf = (said) => (inEntries(said) && said.index.left ? said.index.left : said.left);

function asRead(sheet) {
  const { value } = sheet;
  const right = best(value);
  return el("div", { class: "as-read", id: "as-read" },
    el("h3", {}, sheet.derivative ? "Function" : "Function as it was read"),
    right.reason ? reason(right) : equation(leftOf(value), right, sheet.derivative ? "inline" : "block"),
    value.matrix.reason || value.index.reason ? null
      : el("details", { class: "small" }, el("summary", {}, "in indices"),
        equation(value.index.left, value.index, "inline")),
  );
}

function hero(said) {
  const right = best(said);
  if (right.reason) return reason(right);
  const latex = `${leftOf(said).latex} = ${right.latex}`;
  return el("div", { class: "hero", id: "hero" },
    equation(leftOf(said), right),
    right.note ? el("p", { class: "shape" }, right.note) : null,
    el("div", { class: "copies" },
      copyButton("Copy LaTeX", latex),
      copyButton("Copy text", right.plain ?? right.text)));
}

const copyButton = (label, text) => {
  const button = el("button", { type: "button", class: "quiet-button",
    click: () => copy(text, button) }, label);
  return button;
};

function shapeWords(said) {
  return said.axes ? `${said.shape} (${said.axes})` : said.shape;
}

function rows(sheet, state, change) {
  const said = sheet.derivative;
  const found = [];
  if (inEntries(said)) {
    found.push(row("In matrices",
      said.matrix.reason ? reason(said.matrix) : equation(said.left, said.matrix, "inline"),
      said.matrix.note ? el("p", { class: "quiet" }, said.matrix.note) : null));
  } else {
    found.push(row("In indices",
      said.index.reason ? reason(said.index) : equation(said.index.left, said.index, "inline")));
  }
  found.push(row("Over vec", vec(said.vec, state, change)));
  if (said.slices.length) {
    found.push(row("Slice by slice",
      ...said.slices.map((part) => equation(null, part, "inline"))));
  }
  if (!said.map.reason) found.push(row("As a map", equation(null, said.map, "inline")));
  return found;
}

function vec(data, state, change) {
  const layouts = el("div", {});
  const orders = el("div", {});
  pills(layouts, "layout", [["numerator", "numerator"], ["denominator", "denominator"]],
    state.layout, (layout) => change({ layout }));
  pills(orders, "vec", [["F", "columns"], ["C", "rows"]], state.vec,
    (value) => change({ vec: value }));
  return el("div", {},
    data.reason ? reason(data) : equation(null, data, "inline"),
    data.note ? el("p", { class: "quiet" }, data.note) : null,
    el("div", { class: "switches" },
      el("fieldset", { class: "pills small" }, el("legend", {}, "layout"), layouts),
      el("fieldset", { class: "pills small" }, el("legend", {}, "vec stacks"), orders)));
}

function assumptions(said) {
  if (!said.assumptions.length) return null;
  return row("Assuming", el("ul", {}, ...said.assumptions.map((fact) => el("li", {}, fact))));
}

/** What a screen reader is told of a new answer. */
export function spoken(sheet) {
  const said = sheet.derivative ?? sheet.value;
  const right = best(said);
  return right.reason ?? `${leftOf(said).text} = ${right.text}, ${said.shape}`;
}
