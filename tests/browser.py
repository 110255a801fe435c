"""The system's Chromium, for tests of pages."""

from __future__ import annotations

import shutil

#: Where it is, or None.
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)
#: Without a sandbox of its own (containers have none), a screen, or calls home.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
