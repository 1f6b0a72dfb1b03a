"""Shared fixtures: no connection leaves the machine, and one real index serves all tests that need one."""

import ipaddress
import json
import os
import shutil
import socket
from pathlib import Path

import pytest
from databases import new_database, postgres_server

from rag.assistant import Assistant
from rag.glossary import Glossary, load_glossary
from rag.index import build_index
from rag.records import Records
from rag.serving import Serving, open_assistant
from rag.settings import PROJECT, Settings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark the tests of the whole program, which are known by the shipped index that they open."""
    for item in items:
        if "built" in item.fixturenames:
            item.add_marker("whole")


@pytest.fixture(autouse=True, scope="session")
def _loopback_only():
    """Refuse every connection that is not to this machine: the offline promise, held in every test."""
    connect, lookup = socket.socket.connect, socket.getaddrinfo

    def local(host) -> bool:
        if host in {None, "", "localhost"}:
            return True
        try:
            return ipaddress.ip_address(host).is_loopback or str(host) in {"0.0.0.0", "::"}
        except ValueError:
            return False

    def guarded_connect(self, address):
        if self.family in {socket.AF_INET, socket.AF_INET6} and not local(address[0]):
            raise AssertionError(f"a test tried to reach {address}")
        return connect(self, address)

    def guarded_lookup(host, *args, **kwargs):
        if not local(host):
            raise AssertionError(f"a test tried to look up {host}")
        return lookup(host, *args, **kwargs)

    socket.socket.connect, socket.getaddrinfo = guarded_connect, guarded_lookup
    yield
    socket.socket.connect, socket.getaddrinfo = connect, lookup


@pytest.fixture(scope="session")
def settings(tmp_path_factory) -> Settings:
    """Settings with a home of the test run's own and the shipped corpus, on a fixed day."""
    from datetime import date

    return Settings(home=tmp_path_factory.mktemp("home"), today=date(2026, 11, 25))


@pytest.fixture(scope="session")
def built(settings) -> Settings:
    """The same settings, with the index built."""
    build_index(settings.index_folder, settings.corpus, settings.embedding_model)
    return settings


@pytest.fixture(scope="session")
def assistant(built) -> Assistant:
    return open_assistant(built)


@pytest.fixture(scope="session")
def glossary(settings) -> Glossary:
    return load_glossary(settings.corpus)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    records = Records.open(f"sqlite:///{tmp_path_factory.mktemp('records') / 'records.sqlite3'}")
    yield records
    records.close()


@pytest.fixture(scope="session")
def postgres():
    """The address of a PostgreSQL server's first database."""
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request, tmp_path):
    """An empty database of each kind; what is said of one is said of both."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'records.sqlite3'}"
    else:
        url = new_database(request.getfixturevalue("postgres"), tmp_path.name)
    records = Records.open(url)
    records.url = url
    yield records
    records.close()


@pytest.fixture(scope="module")
def address(assistant, records, glossary, built):
    """The address of an application that serves the shipped corpus, for browsers."""
    from browsing import serving

    from ui.app import create_app

    with serving(create_app(Serving(assistant), records, glossary, built)) as address:
        yield address


@pytest.fixture(scope="module")
def chromium():
    """Debian's Chromium."""
    from browsing import CHROMIUM

    if CHROMIUM is None:
        pytest.skip("the browser is missing: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(built, tmp_path_factory):
    """The whole program with example data on every page (`every_page`), at its standing clock: no other test may have that."""
    from every_page import served

    with served(built, tmp_path_factory.mktemp("every-page")) as site:
        yield site


@pytest.fixture(scope="module")
def visits(site, chromium):
    """Opens every page as `every_page.VIEWS` has it."""
    from every_page import Visits

    return Visits(site, chromium)


@pytest.fixture
def tesseract():
    """Debian's Tesseract with Vietnamese."""
    from rag.documents.readers.ocr import is_installed

    if not is_installed():
        pytest.skip("the recognition is missing: apt-get install tesseract-ocr tesseract-ocr-vie")


@pytest.fixture
def small_corpus(tmp_path) -> Path:
    """A corpus of one sheet and one guide that a test may spoil."""
    return copy_small_corpus(tmp_path / "corpus")


def copy_small_corpus(corpus: Path) -> Path:
    """Copy what one guide needs to the new folder `corpus`."""
    for part in ("facts/vneid-dang-ky-muc-2.yaml", "guides/vneid/vneid-dang-ky-muc-2.md"):
        (corpus / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / "corpus" / part, corpus / part)
    shutil.copytree(PROJECT / "corpus" / "lexicon", corpus / "lexicon")
    shutil.copy(PROJECT / "corpus" / "glossary.yaml", corpus / "glossary.yaml")
    guide = corpus / "guides/vneid/vneid-dang-ky-muc-2.md"
    text = guide.read_text(encoding="utf-8").split("\n")
    guide.write_text("\n".join(line for line in text if not line.startswith("related:")), encoding="utf-8")
    last = next(line for line in reversed(text) if line.startswith("- "))
    card = {"lead": "Bạn làm việc này:", "lines": [{"guide": guide.stem, "line": last[2:].rpartition(" {")[0]}]}
    cards = json.dumps(dict.fromkeys(("emergency", "distress", "scam"), card), ensure_ascii=False)
    (corpus / "lexicon" / "cards.yaml").write_text(cards, encoding="utf-8")
    return corpus
