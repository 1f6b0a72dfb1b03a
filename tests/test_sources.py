"""The list of sources: what may stand in it, what is looked at when, and that nothing found is lost."""

import os
import re
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import yaml
from web_server import reply, serving

from rag.corpus import check_corpus
from rag.documents.addresses import FetchRules
from rag.documents.fetching import Fetcher
from rag.documents.sources import Outcome, SourcePage, Sources, check_sources, due, load_sources, load_state
from rag.errors import BinhDanError, CorpusError
from rag.settings import PROJECT

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
LIST = """\
hosts:
  - .gov.vn
pause_s: 2
sources:
  - {id: le-phi, url: "https://xa.gov.vn/le-phi", title: "Lệ phí", publisher: "Xã", official: true, covers: [vneid-dang-ky-muc-2]}
  - {id: tam-tru, url: "https://xa.gov.vn/tam-tru", title: "Tạm trú", publisher: "Xã", official: true, every_days: 7}
"""


def written(tmp_path, text):
    path = tmp_path / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_list_is_read_with_its_lines(tmp_path):
    sources = load_sources(written(tmp_path, LIST), {"vneid-dang-ky-muc-2"})
    assert sources.hosts == {".gov.vn"}
    assert [(page.id, page.every_days, page.line) for page in sources.pages] == [("le-phi", 30, 5), ("tam-tru", 7, 6)]
    assert sources.rules.pause_s == 2
    assert not sources.rules.allow_private


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("covers: [vneid-dang-ky-muc-2]", "covers: [la]", ":5: le-phi covers la, which is no sheet"),
        ("/tam-tru", "/le-phi#x", ":6: tam-tru has the address of line 5"),
        ("id: tam-tru", "id: le-phi", ":6: le-phi has the id of line 5"),
        ("xa.gov.vn/tam-tru", "xa.com.vn/tam-tru", ":6: tam-tru is at an address that may not be fetched: xa.com.vn is not among"),
        ("https://xa.gov.vn/tam-tru", "file:///etc/passwd", ":6: tam-tru is at an address"),
        ("https://xa.gov.vn/tam-tru", "https://a:b@xa.gov.vn/", ":6: tam-tru is at an address"),
        ("every_days: 7", "every_days: 0", ":6: sources.1.every_days: "),
        ('publisher: "Xã", official: true, every', "every", ":6: sources.1.publisher: Field required"),
        ("pause_s: 2", "pause_s: 0", ":3: pause_s: "),
        ("  - .gov.vn", "", ":1: hosts: "),
        ("id: tam-tru", "id: Tạm trú", ":6: sources.1.id: "),
        ("sources:", "sources: [", ":5: not a list of sources"),
        (LIST, "", ":1: : Input should be"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_list_is_said_with_its_line(tmp_path, old, new, problem):
    path = written(tmp_path, LIST.replace(old, new))
    with pytest.raises(CorpusError, match=re.escape(f"{path}{problem}")):
        load_sources(path, {"vneid-dang-ky-muc-2"})


def test_a_list_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CorpusError, match=r"none\.yaml:1: not a list of sources"):
        load_sources(tmp_path / "none.yaml")


def test_the_check_of_the_corpus_reads_the_list(small_corpus):
    assert check_corpus(small_corpus).problems == ()
    written(small_corpus, LIST.replace("muc-2]", "muc-3]"))
    assert check_corpus(small_corpus).problems == (
        f"{small_corpus}/sources.yaml:5: le-phi covers vneid-dang-ky-muc-3, which is no sheet",
    )


def test_the_shipped_list_has_every_official_page_that_a_sheet_cites():
    sources = load_sources(PROJECT / "corpus" / "sources.yaml")
    listed = {(page.url, sheet) for page in sources.pages for sheet in page.covers}
    cited = set()
    for path in (PROJECT / "corpus" / "facts").glob("*.yaml"):
        for source in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["sources"]:
            parts = urlsplit(source["url"] or "")
            if source["official"] and parts.path.strip("/") and sources.rules.allows(parts.hostname):
                cited.add((source["url"], path.stem))
    assert listed == cited
    assert len(sources.pages) > 100
    assert all(page.official for page in sources.pages)


@pytest.fixture
def site():
    with serving() as site:
        yield site


class Run:
    """A list of pages of a real server, checked day after day."""

    def __init__(self, site, folder, ids):
        self.site, self.folder, self.state_file, self.now = site, folder, folder / "sources.json", NOW
        pages = (SourcePage(name, site.url(f"/{name}"), name, "Xã", True, 7, (), 1) for name in ids)
        self.sources = Sources(folder / "sources.yaml", frozenset({".gov.vn"}), 0.5, tuple(pages))
        rules = FetchRules(frozenset({".gov.vn"}), frozenset({site.port}), allow_private=True, total_s=2, pause_s=0)
        self.fetcher = lambda: Fetcher(rules, lambda host, port: ["127.0.0.1"])

    def check(self, days=0):
        self.now += timedelta(days=days)
        return check_sources(self.sources, self.state_file, self.folder, self.now, self.fetcher())

    def outcomes(self, days=0):
        return {checked.page.id: checked.outcome for checked in self.check(days)}

    def state(self):
        return load_state(self.state_file)


@pytest.fixture
def run(site, tmp_path):
    run = Run(site, tmp_path, ["mot", "hai", "ba"])
    for name in ("mot", "hai", "ba"):
        site.answers[f"/{name}"] = reply(f"<p>{name}</p>", Content_Type="text/html")
    return run


def test_pages_are_looked_at_when_they_are_due_and_say_what_came_of_it(run, site):
    assert run.outcomes() == dict.fromkeys(("mot", "hai", "ba"), Outcome.FIRST)
    assert run.outcomes(days=6) == {}
    site.answers["/hai"] = reply("<p>hai, 70.000 đồng</p>", Content_Type="text/html")
    assert run.outcomes(days=1) == {"mot": Outcome.UNCHANGED, "hai": Outcome.CHANGED, "ba": Outcome.UNCHANGED}
    state = run.state()["hai"]
    assert state.changed_at == run.now
    assert state.next_at == run.now + timedelta(days=7)
    assert run.state()["mot"].changed_at == NOW


def test_a_changed_page_comes_with_its_new_body(run, site):
    run.outcomes()
    site.answers["/ba"] = reply("<p>mới</p>", Content_Type="text/html")
    (changed,) = [checked for checked in run.check(days=7) if checked.outcome is Outcome.CHANGED]
    assert changed.fetched.path.read_text(encoding="utf-8") == "<p>mới</p>"


def test_validators_are_sent_back_so_that_nothing_is_sent_twice(run, site):
    def answer(connection, headers):
        same = headers.get("if-none-match") == '"1"'
        connection.sendall(reply(status=304) if same else reply("x", ETag='"1"'))

    site.answers["/mot"] = answer
    run.outcomes()
    assert run.outcomes(days=7)["mot"] is Outcome.UNCHANGED
    assert [headers.get("if-none-match") for path, headers, _ in site.asked if path == "/mot"] == [None, '"1"']


def test_a_page_that_fails_stops_no_other_and_comes_later_and_later(run, site):
    site.answers["/hai"] = reply(status=500)
    found = {checked.page.id: checked for checked in run.check()}
    assert [found[name].outcome for name in ("mot", "hai", "ba")] == [Outcome.FIRST, Outcome.FAILED, Outcome.FIRST]
    assert found["hai"].reason == "cannot be fetched: xa.gov.vn answered 500"
    waits = []
    for _ in range(5):
        waits.append((run.state()["hai"].next_at - run.now).days)
        run.outcomes(days=waits[-1])
    assert waits == [1, 2, 4, 7, 7]  # at most the page's own interval
    site.answers["/hai"] = reply("hai")
    assert run.outcomes(days=7)["hai"] is Outcome.FIRST
    assert run.state()["hai"].failures == 0


def test_a_page_that_failed_once_is_compared_with_what_it_was_before(run, site):
    run.outcomes()
    before = site.answers["/hai"]
    site.answers["/hai"] = reply(status=503)
    assert run.outcomes(days=7)["hai"] is Outcome.FAILED
    site.answers["/hai"] = before
    assert run.outcomes(days=1) == {"hai": Outcome.UNCHANGED}


def test_a_page_is_gone_when_it_is_not_there_or_leads_to_the_front_page(run, site):
    site.answers |= {
        "/mot": reply(status=410),
        "/hai": reply(status=302, Location="/"),
        "/": reply("Trang chủ", Content_Type="text/html"),
    }
    found = {checked.page.id: checked for checked in run.check()}
    assert found["mot"].outcome is found["hai"].outcome is Outcome.GONE
    assert "front page" in found["hai"].reason
    assert found["hai"].fetched.path is None
    assert not [name for name in os.listdir(run.folder) if name.startswith("xa-gov-vn")]
    assert run.outcomes(days=1) == {"mot": Outcome.GONE, "hai": Outcome.GONE}


def test_a_page_whose_address_was_corrected_is_a_new_one(run, site):
    run.outcomes()
    pages = tuple(replace(page, url=site.url("/hai")) if page.id == "mot" else page for page in run.sources.pages[:1])
    run.sources = replace(run.sources, pages=pages)
    assert run.outcomes() == {"mot": Outcome.FIRST}


def test_a_page_counts_as_seen_only_when_the_caller_has_dealt_with_it(run):
    checks = run.check()
    first, second = next(checks), next(checks)
    checks.close()  # as a caller does that fails while it reads the second
    assert set(run.state()) == {first.page.id}
    assert second.page.id in run.outcomes()
    assert run.outcomes() == {}


def test_hosts_are_asked_in_turn(run, site):
    pages = [
        replace(run.sources.pages[0], id=f"{host}{n}", url=site.url(f"/{n}", f"{host}.gov.vn"))
        for host, n in (("a", 1), ("a", 2), ("a", 3), ("b", 1), ("c", 1), ("c", 2))
    ]
    found = due(replace(run.sources, pages=tuple(pages)), {}, NOW)
    assert [page.id for page in found] == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_two_runs_at_once_are_refused(run):
    first = run.check()
    next(first)
    with pytest.raises(BinhDanError, match="being checked already"):
        next(run.check())
    first.close()
    assert len(run.outcomes()) == 3


def test_a_state_that_cannot_be_read_is_said_with_the_way_out(run):
    run.state_file.write_text('{"mot": {"url": 5', encoding="utf-8")
    with pytest.raises(CorpusError, match="delete it"):
        run.outcomes()


@pytest.mark.slow
def test_a_kill_at_any_moment_loses_no_page_and_no_change(run, site, tmp_path):
    """Killed again and again while it works; each time the state is whole, and each page is dealt with in the end."""
    names = [f"trang-{n}" for n in range(24)]
    site.answers |= {f"/{name}": reply(f"<p>{name}</p>") for name in names}
    script = textwrap.dedent(f"""
        import sys
        from datetime import UTC, datetime
        from pathlib import Path
        from rag.documents.addresses import FetchRules
        from rag.documents.fetching import Fetcher
        from rag.documents.sources import SourcePage, Sources, check_sources
        rules = FetchRules(frozenset({{".gov.vn"}}), frozenset({{{site.port}}}), allow_private=True, pause_s=0)
        folder = Path({str(tmp_path)!r})
        pages = tuple(
            SourcePage(f"trang-{{n}}", f"http://xa.gov.vn:{site.port}/trang-{{n}}", "x", "x", True, 7, (), 1) for n in range(24)
        )
        sources = Sources(folder / "x", rules.hosts, 1, pages)
        fetcher = Fetcher(rules, lambda host, port: ["127.0.0.1"])
        for checked in check_sources(sources, folder / "state.json", folder, datetime.now(UTC), fetcher):
            with (folder / "dealt").open("a") as file:
                file.write(checked.page.id + chr(10))
            print(checked.page.id, flush=True)
    """)
    kills = 0
    while True:
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=PROJECT) as process:
            lines = [process.stdout.readline() for _ in range(2 + kills % 2)]
            time.sleep(0.002 * (kills % 4))
            process.kill()
        dealt = (tmp_path / "dealt").read_text().split()
        state = load_state(tmp_path / "state.json")
        assert len(set(dealt) - set(state)) <= 1  # the one at which it was killed
        assert set(state) <= set(dealt)  # nothing counts as seen that nobody dealt with
        if not lines[0]:
            break
        kills += 1
    assert set(state) == set(names)
    assert kills >= 10
