import ast

import pytest
from people import client, person

from rag.roles import Role
from rag.serving import Serving
from rag.settings import PROJECT
from ui.admin_pages import ACTIONS
from ui.app import create_app

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def admin(assistant, store, glossary, built):
    app = create_app(Serving(assistant), store, glossary, built)
    with client(app, store, person(store, Role.ADMIN)) as admin:
        yield admin


def test_an_account_is_made_changed_and_reset_and_its_password_is_shown_once(admin, store):
    store.localities.put("test", "Phường Thử")
    form = {"token": admin.token, "name": "Lê Na", "shown": SCRIPT, "role": "trainer", "locality": "phuong-thu"}
    page = admin.post("/quan-tri/tai-khoan", data=form).text
    assert store.accounts.get("le-na").locality_id == "phuong-thu"
    assert page.count("<code>") == 1
    assert SCRIPT not in page
    assert "<code>" not in admin.get("/quan-tri/tai-khoan").text
    assert admin.post("/quan-tri/tai-khoan", data=form).status_code == 422
    change = {"token": admin.token, "role": "evaluator", "locality": "", "disabled": "true"}
    assert admin.post("/quan-tri/tai-khoan/le-na", data=change).status_code == 303
    user = store.accounts.get("le-na")
    assert (user.role, user.locality_id, user.disabled) == (Role.EVALUATOR, None, True)
    assert "<code>" in admin.post("/quan-tri/tai-khoan/le-na/mat-khau", data={"token": admin.token}).text
    assert admin.post("/quan-tri/tai-khoan/khong-co/mat-khau", data={"token": admin.token}).status_code == 404


def test_the_last_administrator_is_told_why_nothing_changed(admin):
    reply = admin.post("/quan-tri/tai-khoan/admin-1", data={"token": admin.token, "role": "trainer"})
    assert reply.status_code == 409
    assert "người quản trị cuối cùng" in reply.text


def test_a_locality_is_entered_shown_as_text_and_removed_only_when_nothing_needs_it(admin, store):
    form = {"token": admin.token, "name": f"Tỉnh {SCRIPT}", "adults": "1000"}
    assert admin.post("/quan-tri/dia-phuong", data=form).status_code == 303
    (place,) = store.localities.all()
    assert SCRIPT not in admin.get("/quan-tri/dia-phuong").text
    assert admin.post("/quan-tri/dia-phuong", data=form | {"parent": "khong-co"}).status_code == 422
    assert admin.post("/quan-tri/dia-phuong", data={"token": admin.token, "name": "…"}).status_code == 422
    store.accounts.add("test", "lan", "", Role.TRAINER, place)
    gone = {"token": admin.token, "locality": place}
    assert admin.post("/quan-tri/dia-phuong/xoa", data=gone).status_code == 409
    store.accounts.change("test", "lan", locality_id="")
    assert admin.post("/quan-tri/dia-phuong/xoa", data=gone).status_code == 303
    assert store.localities.all() == {}


def test_the_audit_page_shows_who_decided_what(admin, store):
    store.accounts.add("admin-1", "lan", "", Role.TRAINER)
    page = admin.get("/quan-tri/nhat-ky?ai=admin-1&viec=user-added").text
    assert "Thêm tài khoản" in page
    assert "role: trainer" in page
    assert "Đăng nhập</td>" not in page


def test_every_kind_of_decision_has_a_name_on_the_audit_page():
    noted = set()
    for path in (*PROJECT.glob("rag/records/*.py"), *PROJECT.glob("ui/*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("note"):
                noted |= {a.value for a in call.args[1:3] if isinstance(a, ast.Constant) and a.value}
    assert len(noted) > 20
    assert noted - set(ACTIONS) == set()
