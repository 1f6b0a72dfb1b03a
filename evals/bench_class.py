"""A class of 30 on this machine: `python -m evals.bench_class` prints how long things take; nothing here passes or fails.

A real server in a process of its own with a database of its own; 30 learners over HTTP with Gradio's queue join within ten
seconds, ask five questions each with 5 to 15 seconds between them, rate answers, are stuck, and look at the class every five
seconds; the trainer's wall is read every three. The learners' own work is on the same cores.
"""

import asyncio
import contextlib
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path

import httpx
import numpy as np

from evals.learners import Learner
from evals.memory import peak_mib
from evals.model_server import free_port
from evals.retrieval import load_questions
from rag.errors import BinhDanError
from rag.records import Records
from rag.records.classrooms import Classroom
from rag.roles import Role
from rag.serving import ensure_index
from rag.settings import load_settings

_LEARNERS, _QUESTIONS = 30, 5
_JOIN_WITHIN_S, _THINK_S = 10.0, (5.0, 15.0)
_LEARNER_EVERY_S, _WALL_EVERY_S = 5.0, 3.0
_SIGNATURE = re.compile(r"bàn (\d+) câu (\d+)")
_START_S = 60


class Figures:
    """What was measured: seconds by what was done, what failed, and answers that reached somebody else."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []
        self.astray: list[str] = []

    @contextlib.asynccontextmanager
    async def timed(self, what: str) -> AsyncIterator[None]:
        """Measure what is done inside; a failure is counted and does not stop the learner."""
        began = time.perf_counter()
        try:
            yield
        except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
            self.errors.append(f"{what}: {error!r}")
        else:
            self.seconds[what].append(time.perf_counter() - began)

    def line(self, what: str, bar: str = "") -> str:
        """Return how often and how long: "answer    150 times, p50 0.21 s, p95 0.80 s"."""
        p50, p95 = np.percentile(self.seconds[what] or [0], [50, 95])
        return f"{what:8} {len(self.seconds[what]):5} times, p50 {p50:6.3f} s, p95 {p95:6.3f} s {bar}"


def main() -> None:
    """Print one figure a line."""
    ensure_index(load_settings(), lambda _: None)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'records.sqlite3'}"
        records = Records.open(url)
        user, _ = records.accounts.add("bench", "lan", "Lan", Role.TRAINER)
        records.accounts.set_password(user, "mot cau dai de do")
        room = records.classrooms.open(user, None, "chung", date.today())
        key = records.accounts.sign_in(user)
        with _server(url, Path(folder) / "log") as (address, process):
            figures = asyncio.run(_class(address, room, {"binhdan": key}))
            peak = peak_mib(process.pid)
            wall = records.classrooms.wall(room.id)
            figures.astray += [a.question for a in wall.questions if _signatures(a.question) - {str(a.number)}]
            began = time.perf_counter()
            _end(address, room, key, records)
            ended_s = time.perf_counter() - began
        faults = (Path(folder) / "log").read_text(encoding="utf-8").count("Traceback")
        records.close()
    print(f"cores {os.cpu_count()}, {_LEARNERS} learners, {len(wall.questions)} questions on the wall")
    for what, bar in (("join", ""), ("answer", "(bar 3 at p95)"), ("look", ""), ("wall", ""), ("feedback", "")):
        print(figures.line(what, bar))
    print(f"end of the class {ended_s:.2f} s, server at most {peak:.0f} MiB")
    print(
        f"errors {len(figures.errors)} (bar 0), in the server's log {faults}, astray answers {len(figures.astray)} (bar 0)"
    )
    for problem in (figures.errors + figures.astray)[:10]:
        print(f"  {problem}")


async def _class(address: str, room: Classroom, cookies: dict[str, str]) -> Figures:
    figures, chance = Figures(), random.Random(7)
    questions = [q.question for q in load_questions()]
    over = asyncio.Event()
    watching = asyncio.create_task(_watch(address, room, cookies, figures, over))
    await asyncio.gather(
        *(
            _learn(Learner(address), room, chance.sample(questions, _QUESTIONS), random.Random(n), figures)
            for n in range(_LEARNERS)
        )
    )
    over.set()
    await watching
    return figures


async def _learn(
    learner: Learner, room: Classroom, questions: list[str], chance: random.Random, figures: Figures
) -> None:
    """One learner's hour in a minute."""
    await asyncio.sleep(chance.uniform(0, _JOIN_WITHIN_S))
    async with figures.timed("join"):
        await learner.join(room.code or "")
    state = await learner.look()
    number = str(state["number"]) if state else "?"
    following = asyncio.create_task(_follow(learner, figures))
    for turn, question in enumerate(questions):
        await asyncio.sleep(chance.uniform(*_THINK_S))
        html = ""
        async with figures.timed("answer"):
            html = await learner.ask(f"{question} (bàn {number} câu {turn})")
        if _signatures(html) != {number}:
            figures.astray.append(f"learner {number} got an answer signed {_signatures(html)}")
        async with figures.timed("feedback"):
            await learner.rate(html, helpful=chance.random() < 0.8)
        if chance.random() < 0.3:
            async with figures.timed("stuck"):
                await learner.say("ket", on="1")
    following.cancel()
    await learner.close()


async def _follow(learner: Learner, figures: Figures) -> None:
    while True:
        await asyncio.sleep(_LEARNER_EVERY_S)
        async with figures.timed("look"):
            await learner.look()


async def _watch(address: str, room: Classroom, cookies: dict[str, str], figures: Figures, over: asyncio.Event) -> None:
    """Read the wall as the trainer's page does."""
    tag = ""
    async with httpx.AsyncClient(base_url=address, cookies=cookies, timeout=30) as trainer:
        while not over.is_set():
            async with figures.timed("wall"):
                reply = await trainer.get(f"/huong-dan-vien/lop/{room.id}/tuong", headers={"If-None-Match": tag})
                if reply.status_code != 304:
                    tag = reply.raise_for_status().headers["etag"]
            await asyncio.sleep(_WALL_EVERY_S)


def _end(address: str, room: Classroom, key: str, records: Records) -> None:
    session = records.accounts.session(key)
    form = {"token": session.token if session else ""}
    reply = httpx.post(
        f"{address}/huong-dan-vien/lop/{room.id}/ket-thuc", data=form, cookies={"binhdan": key}, timeout=60
    )
    if reply.status_code != 303:
        raise BinhDanError(f"the class could not be ended: {reply.status_code}")


def _signatures(text: str) -> set[str]:
    return {found[1] for found in _SIGNATURE.finditer(text)}


@contextlib.contextmanager
def _server(database_url: str, log: Path) -> Iterator[tuple[str, subprocess.Popen]]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "BINHDAN_DATABASE_URL": database_url}
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "ui.cli", "serve", "--port", str(port)], stderr=stream, env=environment
        )
        try:
            _wait(address, process)
            yield address, process
        finally:
            process.terminate()
            process.wait()


def _wait(address: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(address, timeout=5).status_code == 200:
                return
        time.sleep(0.2)
    raise BinhDanError("the server did not start; run `binhdan serve` to see why")


if __name__ == "__main__":
    main()
