// The page's way to answers where there is no server: Python in a worker of the browser.
// One request is answered at a time, in order; one that takes too long ends the worker,
// and the next one starts another.

import { SECONDS } from "./where.js";

let worker = null;
let ready = false;
let job = null;
let clock = 0;
const waiting = [];

/** The answer to a request; rejects with one sentence, or with the signal's reason. */
export function ask(request, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const asked = { text: JSON.stringify(request), resolve, reject };
    const leave = () => withdraw(asked, signal.reason);
    signal?.addEventListener("abort", leave, { once: true });
    waiting.push(asked);
    proceed();
  });
}

function withdraw(asked, reason) {
  const place = waiting.indexOf(asked);
  if (place >= 0) waiting.splice(place, 1);
  asked.reject(reason);
}

function proceed() {
  if (!worker) start();
  if (!ready || job || !waiting.length) return;
  job = waiting.shift();
  clock = setTimeout(overdue, SECONDS * 1000);
  worker.postMessage(job.text);
}

function start() {
  worker = new Worker(new URL("./python.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => heard[data.state](data.text);
  worker.onerror = (event) => {
    event.preventDefault();
    heard.failed(event.message || "its files could not be read");
  };
}

const heard = {
  loading: say,
  ready() {
    ready = true;
    say("");
    proceed();
  },
  answered(text) {
    finish((asked) => asked.resolve(JSON.parse(text)));
  },
  failed(text) {
    const sentence = `Python did not start in this browser: ${text}`;
    say(sentence);
    end();
    for (const asked of waiting.splice(0)) asked.reject(new Error(sentence));
  },
};

function finish(settle) {
  clearTimeout(clock);
  const asked = job;
  job = null;
  if (asked) settle(asked);
  proceed();
}

function overdue() {
  end();
  const sentence = `This took more than ${SECONDS} seconds, and was ended.`;
  finish((asked) => asked.reject(new Error(sentence)));
}

function end() {
  worker?.terminate();
  worker = null;
  ready = false;
}

/** Tells the page what is being loaded; nothing once all is there. */
function say(text) {
  document.dispatchEvent(new CustomEvent("loading", { detail: text }));
}

start();
