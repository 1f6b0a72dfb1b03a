"""The evaluators' desk over real HTTP: a run from start to report, and the forms' errors."""

import re
import time

import pytest
from people import client, person

from evals.runs import list_runs
from evals.sets import peeks
from rag.roles import Role
from rag.serving import Serving
from ui.app import create_app


@pytest.fixture(scope="module")
def app(assistant, records, glossary, built, tmp_path_factory):
    settings = built.model_copy(update={"home": tmp_path_factory.mktemp("desk")})
    return settings, create_app(Serving(assistant), records, glossary, settings)


@pytest.fixture
def evaluator(app, records):
    with client(app[1], records, person(records, Role.EVALUATOR)) as evaluator:
        yield evaluator


@pytest.mark.slow
def test_a_run_is_started_watched_read_compared_and_marked(evaluator, app):
    settings = app[0]
    form = {"token": evaluator.token, "name_of_set": "dev", "limit": "4", "twins": "true"}
    assert evaluator.post("/danh-gia/chay", data=form).status_code == 303
    assert evaluator.post("/danh-gia/chay", data=form).status_code == 409
    deadline = time.time() + 120
    while (state := evaluator.get("/danh-gia/viec").json())["state"] == "running" and time.time() < deadline:
        time.sleep(0.1)
    assert state["state"] == "done"
    assert state["done"] == state["total"] > 4
    name = state["name"]
    assert name in evaluator.get("/danh-gia").text
    assert "Điểm chung" in evaluator.get(f"/danh-gia/lan-chay/{name}").text
    assert "chưa phân biệt được" in evaluator.get(f"/danh-gia/lan-chay/{name}?so_voi={name}").text
    cases = evaluator.get(f"/danh-gia/lan-chay/{name}/ca?chi_sai=false").text
    case = re.search(rf'href="(/danh-gia/lan-chay/{name}/ca/[^"]+)"', cases)[1]
    assert "Đã tìm thấy" in evaluator.get(case).text
    assert evaluator.post(case, data={"token": form["token"], "reason": " "}).status_code == 422
    assert evaluator.post(case, data={"token": form["token"], "reason": "<b>đòi thừa ý</b>"}).status_code == 303
    assert "&lt;b&gt;đòi thừa ý" in evaluator.get("/danh-gia").text
    download = evaluator.get(f"/danh-gia/lan-chay/{name}/tai/junit.xml")
    assert download.text.startswith("<?xml")
    assert evaluator.get(f"/danh-gia/lan-chay/{name}/tai/cases.jsonl").status_code == 404
    assert [run.manifest.name for run in list_runs(settings)] == [name]


@pytest.mark.slow
def test_a_run_can_be_stopped_and_keeps_what_it_has(evaluator, app):
    form = {"token": evaluator.token, "name_of_set": "dev", "twins": "true"}
    assert evaluator.post("/danh-gia/chay", data=form).status_code == 303
    evaluator.post("/danh-gia/dung", data={"token": form["token"]})
    deadline = time.time() + 60
    while (state := evaluator.get("/danh-gia/viec").json())["state"] == "running" and time.time() < deadline:
        time.sleep(0.1)
    assert state["state"] == "stopped"
    assert "Đã dừng" in evaluator.get("/danh-gia").text
    assert evaluator.get(f"/danh-gia/lan-chay/{state['name']}").status_code == 404


def test_the_sealed_half_wants_a_reason(evaluator, app):
    form = {"token": evaluator.token, "name_of_set": "test", "reason": " "}
    answer = evaluator.post("/danh-gia/chay", data=form)
    assert answer.status_code == 422
    assert "Bộ niêm phong cần lý do" in answer.text
    assert peeks(app[0]) == []


@pytest.mark.parametrize(
    "path", ["lan-chay/khong-co", "lan-chay/..%2f..%2fetc/ca", "lan-chay/khong-co/tai/report.html"]
)
def test_an_unknown_run_is_said_in_words(evaluator, path):
    assert evaluator.get(f"/danh-gia/{path}").status_code == 404
