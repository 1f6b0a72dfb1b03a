"""Every hostile file ends refused or read within its limits, and the program lives. `pytest -s` prints what each one took."""

import http.server
import threading

import hostile
import misbehaving
import pytest

from rag.documents.limits import Limits

LIMITS = Limits()
# Time in which a child ends that was told to; the peak is measured, so what is freed and taken between two looks does not count.
SPARE_S = 5

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reached():
    """The requests that came to a listener on loopback."""
    requests: list[str] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(hostile.SECRET.encode())

        def log_message(self, *_args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield requests, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def trap(reached, tmp_path_factory):
    secret = tmp_path_factory.mktemp("ours") / "secret.txt"
    secret.write_text(hostile.SECRET, encoding="utf-8")
    return hostile.Trap(secret, reached[1])


def measured(entry, folder, trap):
    try:
        return hostile.measure(entry, folder, trap, LIMITS)
    except RuntimeError as error:
        if "No module named 'rag.documents.readers" not in str(error):
            raise
        pytest.skip("its reader is not there")


@pytest.mark.parametrize("entry", hostile.ENTRIES, ids=lambda entry: ascii(entry.name)[1:40])
def test_a_hostile_file_is_refused_or_read_within_its_limits(entry, trap, reached, tmp_path):
    outcome = measured(entry, tmp_path, trap)
    spent = outcome.spent
    print(f"\n{ascii(entry.name)[1:41]:42}{outcome.refusal.name if outcome.refusal else 'read':20}"
          f"{spent.wall_s:7.2f} s {spent.cpu_s:7.2f} s {spent.peak_bytes / 2**20:7.0f} MiB  {outcome.detail[:60]}", end="")  # fmt: skip
    assert outcome.refusal in entry.refusals or (outcome.refusal is None and entry.may_be_read)
    assert spent.wall_s <= LIMITS.wall_s + SPARE_S
    assert spent.peak_bytes <= LIMITS.memory_bytes
    for forbidden in (hostile.HIDDEN, hostile.UNSEEN, hostile.SECRET):
        assert forbidden not in outcome.text
    assert reached[0] == []
    assert misbehaving.left_over() == []


def test_there_are_enough_of_them_and_each_has_a_name_of_its_own():
    names = [entry.name for entry in hostile.ENTRIES]
    assert len(names) == len(set(names)) >= 60


@pytest.mark.parametrize("maker", ["hidden.html", "hidden-by-class.html", "hidden.docx", "hidden.pdf", "fetches.html"])
def test_what_people_see_is_still_read_beside_what_they_do_not(maker, trap, tmp_path):
    entry = next(entry for entry in hostile.ENTRIES if entry.name == maker)
    text = measured(entry, tmp_path, trap).text
    assert hostile.VISIBLE in text or hostile.SEEN in text


def test_a_batch_goes_on_after_each_of_them(trap, tmp_path):
    for name in ("cut.pdf", "bomb.docx", "laughs.docx", "nuls.txt"):
        entry = next(entry for entry in hostile.ENTRIES if entry.name == name)
        measured(entry, tmp_path, trap)
        good = next(entry for entry in hostile.ENTRIES if entry.name == "utf-16.txt")
        assert hostile.VISIBLE in measured(good, tmp_path, trap).text
