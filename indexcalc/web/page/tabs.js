// Tabs that follow the arrow keys.

import { el } from "./dom.js";

/** Tabs over panels: `[name, title]` each; `choose(name)` is called when one is
 * chosen. The panels by name, and what shows one. */
export function tabs(list, panels, names, choose) {
  const buttons = new Map();
  const boxes = new Map();
  for (const [name, title] of names) {
    const button = el("button", { type: "button", role: "tab", id: `tab-${name}`,
      "aria-controls": `panel-${name}`, click: () => choose(name) }, title);
    const box = el("div", { role: "tabpanel", id: `panel-${name}`, tabindex: "0",
      "aria-labelledby": `tab-${name}`, hidden: true });
    buttons.set(name, button);
    boxes.set(name, box);
    list.append(button);
    panels.append(box);
  }
  const order = names.map(([name]) => name);
  list.addEventListener("keydown", (event) => {
    const at = order.findIndex((name) => buttons.get(name) === document.activeElement);
    const last = order.length - 1;
    const moves = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at ? at - 1 : last,
      Home: 0, End: last };
    if (at < 0 || !(event.key in moves)) return;
    event.preventDefault();
    const name = order[moves[event.key]];
    buttons.get(name).focus();
    choose(name);
  });
  const show = (chosen) => {
    for (const name of order) {
      const on = name === chosen;
      buttons.get(name).setAttribute("aria-selected", String(on));
      buttons.get(name).tabIndex = on ? 0 : -1;
      boxes.get(name).hidden = !on;
    }
  };
  return { boxes, show };
}
