"""The page in a real browser: what a person sees, types, points at and presses.

It needs Playwright and a Chromium of the system, and is skipped without them.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

pytest.importorskip("uvicorn", reason="the extra web is not installed")
pytest.importorskip("starlette", reason="the extra web is not installed")
pytest.importorskip("latex2mathml", reason="the extra web is not installed")
pytest.importorskip("playwright", reason="Playwright is not installed")

from playwright.sync_api import sync_playwright

from tests.browser import CHROMIUM, FLAGS

ROOT = Path(__file__).resolve().parent.parent
if CHROMIUM is None:
    pytest.skip("no Chromium is installed", allow_module_level=True)

#: The examples of the page that are the five problems, and what each shows first.
FIVE = (
    ("(X∘A)𝟏", "∂f_i/∂A_jk = δ_ij X_ik"),
    ("W(AX∘AX)𝟏", "∂f_i/∂X_jl = 2 W_im A_mj X_pl A_mp"),
    ("x∘y∘z", "Diag(y∘z)"),
    ("aᵀ(B(xcᵀ∘D)∘E)f", "(D∘Bᵀ(E∘afᵀ))c"),
    ("A(B(xcᵀ∘D)∘E)f", "A(B∘E Diag(c∘f)Dᵀ)"),
)

#: The tabs, and what each shows.
TABS = (
    ("Diagram", ".gallery svg"),
    ("Code", ".program pre"),
    ("Random data", ".right"),
    ("Steps", ".film svg"),
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where a server of this test's own is."""
    code = "from indexcalc.web.serving import serve; serve(port=0)"
    server = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    try:
        found = re.search(r"http://\S+", server.stdout.readline())
        assert found is not None
        yield found[0]
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser that can reach nothing but this machine."""
    cut = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with sync_playwright() as tools:
        found = tools.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=[*FLAGS, cut]
        )
        yield found
        found.close()


Visit = Callable[..., Any]


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Visit]:
    """Opens the page with a state; whatever the console says fails the test, and so
    does a request to anywhere else."""
    contexts, wrong = [], []

    def opened(fragment: str = "", **options: Any) -> Any:
        sized = {"viewport": {"width": 1180, "height": 900}}
        context = browser.new_context(**{**sized, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: _elsewhere(asked.url, address, wrong))
        page.goto(f"{address}{fragment}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong


def _elsewhere(url: str, address: str, wrong: list[str]) -> None:
    if not url.startswith(address):
        wrong.append(f"a request to {url}")


def asking(text: str, **more: str) -> str:
    return "#" + urlencode({"f": text, **more})


def shown(page: Any) -> str:
    """The big formula, as a screen reader has it, when the answer is there."""
    page.wait_for_selector("#body:not(.waiting) #hero .equation")
    return str(page.get_attribute("#hero .equation", "aria-label"))


def wait_shown(page: Any, part: str) -> None:
    page.wait_for_function(
        "part => document.querySelector('#hero .equation')"
        "?.getAttribute('aria-label').includes(part)",
        arg=part,
    )


# -- answers ---------------------------------------------------------------------------


def test_the_five_problems(visit: Visit) -> None:
    page = visit()
    assert shown(page) == "∂f/∂x = 2Aᵀ(Ax − b)"
    assert page.evaluate("document.activeElement.id") == "text"
    for name, formula in FIVE:
        page.get_by_role("link", name=name, exact=True).click()
        wait_shown(page, formula)
        assert page.locator("#hero math").count() == 1
    for tab, content in TABS:
        page.get_by_role("tab", name=tab).click()
        page.locator(f"[role=tabpanel]:not([hidden]) {content}").first.wait_for()


def test_every_example_is_answered(visit: Visit) -> None:
    page = visit()
    links = page.locator(".examples a")
    for k in range(links.count()):
        before = page.title()
        links.nth(k).click()
        page.wait_for_function("old => document.title !== old", arg=before)
        assert " = " in shown(page)
        assert page.locator("#problem").is_hidden()


def test_typing_asks_and_keeps_the_history(visit: Visit) -> None:
    page = visit()
    page.locator("#text").type("x'*A*x")
    wait_shown(page, "∂f/∂x = (A + Aᵀ)x")
    page.locator("#by input[value=A]").check()
    wait_shown(page, "∂f/∂A = xxᵀ")
    assert "x=A" in page.url
    page.locator("#order input[value='2']").check()
    wait_shown(page, "∂²f")
    page.go_back()
    wait_shown(page, "∂f/∂A = xxᵀ")
    page.go_back()
    wait_shown(page, "∂f/∂x = (A + Aᵀ)x")
    page.go_forward()
    wait_shown(page, "∂f/∂A = xxᵀ")


def test_a_link_shows_the_same_again(visit: Visit) -> None:
    first = visit(asking("x'*A*x", x="x", t="check", a="2*A*x"))
    kind = first.get_by_label("what A is")
    kind.select_option(label="symmetric matrix")
    wait_shown(first, "= 2Ax")
    first.locator(".verdict .right").wait_for()
    again = visit("#" + first.url.partition("#")[2])
    assert shown(again) == "∂f/∂x = 2Ax"
    again.locator(".verdict .right").wait_for()
    assert again.get_by_label("what A is").input_value() == "2|symmetric"


def test_symbols_are_declared_and_found_again(visit: Visit) -> None:
    page = visit(asking("c*x", x="x"))
    assert shown(page)
    assert page.locator("#symbols tr.inferred").count() == 2
    page.get_by_label("sizes of x").fill("3")
    page.get_by_label("sizes of x").press("Enter")
    page.wait_for_selector("#symbols tr:not(.inferred)")
    page.locator("p.shape:has-text('3 × 3')").wait_for()
    page.get_by_role("button", name="find x again").click()
    page.wait_for_selector("#symbols tr.inferred + tr.inferred")


def test_another_question_begins_anew(visit: Visit) -> None:
    page = visit(asking("X*A", s="A: 2 3", x="A"))
    shown(page)
    page.locator("#text").press("Control+a")
    page.locator("#text").type("x'*A*x")
    wait_shown(page, "∂f/∂x = (A + Aᵀ)x")
    assert page.locator("#symbols tr:not(.inferred)").count() == 0


def test_what_does_not_go_together_can_be_forgotten(visit: Visit) -> None:
    page = visit(f"{asking('A*B', s='A: 2 3')}&s=B: 2 3")
    page.get_by_role("button", name="Forget what was declared (A, B)").click()
    wait_shown(page, "∂F_ij/∂A_kl = δ_ik B_lj")


def test_layouts(visit: Visit) -> None:
    page = visit(asking("A*x", x="x", s="A: m n"))
    page.locator("text=numerator layout: rows the value").wait_for()
    page.locator("input[value=denominator]").check()
    page.locator("text=denominator layout: rows x").wait_for()
    assert "l=denominator" in page.url


# -- mistakes --------------------------------------------------------------------------


def test_an_error_shows_its_place_and_keeps_the_answer(visit: Visit) -> None:
    page = visit(asking("x'*A*x", x="x"))
    shown(page)
    page.locator("#text").fill("x'*A*x + )")
    page.locator("#problem:not([hidden])").wait_for()
    assert page.locator("#problem mark").inner_text() == ")"
    assert page.locator("#problem").get_attribute("role") == "alert"
    assert page.locator("#text").get_attribute("aria-invalid") == "true"
    assert page.locator("#body.old").count() == 1
    assert shown(page) == "∂f/∂x = (A + Aᵀ)x"
    page.locator("#text").fill("x'*x")
    wait_shown(page, "2x")
    assert page.locator("#problem").is_hidden()


HOSTILE = (
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "</textarea><svg onload=alert(1)>",
    "\\text{<img src=x onerror=alert(1)>}",
    "__proto__",
)


def test_hostile_texts_stay_texts(visit: Visit) -> None:
    page = visit()
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    for name in HOSTILE:
        fragment = asking(name, s=f"{name}: {name}", x=name, t="check", a=name)
        page.evaluate("fragment => { location.hash = fragment; }", fragment)
        page.wait_for_selector("#problem:not([hidden]), #body:not([hidden])")
        page.locator("#text").fill(f"x'*x  {name}")
        page.wait_for_timeout(250)
        assert page.locator("main img, main script").count() == 0
        assert page.locator("[onerror], [onload]").count() == 0
    page.locator("#text").fill("x'*x")
    wait_shown(page, "= 2x")


def test_check_my_answer(visit: Visit) -> None:
    page = visit(asking("x'*A*x", x="x", t="check"))
    page.get_by_label("Your derivative").fill("2*A*x")
    page.get_by_role("button", name="Check", exact=True).click()
    page.locator("text=Right if A is symmetric").wait_for()
    page.get_by_label("Your derivative").fill("(A + A')*x")
    page.get_by_label("Your derivative").press("Enter")
    page.locator(".verdict .right").wait_for()


# -- how it looks and is reached -------------------------------------------------------


def test_a_phone_has_no_sideways_scroll(visit: Visit) -> None:
    phone = {"width": 360, "height": 740}
    text = "A * (B * (x*c' .* D) .* E) * f * f'*f"
    page = visit(asking(text, x="x"), viewport=phone)
    shown(page)
    for tab, content in TABS:
        page.get_by_role("tab", name=tab).click()
        page.locator(f"[role=tabpanel]:not([hidden]) {content}").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= phone["width"]


def test_nothing_overlaps_at_any_width(visit: Visit) -> None:
    page = visit(asking("A*(B.*C)*d*x", x="x", s="d: scalar"))
    shown(page)
    boxes = """() => ['.symbols table', '.choices'].map(s =>
      document.querySelector(s).getBoundingClientRect()).map(r =>
      [r.left, r.right, r.top, r.bottom])"""
    for width in (360, 480, 640, 740, 800, 900, 961, 1024, 1400):
        page.set_viewport_size({"width": width, "height": 800})
        one, other = page.evaluate(boxes)
        assert one[1] <= other[0] or one[3] <= other[2], width
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_light_and_dark(visit: Visit) -> None:
    page = visit(asking("x'*x", t="diagram"), color_scheme="dark")
    colour = "getComputedStyle(document.body).backgroundColor"
    wire = "getComputedStyle(document.querySelector('svg .ic-wire')).stroke"
    page.wait_for_selector("svg .ic-wire", state="attached")
    dark = (page.evaluate(colour), page.evaluate(wire))
    page.get_by_role("button", name="Theme: system").click()
    assert page.get_by_role("button", name="Theme: light").is_visible()
    light = (page.evaluate(colour), page.evaluate(wire))
    assert all(a != b for a, b in zip(dark, light, strict=True))
    page.reload()
    assert page.evaluate(colour) == light[0]


def test_keys_reach_everything(visit: Visit) -> None:
    page = visit(asking("x'*A*x", x="x", t="diagram"))
    page.wait_for_selector(".gallery svg")
    page.locator("#tab-diagram").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-code"
    assert page.locator("#panel-code").is_visible()
    page.keyboard.press("Home")
    assert page.locator("#tab-steps").get_attribute("aria-selected") == "true"
    page.locator("#text").focus()
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(page.evaluate(
            "(({tagName, name, id, type}) => id || name || type || tagName)"
            "(document.activeElement)"))  # fmt: skip
    assert {"by", "order", "layout", "vec", "notation", "tab-steps"} - seen <= {
        "notation"  # it is in a part that is closed
    }


def test_a_wire_lights_up_with_its_letters(visit: Visit) -> None:
    page = visit(asking("A*x", x="x", t="diagram", s="A: m n"))
    page.wait_for_selector(".gallery svg")
    hit = page.locator("figure").nth(1).locator("path.hit[data-index=j]").first
    hit.focus()
    told = page.locator("figure").nth(1).locator(".told").inner_text()
    assert told.startswith("index j, size n, joins")
    assert page.locator("figure").nth(1).locator("path.lit").count() > 0
    assert page.locator("#as-read mi.lit").count() > 0


def test_what_a_screen_reader_is_told(visit: Visit) -> None:
    page = visit(asking("norm2(A*x-b)^2", x="x"))
    shown(page)
    said = page.locator("#said")
    assert said.get_attribute("role") == "status"
    assert said.inner_text() == "∂f/∂x = 2Aᵀ(Ax − b), a vector of n"
    unnamed = """() => [...document.querySelectorAll('button, input, select, textarea')]
      .filter(e => !e.labels?.length && !e.getAttribute('aria-label')
        && !e.textContent.trim()).map(e => e.outerHTML)"""
    assert page.evaluate(unnamed) == []
    assert page.locator("#hero math").get_attribute("alttext").startswith("∂f/∂x")
    page.wait_for_selector(".film svg title", state="attached")


def test_a_server_that_is_gone_is_one_sentence(visit: Visit) -> None:
    page = visit(asking("x'*x"))
    shown(page)
    page.route("**/api/answer", lambda route: route.fulfill(body="no"))
    page.locator("#text").fill("x'*x + 1")
    page.locator("text=The server does not answer").wait_for()


def test_the_policy_holds_in_the_browser(browser: Any, address: str) -> None:
    """A script in the page's own text would not run: the policy forbids it."""
    context = browser.new_context()
    page = context.new_page()
    answer = page.goto(address)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    ran = page.evaluate(
        """() => { const s = document.createElement('script');
        s.textContent = 'window.ran = true'; document.body.append(s);
        return Boolean(window.ran); }"""
    )
    assert not ran
    context.close()
