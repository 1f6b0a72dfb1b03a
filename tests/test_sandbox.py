import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import misbehaving
import psutil
import pytest

from rag.documents import sandbox
from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.sandbox import confinement, in_sandbox, read_measured, read_safely

SMALL = Limits(memory_bytes=512 * 2**20, cpu_s=1, wall_s=2, unpacked_bytes=50 * 2**20, pages=2, recognised_page_s=2)
MODULES = [str(Path(misbehaving.__file__).parent), str(Path(sandbox.__file__).parents[2])]
AGAIN = f"import sys; sys.path[:0] = {MODULES}; import misbehaving; from rag.documents.sandbox import in_sandbox\n"


@pytest.fixture(autouse=True)
def _nothing_is_left():
    """After every test there is the keeper and nobody below it, and no folder of a job."""
    yield
    assert misbehaving.left_over() == []
    assert [path.name for path in sandbox._home.path().iterdir()] == ["lock"]


@pytest.fixture
def no_namespaces(monkeypatch):
    """A keeper on a kernel that gives none."""
    refused = "from rag.documents import confinement; confinement.namespaces_work = lambda: False; from"
    monkeypatch.setattr(sandbox, "_START", sandbox._START.replace("from", refused, 1))
    sandbox._keeper.close()
    yield
    sandbox._keeper.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "refusals"),
    [
        (misbehaving.waits_forever, {Refusal.TOO_SLOW}),
        (misbehaving.computes_forever, {Refusal.TOO_SLOW}),
        (misbehaving.prints_without_end, {Refusal.TOO_SLOW}),
        (misbehaving.forks_without_end, {Refusal.TOO_SLOW, Refusal.TOO_MUCH_MEMORY}),
        (misbehaving.writes_without_end, {Refusal.UNPACKS_TOO_LARGE}),
        (misbehaving.answers_without_end, {Refusal.TOO_MUCH_MEMORY}),
        (misbehaving.writes_the_result_pipe_itself, {Refusal.TOO_LARGE}),
        (misbehaving.allocates, {Refusal.TOO_MUCH_MEMORY}),
        (misbehaving.allocates_in_c, {Refusal.TOO_MUCH_MEMORY}),
        (misbehaving.allocates_in_many_processes, {Refusal.TOO_MUCH_MEMORY}),
        (misbehaving.reads_no_memory_address, {Refusal.CRASHES}),
        (os.abort, {Refusal.CRASHES}),
        (misbehaving.exits, {Refusal.CRASHES}),
        (misbehaving.exits_politely, {Refusal.CRASHES}),
        (misbehaving.closes_everything, {Refusal.CRASHES}),
        (misbehaving.forges_a_refusal, {Refusal.CRASHES}),
        (misbehaving.raises_the_unspeakable, {Refusal.DAMAGED}),
        (misbehaving.raises_much, {Refusal.DAMAGED}),
        (misbehaving.calls_itself, {Refusal.DAMAGED, Refusal.CRASHES}),
        (misbehaving.refuses, {Refusal.TOO_MANY_PAGES}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_whatever_a_reader_does_the_file_is_refused_with_its_reason_and_in_time(function, refusals):
    started = time.monotonic()
    with pytest.raises(DocumentError) as caught:
        in_sandbox(function, limits=SMALL)
    assert caught.value.refusal in refusals
    assert len(caught.value.detail) < 300
    assert caught.value.detail.isprintable()
    assert time.monotonic() - started < SMALL.wall_s + 3


def test_what_a_child_prints_is_not_taken_for_its_answer():
    assert in_sandbox(misbehaving.prints_and_answers) == b"answer"


def test_what_a_child_answers_is_never_unpickled():
    assert in_sandbox(misbehaving.forges_a_pickle).startswith(b"cos")
    assert not Path("/tmp/taken-over").exists()


def left_behind():
    return [p for p in psutil.process_iter(["cmdline"]) if "left-behind" in " ".join(p.info["cmdline"] or ())]


def test_processes_that_a_child_leaves_behind_end_with_it():
    assert in_sandbox(misbehaving.starts_others_that_stay) == b"started"
    assert not left_behind()


@pytest.mark.usefixtures("no_namespaces")
def test_without_namespaces_no_process_is_left_either(tmp_path):
    assert not confinement().namespaces
    assert in_sandbox(misbehaving.starts_others_that_stay) == b"started"
    assert not left_behind()
    with pytest.raises(DocumentError):
        in_sandbox(misbehaving.forks_without_end, limits=SMALL)
    if confinement().landlock:
        assert reached_of(tmp_path, ("read", "write", "delete", "connect")) == []


def reached_of(folder, names):
    """Return which of the things a child tries succeed, on files that nobody needs."""
    secret = folder / "secret.txt"
    secret.write_text("bí mật", encoding="utf-8")
    found = json.loads(in_sandbox(misbehaving.looks_around, str(secret), str(folder)))
    assert found["own"] == "done"
    return [name for name in names if found[name] == "done"]


def test_a_child_reaches_no_file_no_network_and_no_process_of_ours(tmp_path):
    in_force = confinement()
    if not (in_force.namespaces and in_force.landlock):
        pytest.skip(f"this kernel gives only {in_force}")
    assert reached_of(tmp_path, ("read", "write", "delete", "connect", "process")) == []


def test_a_child_has_no_secrets_and_none_of_the_heavy_libraries(monkeypatch, tmp_path):
    monkeypatch.setenv("BINHDAN_SESSION_SECRET", "0123456789")
    sandbox._keeper.close()
    found = json.loads(in_sandbox(misbehaving.looks_around, str(tmp_path / "none"), str(tmp_path)))
    assert not [name for name in found["environment"] if name.startswith("BINHDAN")]
    assert "0123456789" not in str(found["environment"])
    assert not {"torch", "chromadb", "gradio", "transformers"} & set(found["loaded"])


def test_a_child_reads_the_files_that_it_is_given_by_path(tmp_path):
    given = tmp_path / "given.txt"
    given.write_text("đây", encoding="utf-8")
    assert in_sandbox(misbehaving.reads, given).decode() == "đây"


def test_the_folder_of_a_child_is_deleted_with_what_it_locked_in_it():
    assert not Path(in_sandbox(misbehaving.where).decode()).exists()


@pytest.mark.slow
def test_more_time_is_earned_page_by_page_up_to_the_limit_of_pages():
    limits = replace(SMALL, wall_s=1)
    assert in_sandbox(misbehaving.recognises, 2, 1.5, limits=limits) == b"recognised"
    with pytest.raises(DocumentError, match="too long"):
        in_sandbox(misbehaving.recognises, 40, 0.4, limits=replace(limits, recognised_page_s=1))
    assert in_sandbox(misbehaving.computes, 2, 1, limits=replace(SMALL, wall_s=9)) == b"recognised"
    with pytest.raises(DocumentError, match="too long"):
        in_sandbox(misbehaving.computes, 1, 9, limits=replace(SMALL, wall_s=9))


def test_a_wall_time_of_its_own_ends_a_call():
    with pytest.raises(DocumentError, match="too long"):
        in_sandbox(misbehaving.sleeps, 5, wall_s=1)


def test_a_function_that_cannot_be_called_is_a_mistake_of_ours():
    with pytest.raises(RuntimeError, match="cannot do"):
        in_sandbox(misbehaving.echoes, Unreadable())


class Unreadable:
    """It can be pickled, and not be unpickled."""

    def __reduce__(self):
        return misbehaving.raises_much, ()


def test_threads_share_a_keeper_and_none_gets_the_answer_of_another():
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: in_sandbox(misbehaving.echoes, n, "x" * 100_000), range(40)))
    assert [json.loads(answer)[0] for answer in answers] == [str(n) for n in range(40)]


def test_a_keeper_that_was_killed_is_started_again():
    in_sandbox(misbehaving.echoes)
    sandbox._keeper._process.kill()
    sandbox._keeper._process.wait()
    assert in_sandbox(misbehaving.echoes) == b"[]"


def test_a_forked_process_has_a_keeper_of_its_own():
    in_sandbox(misbehaving.echoes)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, in_sandbox(misbehaving.echoes, "forked"))
            sandbox._keeper.close()
            sandbox._home.close()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert json.loads(os.read(reading, 100)) == ["forked"]
    assert in_sandbox(misbehaving.echoes) == b"[]"


PARENT = f"""{AGAIN}
import threading
threading.Thread(target=in_sandbox, args=(misbehaving.sleeps, 3600)).start()
in_sandbox(misbehaving.echoes)
print("ready", flush=True)
in_sandbox(misbehaving.sleeps, 3600)
"""


@pytest.mark.slow
def test_when_the_parent_is_killed_its_children_end_and_the_next_start_sweeps_its_folder(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, env=environment)
    assert parent.stdout.readline() == b"ready\n"
    time.sleep(0.3)
    below = psutil.Process(parent.pid).children(recursive=True)
    assert len(below) > 3
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    _, alive = psutil.wait_procs(below, timeout=5)
    assert [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []
    root = tmp_path / f"binhdan-sandbox-{os.getuid()}"
    assert list(root.glob("tmp*/tmp*"))
    subprocess.run([sys.executable, "-c", f"{AGAIN}in_sandbox(misbehaving.echoes)"], env=environment, check=True)
    assert list(root.glob("tmp*")) == []


def test_a_thread_that_started_the_keeper_and_ended_does_not_end_it():
    sandbox._keeper.close()
    thread = threading.Thread(target=in_sandbox, args=(misbehaving.echoes,))
    thread.start()
    thread.join()
    keeper = sandbox._keeper._process.pid
    assert in_sandbox(misbehaving.echoes, 2) == b'["2"]'
    assert sandbox._keeper._process.pid == keeper


@pytest.mark.parametrize(
    ("make", "refusal"),
    [
        (lambda path: path.write_bytes(b""), Refusal.EMPTY),
        (lambda path: path.write_bytes(b"\0" * 9), Refusal.UNKNOWN_FORMAT),
        (lambda path: path.mkdir(), Refusal.NOT_A_FILE),
        (os.mkfifo, Refusal.NOT_A_FILE),
        (lambda path: path.symlink_to("/dev/zero"), Refusal.NOT_A_FILE),
        (lambda path: None, Refusal.NOT_A_FILE),
        (lambda path: path.write_bytes(b"%PDF-1.7" * 99), Refusal.TOO_LARGE),
    ],
)
def test_what_is_no_document_is_refused_before_a_child_starts(make, refusal, tmp_path):
    path = tmp_path / "a.pdf"
    make(path)
    found, spent = read_measured(path, Limits(file_bytes=100))
    assert isinstance(found, DocumentError)
    assert found.refusal is refusal
    assert spent.wall_s == 0
    with pytest.raises(DocumentError):
        read_safely(path, Limits(file_bytes=100))


def test_it_works_for_a_user_who_is_not_root(tmp_path):
    code = f"""import os
os.setgroups([]), os.setgid(65534), os.setuid(65534)
{AGAIN}
print(in_sandbox(misbehaving.echoes, os.getuid()))"""
    try:
        subprocess.run([sys.executable, "-c", ""], user=65534, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this Python cannot be run as somebody else")
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o777)
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, check=True
    )
    assert done.stdout == b"b'[\"65534\"]'\n"
