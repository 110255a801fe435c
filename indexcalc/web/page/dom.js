// Elements, and markup that came from the server: copied node by node, never as HTML.

const MATHML = "http://www.w3.org/1998/Math/MathML";
const SVG = "http://www.w3.org/2000/svg";

const words = (text) => new Set(text.split(" "));

const MATH_ELEMENTS = words(
  "math mrow mi mo mn mtext mspace msub msup msubsup mover munder munderover mfrac " +
  "msqrt mroot mtable mtr mtd mstyle mpadded mphantom mprescripts mmultiscripts none",
);
const MATH_ATTRIBUTES = words(
  "display mathvariant stretchy fence form separator accent lspace rspace width height " +
  "depth linethickness columnalign columnspacing rowspacing displaystyle scriptlevel " +
  "movablelimits minsize maxsize symmetric largeop",
);
const SVG_ELEMENTS = words("svg title desc g path circle rect line text tspan");
const SVG_ATTRIBUTES = words(
  "id width height viewBox role aria-labelledby aria-label tabindex font-family " +
  "font-size font-style font-weight class data-index data-key x y x1 x2 y1 y2 dx dy cx " +
  "cy r rx ry d stroke stroke-width stroke-dasharray stroke-linecap stroke-linejoin " +
  "fill text-anchor letter-spacing text-decoration transform",
);

/** An element with attributes, properties that are functions as listeners, children. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

function copied(node, space, elements, attributes) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
  if (node.nodeType !== Node.ELEMENT_NODE || !elements.has(node.localName)) return null;
  const made = document.createElementNS(space, node.localName);
  for (const { name, value } of node.attributes) {
    if (attributes.has(name)) made.setAttribute(name, value);
  }
  for (const child of node.childNodes) {
    const kept = copied(child, space, elements, attributes);
    if (kept) made.append(kept);
  }
  return made;
}

function parsed(text, type, root, space, elements, attributes) {
  const tree = new DOMParser().parseFromString(text, type).documentElement;
  return tree.localName === root ? copied(tree, space, elements, attributes) : null;
}

/** A drawing, or null. */
export const drawing = (text) =>
  parsed(text, "image/svg+xml", "svg", SVG, SVG_ELEMENTS, SVG_ATTRIBUTES);

/** A formula of an answer: MathML with its text for who cannot see it, or the text. */
export function formula(data, display = "inline") {
  const math = data.mathml && parsed(
    data.mathml, "application/xml", "math", MATHML, MATH_ELEMENTS, MATH_ATTRIBUTES,
  );
  if (!math) return el("code", { class: "untypeset" }, data.text);
  math.setAttribute("display", display);
  math.setAttribute("alttext", data.text);
  return math;
}

/** "left = right" as one formula in a box that scrolls by itself. */
export function equation(left, right, display = "block") {
  const box = el("div", { class: `equation ${display}`, tabindex: "0", role: "group",
    "aria-label": left ? `${left.text} = ${right.text}` : right.text });
  if (!left) box.append(formula(right, display));
  else box.append(joined(formula(left, display), formula(right, display)));
  return box;
}

/** Two formulas with an equals sign between them, as one where both are MathML. */
function joined(left, right) {
  if (left.localName !== "math" || right.localName !== "math") {
    return el("span", {}, left, " = ", right);
  }
  const equals = document.createElementNS(MATHML, "mo");
  equals.textContent = "=";
  left.setAttribute("alttext",
    `${left.getAttribute("alttext")} = ${right.getAttribute("alttext")}`);
  left.append(equals, ...right.childNodes);
  return left;
}

/** Copies a text; where that is not allowed, selects what shows it. */
export async function copy(text, button, shown) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    if (shown) getSelection().selectAllChildren(shown);
    button.textContent = shown ? "Selected: press Ctrl+C" : "Copying is not allowed here";
  }
  setTimeout(() => { button.textContent = before; }, 1600);
}

/** A row of radio buttons that look like pills. */
export function pills(box, name, options, chosen, change) {
  const same = box.dataset.options === JSON.stringify(options);
  if (!same) {
    box.dataset.options = JSON.stringify(options);
    box.replaceChildren(...options.map(([value, label]) => el("label", {},
      el("input", { type: "radio", name, value, change: () => change(value) }),
      el("span", {}, label))));
  }
  for (const input of box.querySelectorAll("input")) {
    input.checked = input.value === String(chosen);
  }
}
