"""Every page looks as it looked when its screenshot was stored, on both sizes and in the three looks.

`SCREENSHOTS=write pytest tests/test_screenshots.py` stores them anew; `-k` with a page's name limits it. What a page shows of time
and chance stands still by the settings and by `every_page`.
"""

import io
import os
from pathlib import Path

import pytest
from browsing import SHOTS, SIZES
from every_page import LOOKS, VIEWS, wear
from likeness import NOISE, beside, differences, store, stored
from PIL import Image
from playwright.sync_api import Error

pytestmark = [pytest.mark.browser, pytest.mark.slow]
STORED = Path(__file__).parent / "screenshots"
MOST_BYTES = 4_000_000
MOST_PX = 1600
WRITES = os.environ.get("SCREENSHOTS") == "write"


def photographed(page, size):
    """Return the first two screens of a page."""
    screen = SIZES[size]
    whole = page.evaluate("document.documentElement.scrollHeight")
    height = max(screen["height"], min(whole, 2 * screen["height"], MOST_PX)) // 4 * 4
    clip = {"x": 0, "y": 0, "width": screen["width"], "height": height}
    how = {"full_page": True, "clip": clip, "animations": "disabled"}
    try:
        taken = page.screenshot(**how)
    except Error:  # now and then a busy Chromium has no picture to give
        taken = page.screenshot(**how)
    return Image.open(io.BytesIO(taken))


def name_of(view, size, look):
    return f"{view.name}-{size}-{look}.webp"


def unlike(actual, name):
    """Return by how much the worst block differs from the stored picture; what is too much leaves a picture of it behind."""
    expected = stored(STORED / name)
    found = differences(actual, expected)
    if found.max() > NOISE:
        SHOTS.mkdir(exist_ok=True)
        beside(actual, expected, found).save(SHOTS / f"{Path(name).stem}.png")
    return float(found.max())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_page_looks_as_it_did(visits, view, size):
    page, changed = visits.open(view, size), {}
    for look in LOOKS:
        wear(page, look)
        actual, name = photographed(page, size), name_of(view, size, look)
        if WRITES:
            store(actual, STORED / name)
        elif not (STORED / name).exists():
            changed[look] = "no picture is stored: run with SCREENSHOTS=write and look at it"
        elif (apart := unlike(actual, name)) > NOISE:
            changed[look] = f"{apart:.0f} of 255 apart: see test-results/{Path(name).stem}.png"
    assert changed == {}


def test_the_stored_pictures_are_those_of_the_pages_and_small():
    names = {name_of(view, size, look) for view in VIEWS for size in SIZES for look in LOOKS}
    paths = list(STORED.glob("*.webp"))
    assert {path.name for path in paths} - names == set()
    assert sum(path.stat().st_size for path in paths) < MOST_BYTES


UNSEEN = {
    "nothing": "",
    "a pixel down": "body { transform: translateY(1px); }",
    "a pixel to the right": "body { transform: translateX(1px); }",
    "letters smoothed otherwise": "body { transform: translate(.25px, .25px); }",
}
SEEN = {
    "links in the colour of text": "main a { color: var(--ink); }",
    "text that nobody can read": "main p, main label { color: var(--soft); }",
    "a button that is gone": "main button { visibility: hidden; }",
    "a column moved by eight pixels": "main { transform: translateX(8px); }",
    "another ground": "main p { background: var(--mark); }",
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["sign-in", "publishing"])
def test_what_people_would_see_is_found_and_what_they_would_not_is_let_pass(visits, tmp_path, name, size):
    page = visits.open(next(view for view in VIEWS if view.name == name), size)
    page.evaluate("document.head.append(document.createElement('style'))")
    for look in LOOKS:
        wear(page, look)
        store(photographed(page, size), tmp_path / "stored.webp")
        expected = stored(tmp_path / "stored.webp")
        apart = {}
        for what, style in (UNSEEN | SEEN).items():
            page.evaluate("style => { document.head.lastElementChild.textContent = style; }", style)
            apart[what] = float(differences(photographed(page, size), expected).max())
        page.evaluate("document.head.lastElementChild.textContent = ''")
        assert max(apart[what] for what in UNSEEN) <= NOISE, (look, apart)
        assert min(apart[what] for what in SEEN) > NOISE, (look, apart)
