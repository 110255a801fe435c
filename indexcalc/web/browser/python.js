// Python in a worker: loads Pyodide and the packages, then answers texts with texts.
// A request reaches Python as an argument; nothing in it is run. Packages that read files
// of their own are unpacked; the large ones, seldom asked for, are imported as they are.

import { ARCHIVE, PACKAGES, PYODIDE } from "./where.js";

const at = (place) => new URL(place, import.meta.url).href;
const tell = (state, text = "") => postMessage({ state, text });

async function archive() {
  const found = await fetch(at(ARCHIVE));
  if (!found.ok) throw new Error(`${ARCHIVE} is not there (${found.status})`);
  return found.arrayBuffer();
}

async function loaded() {
  tell("loading", "Loading Python …");
  const packed = archive();
  packed.catch(() => {});
  const { loadPyodide } = await import(at(`${PYODIDE}pyodide.mjs`));
  const python = await loadPyodide({ indexURL: at(PYODIDE) });
  tell("loading", "Loading NumPy …");
  await python.loadPackage(PACKAGES, { messageCallback: () => {} });
  tell("loading", "Loading indexcalc …");
  python.FS.writeFile("/indexcalc.zip", new Uint8Array(await packed));
  return python.runPython(`
import json
import sys
from zipfile import ZipFile

sys.dont_write_bytecode = True
sys.path[:0] = ["/indexcalc", "/indexcalc.zip"]
large = ("sympy/", "mpmath/", "networkx/")
with ZipFile("/indexcalc.zip") as packed:
    files = [name for name in packed.namelist() if not name.startswith(large)]
    packed.extractall("/indexcalc", files)

from indexcalc.web.answers import answer

lambda text: json.dumps(answer(json.loads(text)))
`);
}

try {
  const answer = await loaded();
  self.onmessage = ({ data }) => tell("answered", answer(data));
  tell("ready");
} catch (error) {
  tell("failed", String(error?.message ?? error).trim().split("\n").pop());
}
