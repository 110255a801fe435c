// Diagrams that light up: pointing at a wire or a box shows all its places, in the
// drawing and in the formulas.

import { drawing, el } from "./dom.js";

const WIDE = 460;

/** What stands above drawings. */
export const hint = () => el("p", { class: "quiet hint" },
  "Point at a wire or a box, or reach a wire with the Tab key, to see what it is and where it stands.");

/** A drawing with a caption that says what is pointed at. `formulas` gives the
 * formulas whose letters light up with it. */
export function diagram(data, formulas = () => []) {
  if (!data.svg) return el("p", { class: "quiet" }, data.reason);
  const svg = drawing(data.svg);
  const told = el("p", { class: "told", "aria-live": "polite" });
  const view = el("div", { class: "view" });
  if (svg) view.append(svg);
  if (svg) listen(svg, told, formulas);
  const wide = svg && Number(svg.getAttribute("width")) > WIDE;
  return el("div", { class: wide ? "drawing wide" : "drawing" }, view, told);
}

function listen(svg, told, formulas) {
  const dark = () => {
    for (const node of lit) node.classList.remove("lit");
    lit = [];
    svg.classList.remove("lit");
    told.textContent = "";
  };
  let lit = [];
  const light = (event) => {
    dark();
    const at = event.target.closest("[data-index], [data-key]");
    if (!at) return;
    const index = at.dataset.index;
    const name = index ?? at.dataset.key.replace(/#\d+$/, "");
    lit = index === undefined ? [at] : places(svg, index);
    if (index !== undefined) svg.classList.add("lit");
    lit.push(...formulas().flatMap((box) => letters(box, name, index !== undefined)));
    for (const node of lit) node.classList.add("lit");
    told.textContent = at.querySelector("title")?.textContent
      ?? at.parentNode.querySelector("title")?.textContent ?? name;
  };
  svg.addEventListener("pointerover", light);
  svg.addEventListener("focusin", light);
  svg.addEventListener("pointerleave", dark);
  svg.addEventListener("focusout", dark);
}

const places = (svg, index) =>
  [...svg.querySelectorAll("[data-index]")].filter((e) => e.dataset.index === index);

/** The letters of a formula that are a name: an index stands below something. */
function letters(box, name, isIndex) {
  const below = (node) =>
    Boolean(node.closest("msub > :nth-child(2), msubsup > :nth-child(2)"));
  return [...box.querySelectorAll("mi")].filter(
    (node) => node.textContent === name && below(node) === isIndex,
  );
}

/** The frames of a derivation with a slider, buttons and play. */
export function film(frames) {
  const shown = el("div", { class: "frames" });
  const caption = el("p", { class: "caption", "aria-live": "polite" });
  const count = el("span", { class: "count" });
  const slider = el("input", { type: "range", min: 1, max: frames.length, value: 1,
    "aria-label": "Frame", input: () => go(Number(slider.value) - 1) });
  const back = el("button", { type: "button", click: () => go(at - 1) }, "Back");
  const next = el("button", { type: "button", click: () => go(at + 1) }, "Next");
  const play = el("button", { type: "button", click: () => toggle() }, "Play");
  let at = 0;
  let timer = 0;
  const show = (to) => {
    at = Math.max(0, Math.min(frames.length - 1, to));
    shown.replaceChildren(diagram(frames[at]));
    caption.textContent = frames[at].caption;
    slider.value = at + 1;
    slider.setAttribute("aria-valuetext", frames[at].caption);
    count.textContent = `${at + 1} of ${frames.length}`;
    back.disabled = at === 0;
    next.disabled = at === frames.length - 1;
  };
  const stop = () => { clearInterval(timer); timer = 0; play.textContent = "Play"; };
  const go = (to) => { stop(); show(to); };
  const step = () => {
    if (!shown.isConnected) return stop();
    show(at + 1);
    return at === frames.length - 1 ? stop() : undefined;
  };
  const toggle = () => {
    if (timer) return stop();
    if (at === frames.length - 1) show(0);
    play.textContent = "Pause";
    timer = setInterval(step, 2200);
    return undefined;
  };
  show(0);
  return el("div", { class: "film" }, hint(), caption, shown,
    el("div", { class: "controls" }, back, play, next, slider, count));
}
