"""The judge against a real server of OpenAI's protocol on this machine, scripted in what it answers."""

import pytest
from model_proxy import Proxy
from pydantic import SecretStr

from evals.cases import Case
from evals.judge import ASPECTS, Grade, judge_run, judgement, load_verdicts
from evals.runs import generate, start_run
from rag.errors import CaseError, PromptError
from rag.llm import open_model
from rag.prompts import load_prompt
from rag.settings import load_settings


@pytest.fixture
def script():
    proxy = Proxy(text="KẾT LUẬN: dung")
    yield proxy
    proxy.close()


@pytest.fixture
def model(built, script):
    update = {"model": "openai:m", "model_url": script.url, "model_key": SecretStr("khoa-thu")}
    return open_model(built.model_copy(update=update))


@pytest.fixture
def run(built, tmp_path):
    case = Case.model_validate(
        {
            "id": "a", "question": "Làm định danh mức 2 ở đâu?", "topic": "vneid", "kind": "answerable", "expected": ("answered",),
            "guides": ("vneid-dang-ky-muc-2",), "must_say": ({"text": "ở Công an xã", "pattern": "công an xã"},), "author": "t",
            "created": "2026-11-25",
        }
    )  # fmt: skip
    run = start_run(built, "one", [case], f"judged-{tmp_path.name}")
    generate(run, built, workers=1)
    return run


def test_a_grade_of_the_set_counts_and_any_other_is_unscored(run, model, script):
    rows = {row.aspect: row for row in judge_run(run, model, {})}
    assert (rows["correctness"].mean, rows["correctness"].n) == (1.0, 1)
    # "dung" is no grade of the two other aspects.
    assert (rows["groundedness"].mean, rows["groundedness"].unscored) == (None, 1)
    assert "not to be trusted" in rows["correctness"].line()
    assert "ở Công an xã" in script.asked[0]["messages"][1]["content"]
    assert script.asked[0]["temperature"] == 0


def test_judging_goes_on_where_it_stopped(run, model, script):
    judge_run(run, model, {})
    asked = len(script.asked)
    judge_run(run, model, {})
    assert len(script.asked) == asked == 3


@pytest.mark.parametrize(("finish", "fault"), [("length", ""), ("stop", "html")])
def test_a_cut_or_failed_answer_is_unscored(run, model, script, finish, fault):
    script.finish, script.fault = finish, fault
    assert {row.unscored for row in judge_run(run, model, {})} == {1}


def test_the_last_verdict_of_a_rambling_judge_counts(run, model, script):
    script.text = "KẾT LUẬN: dung hay sai? Xét kỹ thì thiếu ý.\nKẾT LUẬN: **sai**"
    assert judge_run(run, model, {})[0].mean == 0.0


def test_agreement_decides_whether_the_judge_is_trusted():
    grades = [Grade(str(n), "correctness", "dung" if n < 5 else "sai", "m", "p", 0) for n in range(10)]
    same = {(str(n), "correctness"): "dung" if n < 5 else "sai" for n in range(10)}
    assert judgement("correctness", grades, same).trusted
    assert judgement("correctness", grades, same).kappa.value == 1.0
    other = {(str(n), "correctness"): "dung" if n % 2 else "sai" for n in range(10)}
    assert not judgement("correctness", grades, other).trusted
    assert "not to be trusted" in judgement("correctness", grades, other).line()


def test_verdicts_are_checked(tmp_path):
    path = tmp_path / "verdicts.jsonl"
    path.write_text('{"case": "a", "aspect": "correctness", "grade": "dung"}\n', encoding="utf-8")
    assert load_verdicts(path) == {("a", "correctness"): "dung"}
    path.write_text('{"case": "a", "aspect": "correctness", "grade": "tuyệt"}\n', encoding="utf-8")
    with pytest.raises(CaseError, match=r":1: correctness 'tuyệt' is none of"):
        load_verdicts(path)


def test_the_prompts_declare_what_they_use(tmp_path, monkeypatch):
    for aspect in ASPECTS:
        assert load_prompt(f"judge-{aspect}").version == 1
    assert load_prompt("judge-helpfulness").fill(question="{answer}?", answer="x").count("{answer}") == 1
    monkeypatch.setattr("rag.prompts.PROJECT", tmp_path)
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "p.md").write_text("---\nversion: 1\nplaceholders: [a]\n---\n{b}\n", encoding="utf-8")
    with pytest.raises(PromptError, match="placeholders are"):
        load_prompt("p")


def test_a_secret_is_never_shown_in_a_settings_error(monkeypatch):
    from rag.errors import SettingsError

    monkeypatch.setenv("BINHDAN_OIDC_CLIENT_SECRET", "bi-mat")
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert "BINHDAN_OIDC_CLIENT_SECRET" in str(error.value)
    assert "bi-mat" not in str(error.value)
