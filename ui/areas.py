"""The pages that an account may open, in the order of the navigation."""

from dataclasses import dataclass

from rag.records.accounts import User
from rag.roles import Role


@dataclass(frozen=True, slots=True)
class Area:
    """A group of pages: its first page, its name, what one does there, and who may (administrators always)."""

    path: str
    title: str
    about: str
    roles: frozenset[Role]


_TRAINERS, _ADMINS = frozenset({Role.TRAINER}), frozenset()
AREAS = (
    Area("/huong-dan-vien/kiem-tra", "Kiểm tra", "Xem câu trả lời đúng hay sai, sửa lại cho đúng.", _TRAINERS),
    Area("/huong-dan-vien/hoi", "Người học hỏi", "Trả lời câu hỏi mà chương trình chưa trả lời được.", _TRAINERS),
    Area("/huong-dan-vien/lop", "Lớp học", "Mở lớp, chiếu mã, xem cả lớp đang hỏi gì.", _TRAINERS),
    Area("/huong-dan-vien/cau-tra-loi", "Đã kiểm chứng", "Câu trả lời đã duyệt, nhập và tải về.", _TRAINERS),
    Area("/huong-dan-vien/ca", "Ca từ lỗi", "Lỗi đã sửa mà bản mới không được lặp lại.", _TRAINERS),
    Area("/huong-dan-vien/van-ban", "Văn bản", "Đưa văn bản của cơ quan nhà nước vào, xem lại, xác nhận.", _TRAINERS),
    Area("/huong-dan-vien/sua", "Sửa hướng dẫn", "Đề xuất, duyệt thay đổi, xác nhận sự thật.", _TRAINERS),
    Area("/huong-dan-vien/bai-hoc", "Bài học", "Thẻ và câu hỏi nào bị ẩn vì hướng dẫn đã đổi.", _TRAINERS),
    Area("/huong-dan-vien/xuat-ban", "Xuất bản", "Đưa bản mới đến người học, quay lại bản cũ.", _TRAINERS),
    Area("/huong-dan-vien/con-thieu", "Còn thiếu", "Điều nhiều người hỏi mà chưa có hướng dẫn.", _TRAINERS),
    Area("/bao-cao", "Báo cáo", "Phong trào đã đến với bao nhiêu người, so với mục tiêu.", _TRAINERS),
    Area("/danh-gia", "Đánh giá", "Chạy bộ ca kiểm tra, so sánh hai phiên bản.", frozenset({Role.EVALUATOR})),
    Area("/quan-tri/tai-khoan", "Tài khoản", "Thêm, khóa tài khoản, đặt lại mật khẩu.", _ADMINS),
    Area("/quan-tri/dia-phuong", "Địa phương", "Các tỉnh, xã, phường và số người lớn, số hộ.", _ADMINS),
    Area("/quan-tri/nhat-ky", "Nhật ký", "Ai đã quyết định việc gì, lúc nào.", _ADMINS),
)


def areas(user: User) -> list[Area]:
    """Return the areas that an account may open."""
    return [area for area in AREAS if user.role is Role.ADMIN or user.role in area.roles]
