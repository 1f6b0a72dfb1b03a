"""Every page, on a phone and on a desktop, light, dark and in high contrast, before axe-core: nobody is shut out of any."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import SIZES
from every_page import LOOKS, NO_PAGES, VIEWS, routes, wear

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AXE = Axe().axe_script
FAULTS = """options => axe.run({resultTypes: ["violations"], ...options}).then(({violations}) => violations
  .filter(({impact}) => impact === "serious" || impact === "critical")
  .flatMap(({id, help, nodes}) => nodes.map(({target, html}) => `${id}: ${help}: ${target} ${html.slice(0, 150)}`)))"""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_page_shuts_nobody_out_in_any_look(visits, view, size):
    page = visits.open(view, size)
    page.evaluate(AXE)
    found = {"light": page.evaluate(FAULTS, {})}
    for look in LOOKS[1:]:
        wear(page, look)
        # Of all the rules, only this one is about looks.
        found[look] = page.evaluate(FAULTS, {"runOnly": ["color-contrast"]})
    assert {look: some for look, some in found.items() if some} == {}


def test_the_table_has_every_page(site):
    assert routes(site.app._app.router) - NO_PAGES - {view.route for view in VIEWS} == set()
