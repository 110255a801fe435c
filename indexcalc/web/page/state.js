// What is asked, as it stands in the address after #: nothing of it goes to a server log.

const PLAIN = {
  text: "", shapes: {}, by: "", then: "", order: null, notation: "auto", out: "",
  layout: "numerator", vec: "F", convention: "symmetrised",
  tab: "steps", method: "differential", answer: "",
};

const KEYS = {
  text: "f", by: "x", then: "y", notation: "n", out: "i", layout: "l", vec: "v",
  convention: "c", tab: "t", method: "m", answer: "a",
};

/** The state with nothing asked. */
export const plain = () => ({ ...PLAIN, shapes: {} });

/** The state that a fragment says. */
export function readFragment(fragment) {
  const state = plain();
  const given = new URLSearchParams(fragment.replace(/^#/, ""));
  for (const [name, key] of Object.entries(KEYS)) {
    if (given.has(key)) state[name] = given.get(key);
  }
  if (["0", "1", "2"].includes(given.get("o"))) state.order = Number(given.get("o"));
  const shapes = new Map();
  for (const line of given.getAll("s")) {
    const at = line.indexOf(":");
    if (at > 0) shapes.set(line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  state.shapes = Object.fromEntries(shapes);
  return state;
}

/** The fragment that says a state. */
export function writeFragment(state) {
  const given = new URLSearchParams();
  for (const [name, key] of Object.entries(KEYS)) {
    if (state[name] !== PLAIN[name]) given.set(key, state[name]);
  }
  if (state.order !== null) given.set("o", String(state.order));
  for (const [name, shape] of Object.entries(state.shapes)) {
    given.append("s", `${name}: ${shape}`);
  }
  return `#${given}`;
}

/** The request of a kind; shapes of names that the text no longer has are left out. */
export function requestOf(state, kind, more = {}) {
  const { text, by, then, order, notation, out, layout, vec, convention } = state;
  const there = Object.entries(state.shapes).filter(([name]) => occurs(text, name));
  return {
    kind, text, by, then, order, notation, out, layout, vec, convention,
    shapes: Object.fromEntries(there), ...more,
  };
}

const GREEK = /[\u0370-\u03ff]/;

function occurs(text, name) {
  return text.includes(name) || GREEK.test(name) || text.includes("\\");
}
