"""The style sheet and the script of a page; neither holds any data of a drawing."""

from __future__ import annotations

from .svg import role_rules
from .themes import THEMES

_SHEET = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2733;--quiet:#5a6673;--edge:#d5dbe2;
--lit:#0b57d0;--card:#fff}
@media (prefers-color-scheme:dark){:root{--paper:#0b0f14;--ink:#e4e9ef;--quiet:#a3afbc;
--edge:#2c3743;--lit:#8ab4f8;--card:#11161d}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
main{max-width:72rem;margin:0 auto;padding:1rem}
h1{font-size:1.25rem;font-weight:600;margin:.25rem 0 1rem;overflow-wrap:anywhere}
.stage{display:grid;gap:1rem}
figure{margin:0;padding:1rem;border:1px solid var(--edge);border-radius:12px;
background:var(--card);min-width:0}
.view{overflow-x:auto}
.view svg{display:block;margin:0 auto;height:auto;max-width:max(100%,34rem)}
figcaption{margin-top:.75rem;text-align:center;overflow-wrap:anywhere}
figcaption:empty{display:none}
.controls{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:.75rem 0}
.controls[hidden]{display:none}
button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--edge);
border-radius:8px;padding:.4rem .8rem;min-width:2.75rem;min-height:2.75rem;
cursor:pointer}
button:hover{border-color:var(--quiet)}
:focus-visible{outline:2px solid var(--lit);outline-offset:2px}
input[type=range]{flex:1 1 10rem;accent-color:var(--lit);min-height:2.75rem}
.count,.told{color:var(--quiet);font-size:.9rem}
.told{min-height:1.5em;margin:.5rem 0;text-align:center;overflow-wrap:anywhere}
.one .frame{grid-area:1/1;visibility:hidden;opacity:0;display:flex;
flex-direction:column;justify-content:space-between}
.one .frame.on{visibility:visible;opacity:1;transition:opacity .35s}
.view svg *{transition:opacity .15s}
.hit{fill:none;stroke:transparent;stroke-width:14;pointer-events:stroke;cursor:pointer}
.hit:focus{outline:none}
svg [data-index]{cursor:pointer}
svg.lit [data-index]:not(.lit){opacity:.3}
path.lit:not(.hit){stroke:var(--lit);stroke-width:2.6}
circle.lit,text.lit{fill:var(--lit)}
text.lit{font-weight:700}
@media (prefers-reduced-motion:reduce){*{transition:none!important}}
@media print{.controls,.told{display:none}.one .frame{grid-area:auto;visibility:visible;
opacity:1;break-inside:avoid}}
"""

SCRIPT = """
"use strict";
(() => {
  const told = document.querySelector(".told");
  const idle = told.textContent;
  const places = (svg, index) =>
    [...svg.querySelectorAll("[data-index]")].filter(e => e.dataset.index === index);
  let shown = null;
  const dark = () => {
    if (!shown) return;
    shown.classList.remove("lit");
    for (const e of shown.querySelectorAll(".lit")) e.classList.remove("lit");
    shown = null;
    told.textContent = idle;
  };
  const light = event => {
    const at = event.target.closest("[data-index]");
    dark();
    if (!at) return;
    shown = at.ownerSVGElement;
    shown.classList.add("lit");
    for (const e of places(shown, at.dataset.index)) e.classList.add("lit");
    const title = at.querySelector("title") || at.parentNode.querySelector("title");
    told.textContent = title ? title.textContent : at.dataset.index;
  };
  for (const svg of document.querySelectorAll(".view svg")) {
    svg.addEventListener("pointerover", light);
    svg.addEventListener("focusin", light);
    svg.addEventListener("pointerleave", dark);
    svg.addEventListener("focusout", dark);
  }

  const frames = [...document.querySelectorAll(".frame")];
  const controls = document.querySelector(".controls");
  if (!controls) return;
  const [first, play, next] = controls.querySelectorAll("button");
  const slider = controls.querySelector("input");
  const count = controls.querySelector(".count");
  const caption = frame => frame.querySelector("figcaption").textContent;
  let at = 0;
  let timer = 0;
  const show = to => {
    at = Math.max(0, Math.min(frames.length - 1, to));
    dark();
    frames.forEach((frame, k) => frame.classList.toggle("on", k === at));
    slider.value = String(at + 1);
    slider.setAttribute("aria-valuetext", `${at + 1}: ${caption(frames[at])}`);
    count.textContent = `${at + 1} / ${frames.length}`;
    first.disabled = at === 0;
    next.disabled = at === frames.length - 1;
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = "Play";
  };
  const step = () => {
    show(at + 1);
    if (at === frames.length - 1) stop();
  };
  const toggle = () => {
    if (timer) return stop();
    if (at === frames.length - 1) show(0);
    play.textContent = "Pause";
    timer = setInterval(step, 2200);
  };
  const go = to => { stop(); show(to); };
  first.addEventListener("click", () => go(at - 1));
  next.addEventListener("click", () => go(at + 1));
  play.addEventListener("click", toggle);
  slider.addEventListener("input", () => go(Number(slider.value) - 1));
  const keys = {
    ArrowLeft: () => at - 1,
    ArrowRight: () => at + 1,
    Home: () => 0,
    End: () => frames.length - 1,
  };
  document.addEventListener("keydown", event => {
    if (event.key === "Escape") dark();
    const to = keys[event.key];
    if (!to || event.target === slider || event.altKey || event.ctrlKey) return;
    event.preventDefault();
    go(to());
  });
  document.querySelector(".stage").classList.add("one");
  controls.hidden = false;
  show(0);
})();
"""


def sheet() -> str:
    """The style sheet: the dark theme of drawings, then the page's own."""
    rules = role_rules(THEMES["dark"])
    return f"@media screen and (prefers-color-scheme:dark){{{rules}}}{_SHEET}"
