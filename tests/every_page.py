"""Every HTML page of the program, with example data behind it: what the tests of accessibility and of screenshots go through.

A new page is one line in `VIEWS`; a GET route that is no page, one in `NO_PAGES`. The data are invented, and the clock stands
still while pages are made, so that a page looks the same on every day. Learners' pages have a database of their own, which their
questions fill; those of the desks change nothing that another page shows.
"""

import contextlib
import io
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import sqlalchemy as sa
from browsing import SIZES, ask, serving
from papers import bring, shelve
from people import client, person
from PIL import Image, ImageDraw
from small_home import BETTER, GUIDE, OLD, REASON, SOURCE, add_case

from evals.reporting import write_reports
from evals.runs import generate, start_run
from evals.scoring import Corpus, score_run
from evals.sets import open_set, prepare
from rag.curated import CuratedCitation
from rag.documents.library import Library
from rag.editions import file_digest
from rag.glossary import load_glossary
from rag.lessons import SCREENS
from rag.records import Records, tables
from rag.records.answers import Context, Feedback
from rag.records.changes import Draft, Evidence
from rag.records.movement import count
from rag.records.reviews import ReviewDraft, Verdict, is_doubled
from rag.roles import Role
from rag.secret import keyed_digest, secret_key
from rag.serving import Serving, open_assistant
from ui.app import create_app
from ui.curation import approve, refresh
from ui.evaluators import write_mark
from ui.shield import CHAT

LOOKS = ("light", "dark", "contrast")
NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)  # nine in the morning in Vietnam
CODES = {"waiting": "ACDEFH", "replied": "KMNPRT", "class": "HKMNPR"}
DECLINED = "tiêm phòng dại cho chó mèo nhà tôi ở đâu"
QUESTIONS = (
    "làm định danh mức 2 có mất tiền không", "cấp lại thẻ căn cước hết bao nhiêu tiền", "đăng ký tạm trú cần giấy tờ gì", DECLINED,
)  # fmt: skip
OTHER_GUIDE = "guides/cu-tru/cu-tru-dang-ky-tam-tru.md"
LESSON, WAYS = "quet-qr-dung-nguoi", "vneid-mat-dien-thoai"
FIRST_STAGE = (
    "vneid-cai-dung-ung-dung", "vneid-hai-muc", "vneid-lam-muc-2", "vneid-kich-hoat", "vneid-quen-mat-khau-may-moi",
    "vneid-vi-giay-to",
)  # fmt: skip
KNOWN = {
    "lesson_id": LESSON,
    "guide_id": "vneid-dang-ky-muc-2", "topic": "vneid", "sheet": "vneid-dang-ky-muc-2", "document_id": "99-2026-tt-thu",
    "classroom_id": 1, "code": CODES["class"], "handover_id": 1, "task_id": 1, "number": 1, "page": 2, "name": "truoc",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """A page as somebody sees it: `who` is the account, "" a learner, "member" one in a class; `at` fills the route's braces where
    KNOWN does not; `then` is what is done on the page before it is looked at.
    """

    name: str
    route: str
    who: str = ""
    at: dict[str, object] = field(default_factory=dict)
    then: Callable | None = None
    search: str = ""

    @property
    def path(self) -> str:
        return self.route.format(**(KNOWN | self.at)) + self.search


def _answered(page):
    _drawn(page)
    ask(page, QUESTIONS[0])
    page.click("#current .sources > summary")
    page.click("#current [data-do=unhelpful]")


def _declined(page):
    _drawn(page)
    ask(page, DECLINED)
    page.click("#current .hand-over > summary")
    page.wait_for_selector("#current .place:not([hidden])")


def _drawn(page):
    """Wait until Gradio has drawn the chat and nothing moves any more."""
    page.wait_for_selector("#listen")
    page.evaluate("""async () => { const seen = () => JSON.stringify([...document.querySelectorAll("#top, #past, #asking, #box textarea")]
        .map((part) => part.getBoundingClientRect())); let before = "";
        for (let same = 0; same < 5; same = seen() === before ? same + 1 : 0) { before = seen(); await new Promise((go) => setTimeout(go, 100)); } }""")


def _in_class(page):
    _drawn(page)
    page.wait_for_selector("#class-bar .pushed")


def _typed(code):
    def then(page):
        page.fill("[name=ma]", code)
        page.press("[name=ma]", "Enter")
        page.wait_for_selector("[name=ma]", state="hidden" if code in CODES.values() else "visible")
        page.wait_for_selector(".problem, details")

    return then


def _compared(page):
    page.fill("textarea[name=text]", page.input_value("textarea[name=text]").replace(OLD, BETTER))
    page.click("button[value=check]")
    page.wait_for_selector(".diff")


def _asking_wall(page):
    page.wait_for_selector("#questions li")


def _counted(page):
    page.wait_for_selector("#people:not(:text-is('0'))")


def _looking_up(page):
    page.click("#correct > summary")
    page.click("#prefill")
    page.wait_for_selector("#checked b")
    page.fill("#search", "mức 2 mấy ngày")
    page.wait_for_selector("#results label")


def _picking(page):
    page.fill("[data-part=words]", "định danh mức 2")
    page.press("[data-part=words]", "Enter")
    page.wait_for_selector(".hit")


def _wrong_name(page):
    page.fill("[name=name]", "khong-co")
    page.fill("[name=password]", "sai")
    page.click("main button.main")
    page.wait_for_selector(".problem")


def _open_all(page):
    page.evaluate("document.querySelectorAll('main details').forEach(part => part.open = true)")


def _switches(page):
    page.click(".look > summary")


def _at(card):
    def then(page):
        page.evaluate("card => { location.hash = card; }", card)
        page.wait_for_selector(f"#{card}:not([hidden])")

    return then


def _stuck(page):
    _at("buoc-2")(page)
    page.click(".card:not([hidden]) .stuck > summary")


def _chosen(page):
    """Open a right and a wrong choice of the first question."""
    _at("cau-1")(page)
    for right in ("true", "false"):
        page.locator(f"#cau-1 [data-right={right}] > summary").first.click()


def _learnt(page):
    """Let the learner of this browser stand in the middle of the first stage, with two answers that come back."""
    items = {f"{LESSON}#{n}": {"box": 1, "due": "2026-11-24", "right": 0, "wrong": 1} for n in (1, 2)}
    done = {"card": 14, "done": "2026-11-23"}
    lessons = dict.fromkeys(FIRST_STAGE, done) | {LESSON: {"card": 3, "done": None}}
    state = {"current": "1", "learners": {"1": {"name": "", "lessons": lessons, "items": items}}}
    page.evaluate("state => localStorage.setItem('binhdan-hoc', JSON.stringify(state))", state)
    page.reload()


def _end(page):
    page.evaluate("localStorage.clear()")
    page.reload()
    _at("het-bai")(page)


def _again(page):
    _learnt(page)
    page.wait_for_selector("[data-again] .card")


def _phrase(page):
    _learnt(page)
    page.wait_for_load_state("networkidle")


# fmt: off
VIEWS = (
    View("home", "/"),
    View("steps", "/huong-dan/{guide_id}/tung-buoc"),
    View("steps-ways", "/huong-dan/{guide_id}/tung-buoc", at={"guide_id": WAYS}),
    View("steps-stuck", "/huong-dan/{guide_id}/tung-buoc", at={"guide_id": WAYS}, then=_stuck),
    View("steps-end", "/huong-dan/{guide_id}/tung-buoc", then=_at("xong-1")),
    View("lessons", "/bai-hoc", then=lambda page: page.evaluate("localStorage.clear()")),
    View("lessons-path", "/bai-hoc", then=_learnt, search="?lo-trinh=hoc-sinh"),
    View("lesson", "/bai-hoc/{lesson_id}"),
    View("lesson-card", "/bai-hoc/{lesson_id}", then=_at("the-2")),
    View("lesson-practice", "/bai-hoc/{lesson_id}", then=_at("thuc-hanh")),
    View("lesson-quiz", "/bai-hoc/{lesson_id}", then=_chosen),
    View("lesson-end", "/bai-hoc/{lesson_id}", then=_end),
    View("lesson-again", "/bai-hoc/on-lai", then=_again),
    View("certificate", "/bai-hoc/chung-nhan", then=_learnt, search="?lo-trinh=hoc-sinh"),
    View("progress", "/bai-hoc/tien-do", then=_phrase),
    View("practices", "/luyen-tap"),
    *(View(f"practice-{screen}", "/luyen-tap/{screen_id}", at={"screen_id": screen}) for screen in SCREENS),
    View("practice-missing", "/luyen-tap/{screen_id}", at={"screen_id": "khong-co"}),
    View("offline", "/ngoai-tuyen"),
    View("course", "/huong-dan-vien/bai-hoc", "lan"),
    View("chat", "", then=_drawn),
    View("chat-answer", "", then=_answered),
    View("chat-declined", "", then=_declined),
    View("chat-class", "", "member", then=_in_class),
    View("guides", "/huong-dan"),
    View("guides-found", "/huong-dan", search="?tim=mức 2"),
    View("guide", "/huong-dan/{guide_id}"),
    View("guide-open", "/huong-dan/{guide_id}", then=_open_all),
    View("guide-missing", "/huong-dan/{guide_id}", at={"guide_id": "khong-co"}),
    View("practice", "/huong-dan/{guide_id}/luyen-tap"),
    View("shelf", "/van-ban"),
    View("shelf-document", "/van-ban/{document_id}"),
    View("shelf-page", "/van-ban/{document_id}/trang/{number}", search="?doan=dieu-4/khoan-1"),
    View("asking", "/hoi-nguoi"),
    View("asking-wrong", "/hoi-nguoi", then=_typed("ZZZ")),
    View("asking-waiting", "/hoi-nguoi", then=_typed(CODES["waiting"])),
    View("asking-replied", "/hoi-nguoi", then=_typed(CODES["replied"])),
    View("class-code", "/lop"),
    View("class-join", "/lop/{code}"),
    View("sign-in", "/tai-khoan/dang-nhap"),
    View("sign-in-wrong", "/tai-khoan/dang-nhap", then=_wrong_name),
    View("account", "/tai-khoan", "lan"),
    View("account-switches", "/tai-khoan", "lan", then=_switches),
    View("password", "/tai-khoan/mat-khau", "lan"),
    View("refused", "/quan-tri/tai-khoan", "lan"),
    View("users", "/quan-tri/tai-khoan", "quan", then=_open_all),
    View("localities", "/quan-tri/dia-phuong", "quan", then=_open_all),
    View("audit", "/quan-tri/nhat-ky", "quan"),
    View("curated", "/huong-dan-vien/cau-tra-loi", "lan", then=_open_all),
    View("cases", "/huong-dan-vien/ca", "lan"),
    View("handovers", "/huong-dan-vien/hoi", "lan"),
    View("handover", "/huong-dan-vien/hoi/{handover_id}", "lan", then=_picking),
    View("handover-replied", "/huong-dan-vien/hoi/{handover_id}", "lan", {"handover_id": 2}, then=_open_all),
    View("gaps", "/huong-dan-vien/con-thieu", "lan"),
    View("report", "/bao-cao", "quan", then=_open_all),
    View("reviews", "/huong-dan-vien/kiem-tra", "lan"),
    View("reviews-filtered", "/huong-dan-vien/kiem-tra", "lan", search="?text=căn+cước"),
    View("agreement", "/huong-dan-vien/kiem-tra/do-dong-thuan", "lan"),
    View("review", "/huong-dan-vien/kiem-tra/{task_id}", "lan"),
    View("review-correcting", "/huong-dan-vien/kiem-tra/{task_id}", "lan", then=_looking_up),
    View("classes", "/huong-dan-vien/lop", "lan"),
    View("wall", "/huong-dan-vien/lop/{classroom_id}", "lan", then=_asking_wall),
    View("projected", "/huong-dan-vien/lop/{classroom_id}/chieu", "lan", then=_counted),
    View("class-end", "/huong-dan-vien/lop/{classroom_id}/ket-thuc", "lan"),
    View("changes", "/huong-dan-vien/sua", "lan"),
    View("doubts", "/huong-dan-vien/su-that", "lan"),
    View("change", "/huong-dan-vien/sua/thay-doi/{number}", "lan"),
    View("doubt", "/huong-dan-vien/sua/su-that/{sheet}/{local}", "lan", {"local": "c2"}),
    View("edit", "/huong-dan-vien/sua/{topic}/{guide_id}", "quan", then=_compared),
    View("documents", "/huong-dan-vien/van-ban", "lan"),
    View("document", "/huong-dan-vien/van-ban/{number}", "lan", {"number": 2}, then=_open_all),
    View("document-page", "/huong-dan-vien/van-ban/{number}/trang/{page}", "lan", {"number": 2}),
    View("publishing", "/huong-dan-vien/xuat-ban", "lan", then=_open_all),
    View("evaluations", "/danh-gia", "van"),
    View("run", "/danh-gia/lan-chay/{name}", "van"),
    View("run-cases", "/danh-gia/lan-chay/{name}/ca", "van", search="?chi_sai=false"),
    View("run-case", "/danh-gia/lan-chay/{name}/ca/{case_id}", "van", then=_open_all),
)
# fmt: on
NO_PAGES = {
    "/healthz",
    "/sw.js",
    "/manifest.webmanifest",
    "/favicon.ico",
    "/bai-hoc/tien-do/lop",
    "/huong-dan/{guide_id}/the.pdf",
    "/huong-dan-vien/cau-tra-loi/tai/{kind}",
    "/huong-dan-vien/ca/tai",
    "/hoi-nguoi/dia-phuong",
    "/huong-dan-vien/tim",
    "/bao-cao/tai",
    "/huong-dan-vien/kiem-tra/tim",
    "/lop/toi",
    "/huong-dan-vien/lop/{classroom_id}/tuong",
    "/huong-dan-vien/sua/bang-chung/{name}",
    "/huong-dan-vien/van-ban/{number}/tep",
    "/huong-dan-vien/van-ban/{number}/trang/{page}.png",
    "/van-ban/{document_id}/trang/{number}.png",
    "/huong-dan-vien/xuat-ban/viec",
    "/danh-gia/viec",
    "/danh-gia/lan-chay/{name}/tai/{file}",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """Two served applications with the same data: `desks`, and `learners`, whose database questions may fill; `keys` are the cookies
    of accounts and of the class's member.
    """

    app: object
    desks: str
    learners: str
    keys: dict[str, str]


@contextlib.contextmanager
def standing_clock() -> Iterator[None]:
    """Let it be NOW in our own modules, a millisecond later at every look, so that what came later stays later."""
    looks = 0

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            nonlocal looks
            looks += 1
            return (NOW + timedelta(milliseconds=looks)).astimezone(tz)

    ours = [m for name, m in sys.modules.items() if name.partition(".")[0] in {"rag", "evals", "ui"}]
    reading = [module for module in ours if getattr(module, "datetime", None) is datetime]
    for module in reading:
        vars(module)["datetime"] = Clock
    try:
        yield
    finally:
        for module in reading:
            vars(module)["datetime"] = datetime


@contextlib.contextmanager
def served(built, folder: Path) -> Iterator[Site]:
    """Fill two databases with the example data and serve both; the folder is the test run's own."""
    with standing_clock(), contextlib.ExitStack() as stack:
        settings = _settings(built, folder)
        assistant = open_assistant(settings)
        _runs(settings, assistant)
        made = [_filled(settings, assistant, folder / name) for name in ("desks", "learners")]
        shelve(settings.corpus, made[0].records.documents.get(1))
        apps = [create_app(Serving(assistant), each.records, load_glossary(settings.corpus), settings) for each in made]
        refresh(made[0].records, assistant)
        for app in apps:
            app._app.state.picture = lambda path, number, width: _PICTURE
        quan = person(made[0].records, Role.ADMIN, "quan")
        assert "Từ đầu tới nay" in client(apps[0], made[0].records, quan).get("/bao-cao").text
        desks, learners = (stack.enter_context(serving(app)).rstrip("/") for app in apps)
        yield Site(apps[0], desks, learners, made[0].keys | {"member": made[1].keys["member"]})
        for each in made:
            each.records.close()


class Visits:
    """Pages of a browser, one context a size; a view is opened in the light look."""

    def __init__(self, site: Site, chromium) -> None:
        self._site, self._chromium, self._pages = site, chromium, {}

    def open(self, view: View, size: str):
        """Return the page of a view, with its typeface and everything it does on opening done."""
        page = self._page(size)
        learner = view.who in {"", "member"}
        address = self._site.learners if learner else self._site.desks
        page.context.clear_cookies()
        if view.who:
            name = "binhdan_lop" if learner else "binhdan"
            page.context.add_cookies([{"name": name, "value": self._site.keys[view.who], "url": address}])
        page.goto(address + (view.path if view.route else CHAT))
        if view.then:
            view.then(page)
        page.evaluate("document.fonts.ready")
        page.evaluate("document.activeElement?.blur()")
        wear(page, "light")
        return page

    def _page(self, size: str):
        if size not in self._pages:
            # Without the policy: axe-core is a script that is none of ours.
            context = self._chromium.new_context(
                viewport=SIZES[size], locale="vi-VN", bypass_csp=True, reduced_motion="reduce", service_workers="block"
            )
            self._pages[size] = context.new_page()
        return self._pages[size]


def wear(page, look: str) -> None:
    """Give a page another look, as its switch does."""
    page.evaluate("look => { document.documentElement.dataset.theme = look; }", look)


@dataclass(frozen=True, slots=True)
class _Filled:
    records: Records
    keys: dict[str, str]


def _settings(built, folder):
    settings = built.model_copy(
        update={"home": folder / "home", "corpus": folder / "corpus", "public_url": "https://binhdan.example"}
    )
    shutil.copytree(built.corpus, settings.corpus)
    shutil.copytree(built.index_folder, settings.index_folder)
    return settings


def _runs(settings, assistant):
    """Two runs of the same few cases, of which one is marked as wrong."""
    corpus = Corpus(assistant.index.guides, load_glossary(settings.corpus))
    cases = prepare(open_set("dev", settings, corpus.guides), twins=False, limit=6, seed=0)
    for name in ("truoc", "sau"):
        with patch("evals.runs._git", return_value=""):  # no commit, which no two pictures would share
            run = start_run(settings, "dev", cases, name)
        generate(run, settings, workers=1)
        score_run(run, corpus)
        write_reports(run, corpus)
    KNOWN["case_id"] = cases[0].id
    write_mark(settings, {"case": cases[0].id, "run": "truoc", "who": "Vân", "reason": "Ca này đòi thừa một ý."})


def _filled(settings, assistant, folder):
    """Return a database in which every list holds something."""
    folder.mkdir()
    records = Records.open(f"sqlite:///{folder / 'records.sqlite3'}")
    province = records.localities.put("test", "Tỉnh Mẫu", None, 100_000, 30_000).id
    places = [records.localities.put("test", f"Xã Mẫu {n}", province, 900, 300).id for n in "ABC"]
    quan, van = person(records, Role.ADMIN, "quan"), person(records, Role.EVALUATOR, "van")
    lan, hoa = person(records, name="lan"), person(records, name="hoa")
    _answers(records, assistant, lan, hoa)
    _handovers(records, assistant, settings, lan, places[0])
    member = _class(records, assistant, lan, places[0])
    _changes(records, settings, lan, hoa)
    _publications(records, assistant)
    _movement(records, [province, *places])
    for name, number in (("can-cuoc.pdf", "99/2026/TT-THU"), ("cu-tru.pdf", "98/2026/TT-THU")):
        bring(records, Library(settings.documents_folder), folder, content=name, name=name, number=number)
    keys = {user.name: records.accounts.sign_in(user) for user in (quan, van, lan)}
    return _Filled(records, keys | {"member": member})


def _answers(records, assistant, lan, hoa):
    """Answers that wait, one of them unhelpful and held by Lan, one that two people judged, an approved one, and a case."""
    ids = (id for n in range(1000) if not is_doubled(id := f"{n:032x}", 0.1))
    for question, answer_id in zip(QUESTIONS, ids, strict=False):
        _save(records, assistant, question, answer_id, first=True)
    records.answers.give_feedback(Feedback(f"{0:032x}", False, ("Khó hiểu",), "chưa rõ nộp ở đâu"))
    doubled = next(id for n in range(1000) if is_doubled(id := f"{n:032x}", 0.1))
    _save(records, assistant, QUESTIONS[1], doubled, first=False)
    for user, verdict in ((lan, Verdict.RIGHT), (hoa, Verdict.INCOMPLETE)):
        items, _ = records.reviews.queue(user)
        task = next(item.task_id for item in items if item.answer_id == doubled)
        records.reviews.take(user, task)
        records.reviews.decide(user, task, ReviewDraft(verdict, ("missing",) if verdict is Verdict.INCOMPLETE else ()))
    records.reviews.take(lan, 1)
    passage = assistant.passages["vneid-dang-ky-muc-2#thoi-han"]
    line = next(line.text for line in passage.lines if "03 ngày làm việc" in line.text)
    cited = [CuratedCitation(1, passage.id, passage.digest, line)]
    assert approve(records, assistant, hoa, "mức 2 mấy ngày có", "Không quá 03 ngày làm việc. [1]", cited) == []
    add_case(records, assistant, hoa)


def _save(records, assistant, question, answer_id, **context):
    answer, found = assistant.trace(question)
    records.answers.save(replace(answer, id=answer_id), Context(found.hits, **context))


def _handovers(records, assistant, settings, lan, place):
    secret, until = secret_key(settings.home), NOW + timedelta(days=14)
    for code in ("waiting", "replied"):
        digest = keyed_digest(secret, CODES[code])
        records.handovers.ask(digest, DECLINED, "Nhà tôi có hai con mèo.", f"{3:032x}", place, None, until)
    cited = assistant.ask(QUESTIONS[0]).citations[:1]
    assert records.handovers.reply(lan, 2, "Bạn hỏi **trạm thú y** của xã nhé. [1]", cited, "Trạm thú y Xã Mẫu A")
    assert records.handovers.claim(lan, 1)


def _class(records, assistant, lan, place):
    """A class of three, one of them stuck, with questions and a guide before all; return a member's key."""
    room = records.classrooms.open(lan, place, "nguoi-cao-tuoi", date(2026, 11, 25))
    with records.database.writing() as connection:
        # A code that is always the same, and a day that never ends.
        fixed = {"code": CODES["class"], "opened_at": datetime(2099, 1, 1, tzinfo=UTC)}
        connection.execute(sa.update(tables.classrooms).values(fixed))
    keys = [records.classrooms.join(CODES["class"])[0] for _ in range(3)]
    for n, question in enumerate(QUESTIONS):
        _save(records, assistant, question, f"{5000 + n:032x}", locality_id=place, classroom_id=room.id, member=n % 3 + 1)  # fmt: skip
    records.classrooms.push(lan, room.id, "practice", "vneid-dang-ky-muc-2")
    records.classrooms.stuck(records.classrooms.member(keys[1]), True)
    return keys[0]


def _changes(records, settings, lan, hoa):
    """A change that waits for Lan, and one of Lan's that is approved."""
    for proposer, path, old, new in ((hoa, GUIDE, OLD, BETTER), (lan, OTHER_GUIDE, "tạm trú", "tạm trú (ở tạm)")):
        text = (settings.corpus / path).read_text(encoding="utf-8")
        assert old in text
        draft = Draft(path, file_digest(settings.corpus, path), text.replace(old, new, 3))
        records.changes.propose(proposer, [draft], REASON, Evidence(**SOURCE))
    records.changes.approve(hoa, 2)


def _publications(records, assistant):
    """What is in use, and a candidate that a case holds back."""
    made_of = {"generation": assistant.index.folder.name, "edition": "", "prompts": "0" * 8, "model": ""}
    records.publications.admit("operator", made_of)
    number = records.publications.add("lan", "Lan", [2])
    failing = [{"case": "sua-hai-ngay", "question": QUESTIONS[0], "why": "Câu trả lời không còn nói “không mất tiền”."}]
    changed = [{"question": QUESTIONS[2], "old": "Bạn mang căn cước.", "new": "Bạn mang căn cước và giấy hẹn."}]
    records.publications.built(number, made_of | {"generation": "000002"}, failing, changed)


def _movement(records, places):
    with records.database.writing() as connection:
        for week in range(1, 9):
            for n, place in enumerate(places[1:]):
                day = (NOW - timedelta(weeks=week)).date()
                count(connection, day, place, "nguoi-cao-tuoi", "people", 10 * week + 7 * n)
                count(connection, day, place, "hoc-sinh", "questions", 30 * week + 5 * n)
    records.movement.set_target("quan", places[0], "", "people", 1500, date(2026, 12, 31))


def _picture() -> bytes:
    """Return a page of grey lines."""
    page, content = Image.new("RGB", (595, 842), "white"), io.BytesIO()
    for y in range(80, 760, 28):
        ImageDraw.Draw(page).rectangle((60, y, 535 - y % 90, y + 8), fill="dimgray")
    page.save(content, "PNG")
    return content.getvalue()


_PICTURE = _picture()


def routes(router) -> set[str]:
    """Return the paths of our own GET routes."""
    found = set()
    for route in router.routes:
        found |= routes(route.original_router) if hasattr(route, "original_router") else set()
        ours = getattr(getattr(route, "endpoint", None), "__module__", "").startswith("ui.")
        if ours and "GET" in (getattr(route, "methods", None) or ()):
            found.add(re.sub(r":\w+\}", "}", route.path))
    return found
