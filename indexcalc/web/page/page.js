// The page: what is typed becomes a question, every change asks again, and what comes
// too late is dropped.

import { showAnswer, spoken } from "./answer.js";
import { copy, el, pills } from "./dom.js";
import { check, code, diagrams, numbers, place, steps } from "./panels.js";
import { plain, readFragment, requestOf, writeFragment } from "./state.js";
import { showSymbols } from "./symbols.js";
import { tabs } from "./tabs.js";
import { ask } from "./transport.js";

// What is asked where the address asks nothing: it is selected, to be typed over.
const START = "#f=norm2(A*x-b)^2&x=x";
const DELAY = 100;
/** What was typed and stood for so many milliseconds is an entry of the history. */
const SETTLED = 2500;
const SLOW = 900;
const TABS = [
  ["steps", "Steps"], ["diagram", "Diagram"], ["code", "Code"],
  ["check", "Check my answer"], ["numbers", "Random data"],
];
const PANELS = { steps, diagram: diagrams, code, check, numbers };

const at = (id) => document.getElementById(id);
const text = at("text");
const page = { state: plain(), seed: 0, program: "numpy", ask: askFor, rests, change };
let sheet = null;
let asking = new AbortController();
let panelAsking = new AbortController();
let timer = 0;
let working = 0;
let committed = true;
let settled = 0;
let anew = false;

// -- asking ----------------------------------------------------------------------------

/** The answer for the open panel; null where it comes too late. */
async function askFor(kind, more = {}) {
  const { signal } = panelAsking;
  const found = await answerTo(requestOf(page.state, kind, more), signal);
  return signal.aborted ? null : found;
}

/** Whether the panel is still the one to show after some milliseconds. */
async function rests(milliseconds) {
  const { signal } = panelAsking;
  await new Promise((done) => { setTimeout(done, milliseconds); });
  return !signal.aborted;
}

async function answerTo(request, signal) {
  try {
    return await ask(request, signal);
  } catch (error) {
    return { error: "Refused", message: error.message, hint: null };
  }
}

/** Asks for the sheet of the state, and for what the open tab shows. */
async function refresh() {
  clearTimeout(timer);
  rest();
  asking.abort();
  panelAsking.abort();
  asking = new AbortController();
  const { signal } = asking;
  if (!page.state.text.trim()) return showNothing();
  at("body").classList.add("waiting");
  working = setTimeout(() => { at("working").textContent = "Computing …"; }, SLOW);
  const found = await answerTo(requestOf(page.state, "sheet"), signal);
  if (signal.aborted) return undefined;
  rest();
  at("body").classList.remove("waiting");
  if (found.error) return showProblem(found);
  showSheet(found);
  return openPanel();
}

function rest() {
  clearTimeout(working);
  at("working").textContent = "";
}

async function openPanel() {
  panelAsking.abort();
  panelAsking = new AbortController();
  const name = page.state.tab in PANELS ? page.state.tab : "steps";
  show(name);
  const box = boxes.get(name);
  box.setAttribute("aria-busy", "true");
  const { signal } = panelAsking;
  await PANELS[name](box, page);
  if (!signal.aborted) box.removeAttribute("aria-busy");
}

// -- showing ---------------------------------------------------------------------------

function showNothing() {
  sheet = null;
  at("body").hidden = true;
  hideProblem();
}

function showProblem(found) {
  const words = found.hint ? `${found.message} (${found.hint})` : found.message;
  const { shapes } = requestOf(page.state, "sheet");
  const forget = Object.keys(shapes).length
    ? el("button", { type: "button", click: () => change({ shapes: {} }) },
      `Forget what was declared (${Object.keys(shapes).join(", ")})`)
    : null;
  at("problem").replaceChildren(...[el("p", {}, words), place(found), forget].filter(Boolean));
  at("problem").hidden = false;
  text.setAttribute("aria-invalid", "true");
  at("body").classList.add("old");
}

function hideProblem() {
  at("problem").hidden = true;
  at("problem").replaceChildren();
  text.removeAttribute("aria-invalid");
  at("body").classList.remove("old", "waiting");
}

function showSheet(found) {
  sheet = found;
  hideProblem();
  at("body").hidden = false;
  showSymbols(at("symbols"), found.symbols, page.state.shapes, declare);
  showChoices(found);
  showAnswer(at("answer"), found, page.state, change);
  at("said").textContent = spoken(found);
  document.title = `${found.text.slice(0, 60)} – indexcalc`;
}

function showChoices(found) {
  const names = found.variables.map((name) => [name, name]);
  pills(at("by"), "by", names, found.by || page.state.by, (by) => change({ by }));
  pills(at("order"), "order", [["0", "function"], ["1", "derivative"], ["2", "second derivative"]],
    found.order, (order) => change({ order: Number(order) }));
  at("then-set").hidden = found.order !== 2 || names.length < 2;
  pills(at("then"), "then", names, found.then, (then) => change({ then }));
  at("notation").value = page.state.notation;
  at("convention").value = page.state.convention;
  at("out").value = page.state.out;
  at("out-label").hidden = page.state.notation !== "index";
}

// -- changing --------------------------------------------------------------------------

/** Takes a change that somebody chose: a new entry of the history, a new answer. */
function change(changes, what = "sheet") {
  if ("by" in changes) keepVariables(changes);
  page.state = { ...page.state, ...changes };
  remember();
  return what === "panel" ? openPanel() : refresh();
}

/** The order stays the one that is shown, and "then by" goes with the variable. */
function keepVariables(changes) {
  if (sheet && sheet.then === sheet.by) changes.then = "";
}

function declare(name, shape) {
  const shapes = { ...page.state.shapes };
  if (shape === null) delete shapes[name];
  else shapes[name] = shape;
  change({ shapes });
}

function typed() {
  grow();
  const kept = anew || !text.value.trim() ? manner(page.state) : page.state;
  anew = false;
  page.state = { ...kept, text: text.value };
  if (committed) remember();
  else amend();
  committed = false;
  clearTimeout(settled);
  settled = setTimeout(() => { committed = true; }, SETTLED);
  clearTimeout(timer);
  timer = setTimeout(refresh, DELAY);
}

/** What stays when another question begins: how answers are shown. */
function manner({ tab, method, layout, vec, convention, notation }) {
  return { ...plain(), tab, method, layout, vec, convention, notation };
}

/** The same entry of the history, changed; some browsers limit how often. */
function amend() {
  try {
    history.replaceState(null, "", writeFragment(page.state));
  } catch { /* the next change is taken */ }
}

/** A new entry of the history, unless nothing changed. */
function remember() {
  const fragment = writeFragment(page.state);
  if (fragment !== location.hash) history.pushState(null, "", fragment);
}

function load() {
  page.state = readFragment(location.hash || START);
  text.value = page.state.text;
  committed = true;
  grow();
  refresh();
}

function grow() {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 2}px`;
}

// -- theme -----------------------------------------------------------------------------

const THEMES = { system: "light", light: "dark", dark: "system" };

function paint(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  at("theme").textContent = `Theme: ${theme}`;
}

function kept() {
  try {
    const theme = localStorage.getItem("theme");
    return theme in THEMES ? theme : "system";
  } catch {
    return "system";
  }
}

function turn() {
  const next = THEMES[document.documentElement.dataset.theme ?? "system"];
  try {
    if (next === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", next);
  } catch { /* a browser that keeps nothing */ }
  paint(next);
}

// -- starting --------------------------------------------------------------------------

const { boxes, show } = tabs(at("tabs"), at("panels"), TABS, (tab) => {
  if (tab !== page.state.tab) change({ tab }, "panel");
});

text.addEventListener("beforeinput", () => {
  anew ||= text.value !== "" && text.selectionEnd - text.selectionStart === text.value.length;
});
text.addEventListener("input", typed);
text.addEventListener("change", () => { committed = true; });
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey) return;
  event.preventDefault();
  committed = true;
  refresh();
});
at("notation").addEventListener("change", (event) => change({ notation: event.target.value }));
at("convention").addEventListener("change", (event) => change({ convention: event.target.value }));
at("out").addEventListener("change", (event) => change({ out: event.target.value }));
at("share").addEventListener("click", (event) => copy(location.href, event.target));
at("theme").addEventListener("click", turn);
addEventListener("popstate", load);
addEventListener("resize", grow);
document.addEventListener("loading", (event) => {
  at("loading").textContent = event.detail;
  at("loading").hidden = !event.detail;
});
paint(kept());
load();
if (!location.hash && matchMedia("(pointer: fine)").matches) text.select();
