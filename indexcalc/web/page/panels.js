// What the tabs show: steps, diagrams, code, a check of an answer, a test by numbers.

import { copy, el, equation, pills } from "./dom.js";
import { diagram, film, hint } from "./diagrams.js";

const METHODS = [
  ["differential", "differentials"], ["index", "indices"], ["chain", "chain rule"],
  ["vec", "vec"],
];
const PROGRAMS = {
  einsum: "einsum", numpy: "NumPy", jax: "JAX", torch: "PyTorch", julia: "Julia",
  matlab: "MATLAB", eigen: "C++ Eigen", latex: "LaTeX", "index-latex": "LaTeX, indices",
  sympy: "SymPy", python: "indexcalc",
};

// Pictures are many: they are asked for when nobody types any more.
const REST = 350;

const refused = (data) =>
  el("p", { class: "quiet" }, data.hint ? `${data.message} (${data.hint})` : data.message);

// -- steps -----------------------------------------------------------------------------

/** The derivation line by line, and in pictures. */
export async function steps(box, page) {
  const data = await page.ask("steps", { method: page.state.method });
  if (!data) return;
  const methods = el("div", {});
  pills(methods, "method", METHODS, page.state.method,
    (method) => page.change({ method }, "panel"));
  const pictures = el("div", { class: "pictures" });
  box.replaceChildren(
    el("fieldset", { class: "pills small" }, el("legend", {}, "by"), methods),
    ...(data.error ? [refused(data)] : [lines(data.lines), spelled(data)]),
    pictures);
  box.removeAttribute("aria-busy");
  const frames = await page.rests(REST) && await page.ask("film");
  if (!frames) return;
  pictures.append(el("h3", {}, "In pictures"),
    frames.error ? refused(frames) : film(frames.frames));
}

/** A reason in plain characters with the letters after _ below the line: e_ie_jᵀ. */
const subscripted = (text) => text.split(/_([a-z]+?)(?=[^a-z]|[a-z]_|$)/)
  .map((part, k) => (k % 2 ? el("sub", {}, part) : part));


function lines(listed) {
  let before = "";
  return el("ol", { class: "steps" }, ...listed.map((line) => {
    const about = line.about.text === before ? null : line.about;
    before = line.about.text;
    return el("li", {},
      about ? equation(about, line.body, "inline") : again(line.body),
      el("span", { class: "rule" }, line.rule, line.reason ? ": " : "",
        ...subscripted(line.reason ?? "")));
  }));
}

function again(body) {
  const box = equation(null, body, "inline");
  box.prepend("= ");
  box.classList.add("again");
  return box;
}

function spelled(data) {
  return el("details", { class: "small" },
    el("summary", {}, "The function with every δ, H and 𝟏 spelled out"),
    el("pre", {}, [data.lowered, ...data.contractions].join("\n")));
}

// -- diagrams --------------------------------------------------------------------------

const SHOWS = { function: "as-read", derivative: "answer" };

/** The function and its derivative as contraction diagrams. */
export async function diagrams(box, page) {
  const data = await page.ask("diagram");
  if (!data) return;
  if (data.error) return box.replaceChildren(refused(data));
  box.replaceChildren(hint(), el("div", { class: "gallery" }, ...data.pictures.map((picture) =>
    el("figure", {},
      el("figcaption", {}, picture.title),
      diagram(picture, () => formulasFor(picture.name))))));
  return undefined;
}

/** The formulas with the letters of a picture. */
function formulasFor(name) {
  const box = document.getElementById(SHOWS[name]);
  if (!box) return [];
  return [...box.querySelectorAll(".equation")].filter((one) =>
    name === "function" || !one.closest("#as-read"));
}

// -- code ------------------------------------------------------------------------------

/** Programs to copy, one at a time. */
export async function code(box, page) {
  const data = await page.ask("code");
  if (!data) return;
  if (data.error) return box.replaceChildren(refused(data));
  const names = data.programs.map(({ name }) => [name, PROGRAMS[name] ?? name]);
  const languages = el("div", {});
  const shown = el("div", {});
  const show = (name) => {
    page.program = name;
    const found = data.programs.find((program) => program.name === name);
    shown.replaceChildren(...program(found));
  };
  const first = names.some(([name]) => name === page.program) ? page.program : "numpy";
  pills(languages, "program", names, first, show);
  show(first);
  box.replaceChildren(
    el("fieldset", { class: "pills small" }, el("legend", {}, "language"), languages), shown);
  return undefined;
}

function program(found) {
  if (found.reason) return [el("p", { class: "quiet" }, found.reason)];
  const text = el("pre", { tabindex: "0", role: "group", "aria-label": found.title }, found.text);
  const button = el("button", { type: "button",
    click: () => copy(found.text, button, text) }, "Copy");
  return [el("div", { class: "program" }, button, text)];
}

// -- is my answer right? ---------------------------------------------------------------

/** A box for an answer, and the verdict on it. */
export async function check(box, page) {
  const answer = box.querySelector("textarea") ?? build(box, page);
  if (document.activeElement !== answer) answer.value = page.state.answer;
  const verdict = box.querySelector(".verdict");
  if (!page.state.answer.trim()) return verdict.replaceChildren();
  const data = await page.ask("check", { answer: page.state.answer });
  if (data) verdict.replaceChildren(...judged(data));
  return undefined;
}

function build(box, page) {
  const submit = () => page.change({ answer: answer.value }, "panel");
  const answer = el("textarea", { id: "my-answer", rows: 1, spellcheck: "false",
    autocapitalize: "off", autocomplete: "off",
    keydown: (event) => {
      if (event.key !== "Enter" || event.shiftKey) return;
      event.preventDefault();
      submit();
    } });
  box.replaceChildren(
    el("label", { for: "my-answer" }, "Your derivative, in any notation"),
    el("div", { class: "with-button" }, answer,
      el("button", { type: "button", click: submit }, "Check")),
    el("div", { class: "verdict", role: "status" }));
  return answer;
}

function judged(data) {
  if (data.error) return [el("p", { class: "wrong" }, data.message), place(data)];
  const kind = data.verdict === "assumption" ? "partly" : data.right ? "right" : "wrong";
  const found = [el("p", { class: kind }, data.text)];
  if (!data.right && data.expected.mathml) {
    found.push(el("p", { class: "quiet" }, "It is"), equation(null, data.expected));
  }
  return found;
}

/** The line of a text with a caret under the place of an error. */
export function place(data) {
  if (data.text == null || data.position == null) return "";
  const letters = [...data.text];
  const start = letters.lastIndexOf("\n", data.position - 1) + 1;
  const ends = letters.indexOf("\n", data.position);
  const line = letters.slice(start, ends < 0 ? letters.length : ends);
  const column = data.position - start;
  return el("pre", { class: "place", "aria-hidden": "true" },
    line.slice(0, column).join(""), el("mark", {}, line[column] ?? " "),
    line.slice(column + 1).join(""), "\n", " ".repeat(column), "^");
}

// -- random data -----------------------------------------------------------------------

/** The derivative beside differences of the function, on random arrays. */
export async function numbers(box, page) {
  const data = await page.ask("verify", { seed: page.seed });
  if (!data) return;
  const again = el("button", { type: "button", click: () => {
    page.seed += 1;
    numbers(box, page);
  } }, "Again, with other numbers");
  if (data.error) return box.replaceChildren(refused(data));
  box.replaceChildren(
    el("p", { class: data.right ? "right" : "wrong", role: "status" }, data.text), again,
    el("dl", { class: "arrays" },
      ...data.arrays.flatMap((one) => array(one.name, one)),
      ...array("value", data.value), ...array("derivative", data.derivative)));
  return undefined;
}

function array(name, one) {
  const shape = one.shape.length ? ` ${one.shape.join(" × ")}` : "";
  return [el("dt", {}, name, el("span", { class: "quiet" }, shape)),
    el("dd", {}, el("pre", { tabindex: "0" }, one.text))];
}
