"""The page in a browser: how long a person waits.

Run `python -m benchmarks.web`. It starts the server of `indexcalc serve`, opens the
page in the system's Chromium by Playwright, and prints medians in milliseconds: from
the request of the page to its first answer on the screen, and for each of the five
worked problems from a click on it, and from the last key typed, to the answer.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any
from urllib.parse import urlencode

from examples.worked_problems import PROBLEMS, Problem
from tests.browser import CHROMIUM, FLAGS

LOADS, ROUNDS = 7, 9

#: Resolves when a formula that is not the one before stands on the screen.
ANSWERED = """() => {
  const label = () =>
    document.querySelector('#hero .equation')?.getAttribute('aria-label') ?? '';
  const old = label();
  const begun = performance.now();
  return start => new Promise(done => {
    const look = () => {
      if (label() && label() !== old) done(performance.now() - begun);
      else requestAnimationFrame(look);
    };
    start();
    requestAnimationFrame(look);
  });
}"""
CHOOSE = f"""fragment => ({ANSWERED})()(() => {{ location.hash = fragment; }})"""
TYPE = f"""text => ({ANSWERED})()(() => {{
  const box = document.getElementById('text');
  box.value = text;
  box.dispatchEvent(new InputEvent('input', {{ bubbles: true }}));
}})"""
FIRST = """() => new Promise(done => {
  const look = () => {
    if (document.querySelector('#hero .equation')) done(performance.now());
    else requestAnimationFrame(look);
  };
  look();
})"""


@contextmanager
def served() -> Iterator[str]:
    """The address of a server of our own."""
    code = "from indexcalc.web.serving import serve; serve(port=0)"
    server = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    try:
        found = re.search(r"http://\S+", server.stdout.readline())
        assert found is not None
        yield found[0]
    finally:
        server.terminate()
        server.wait()


def fragment(problem: Problem) -> str:
    """The state of the page that asks a problem."""
    shapes = [("s", f"{name}: {shape}") for name, shape in problem.shapes.items()]
    return "#" + urlencode([("f", problem.text), ("x", problem.variable), *shapes])


def first_answers(browser: Any, address: str) -> list[float]:
    """From the request of the page to its first answer, in new profiles."""
    found = []
    for k in range(LOADS):
        page = browser.new_context().new_page()
        page.goto(address + fragment(PROBLEMS[k % len(PROBLEMS)]), wait_until="commit")
        found.append(page.evaluate(FIRST))
        page.context.close()
    return found


def further(page: Any, problem: Problem) -> tuple[list[float], list[float]]:
    """From a click, and from the last key, to the answer, in turn."""
    clicked, typed = [], []
    for _ in range(ROUNDS):
        page.evaluate(CHOOSE, "#f=z'*z&x=z")
        page.wait_for_timeout(150)
        clicked.append(page.evaluate(CHOOSE, fragment(problem)))
        page.wait_for_timeout(400)
        typed.append(page.evaluate(TYPE, f"2*({problem.text})"))
        page.wait_for_timeout(400)
    return clicked, typed


def main() -> None:
    """Prints the medians."""
    from playwright.sync_api import sync_playwright

    with served() as address, sync_playwright() as tools:
        browser = tools.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=list(FLAGS)
        )
        loads = first_answers(browser, address)
        print(f"load to first answer  {median(loads):7.0f} ms (max {max(loads):.0f})")
        page = browser.new_context().new_page()
        page.goto(address)
        print(f"{'problem':58} {'chosen':>7} {'typed':>7}")
        for problem in PROBLEMS:
            clicked, typed = further(page, problem)
            print(f"{problem.title:58} {median(clicked):7.0f} {median(typed):7.0f}")
        browser.close()


if __name__ == "__main__":
    main()
