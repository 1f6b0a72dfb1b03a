"""The administrators' pages: accounts, localities, the audit trail."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from rag.errors import RecordError
from rag.records import Records
from rag.records.accounts import Session
from rag.roles import Role
from ui.rendering import page_html
from ui.sign_in import Admin, AdminWrites, At

PREFIX = "/quan-tri"
ROLES = {
    Role.LEARNER: "Người học",
    Role.TRAINER: "Người hướng dẫn",
    Role.EVALUATOR: "Người đánh giá",
    Role.ADMIN: "Người quản trị",
}
ACTIONS = {
    "signed-in": "Đăng nhập",
    "locked": "Bị khóa vì nhập sai",
    "user-added": "Thêm tài khoản",
    "user-changed": "Đổi quyền tài khoản",
    "password-changed": "Đổi mật khẩu",
    "password-reset": "Đặt lại mật khẩu",
    "locality": "Ghi địa phương",
    "locality-removed": "Xóa địa phương",
    "target": "Đặt mục tiêu",
    "target-removed": "Xóa mục tiêu",
    "reviewed": "Kiểm tra câu trả lời",
    "curated-approved": "Duyệt câu trả lời",
    "curated-lapsed": "Câu đã duyệt cần xem lại",
    "curated-withdrawn": "Gỡ câu đã duyệt",
    "case-made": "Tạo ca từ lỗi",
    "case-withdrawn": "Bỏ ca từ lỗi",
    "case-marked-wrong": "Đánh dấu ca sai",
    "run-started": "Chạy bộ ca",
    "change-proposed": "Đề xuất sửa hướng dẫn",
    "change-approved": "Duyệt thay đổi",
    "change-refused": "Từ chối thay đổi",
    "change-published": "Thay đổi đã xuất bản",
    "change-reopened": "Thay đổi chờ duyệt lại",
    "publication-begun": "Chuẩn bị bản mới",
    "publication-ready": "Bản mới sẵn sàng",
    "publication-blocked": "Bản mới bị chặn vì lặp lỗi cũ",
    "publication-failed": "Bản mới bị hỏng",
    "published": "Xuất bản",
    "published-over-failing-cases": "Vẫn xuất bản dù lặp lỗi cũ",
    "rolled-back": "Quay lại bản cũ",
    "document-added": "Nhận văn bản",
    "document-described": "Ghi thông tin văn bản",
    "document-proposed": "Đề xuất dùng văn bản",
    "document-set-aside": "Để riêng văn bản",
    "document-waiting": "Cho văn bản chờ lại",
    "document-removed": "Xóa văn bản",
    "page-right": "Trang văn bản đọc đúng",
    "page-corrected": "Sửa chữ trang văn bản",
    "page-left-out": "Bỏ trang văn bản",
    "page-open": "Cho trang văn bản chờ xem lại",
    "handover-replied": "Trả lời người học",
    "handover-withdrawn": "Thu lại câu trả lời",
    "classroom-opened": "Mở lớp",
    "classroom-pushed": "Gửi cho cả lớp",
    "classroom-ended": "Kết thúc lớp",
}
_NAME_TAKEN = "Tên này đã có hoặc chưa dùng được. Bạn chọn tên khác, ví dụ “lan.baichay”."
_LAST_ADMIN = "Đây là người quản trị cuối cùng. Bạn thêm một người quản trị khác trước."
_IN_USE = "Địa phương này đang có tài khoản, lớp học hoặc đơn vị bên dưới, nên chưa xóa được."

router = APIRouter(prefix=PREFIX)
Text = Annotated[str, Form(max_length=120)]
Count = Annotated[int | None, Form(ge=0, le=200_000_000)]


@router.get("/tai-khoan")
def users(records: At, session: Admin) -> HTMLResponse:
    """List the accounts."""
    return _users_page(records, session)


@router.post("/tai-khoan")
def add_user(
    records: At, session: AdminWrites, name: Text, role: Annotated[Role, Form()], shown: Text = "", locality: Text = ""
) -> HTMLResponse:
    """Make an account and show its first password, this once."""
    try:
        user, password = records.accounts.add(session.user.name, name, shown, role, locality or None)
    except RecordError:
        return _users_page(records, session, problem=_NAME_TAKEN, status=422)
    return _users_page(records, session, made=(user.name, password))


@router.post("/tai-khoan/{name}")
def change_user(
    records: At, session: AdminWrites, name: str, role: Annotated[Role, Form()], locality: Text = "",
    disabled: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Change an account's role, place or whether it may sign in."""
    try:
        records.accounts.change(session.user.name, name, role, locality, disabled)
    except RecordError:
        return _users_page(records, session, problem=_LAST_ADMIN, status=409)
    return RedirectResponse(f"{PREFIX}/tai-khoan", 303)


@router.post("/tai-khoan/{name}/mat-khau")
def reset_password(records: At, session: AdminWrites, name: str) -> HTMLResponse:
    """Give an account a new first password and show it, this once."""
    try:
        password = records.accounts.reset(session.user.name, name)
    except RecordError:
        return _users_page(records, session, problem="Không còn tài khoản này.", status=404)
    return _users_page(records, session, made=(name, password))


@router.get("/dia-phuong")
def localities(records: At, session: Admin) -> HTMLResponse:
    """List the localities."""
    return _localities_page(records, session)


@router.post("/dia-phuong")
def put_locality(
    records: At, session: AdminWrites, name: Text, parent: Text = "", adults: Count = None, households: Count = None
) -> Response:
    """Add a locality or change its figures."""
    try:
        records.localities.put(session.user.name, name, parent or None, adults, households)
    except RecordError:
        return _localities_page(records, session, "Bạn ghi tên địa phương và chọn lại đơn vị cấp trên nhé.", 422)
    return RedirectResponse(f"{PREFIX}/dia-phuong", 303)


@router.post("/dia-phuong/xoa")
def remove_locality(records: At, session: AdminWrites, locality: Text) -> Response:
    """Remove a locality that nothing belongs to."""
    try:
        records.localities.remove(session.user.name, locality)
    except RecordError:
        return _localities_page(records, session, _IN_USE, 409)
    return RedirectResponse(f"{PREFIX}/dia-phuong", 303)


@router.get("/nhat-ky")
def audit(records: At, session: Admin, ai: str = "", viec: str = "") -> HTMLResponse:
    """Show who decided what."""
    entries = records.audit.entries(500, ai, viec)
    return HTMLResponse(
        page_html("admin_audit.html", session=session, entries=entries, who=ai, action=viec, actions=ACTIONS)
    )


def _users_page(
    records: Records, session: Session, problem: str = "", made: tuple[str, str] | None = None, status: int = 200
) -> HTMLResponse:
    page = page_html(
        "admin_users.html", session=session, users=records.accounts.all(), roles=ROLES,
        localities=records.localities.all(), problem=problem, made=made,
    )  # fmt: skip
    return HTMLResponse(page, status)


def _localities_page(records: Records, session: Session, problem: str = "", status: int = 200) -> HTMLResponse:
    page = page_html("admin_localities.html", session=session, localities=records.localities.all(), problem=problem)
    return HTMLResponse(page, status)
