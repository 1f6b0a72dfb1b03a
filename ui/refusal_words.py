"""Why a file was not taken in, for those who brought it. Nothing here does I/O."""

from rag.documents.limits import Refusal

_WORDS = {
    Refusal.EMPTY: "Tệp trống, không có gì bên trong.",
    Refusal.UNKNOWN_FORMAT: "Chương trình chưa đọc được loại tệp này. Bạn gửi PDF, ảnh, DOCX, DOC, HTML, XLSX, MD hoặc ZIP nhé.",
    Refusal.WRONG_NAME: "Đuôi tên tệp không đúng với nội dung bên trong. Bạn đổi lại tên cho đúng loại rồi gửi lại nhé.",
    Refusal.ENCRYPTED: "Tệp có mật khẩu. Bạn bỏ mật khẩu rồi gửi lại nhé.",
    Refusal.DAMAGED: "Tệp bị hỏng hoặc tải về chưa hết. Bạn tải lại từ nơi công bố nhé.",
    Refusal.TOO_LARGE: "Tệp lớn quá 50 MB. Bạn chia nhỏ hoặc tìm bản nhẹ hơn nhé.",
    Refusal.TOO_MANY_PAGES: "Tệp có quá nhiều trang (tối đa 1.000 trang). Bạn chia nhỏ rồi gửi lại nhé.",
    Refusal.UNPACKS_TOO_LARGE: "Tệp mở ra lớn bất thường nên không nhận. Bạn kiểm tra lại nơi tải tệp nhé.",
    Refusal.UNSAFE_ARCHIVE: "Tệp ZIP có đường dẫn không an toàn nên không nhận. Bạn kiểm tra lại nơi tải tệp nhé.",
    Refusal.TOO_SLOW: "Tệp cần quá nhiều thời gian để đọc. Bạn chia nhỏ hoặc tìm bản khác nhé.",
    Refusal.TOO_MUCH_MEMORY: "Tệp cần quá nhiều bộ nhớ để đọc. Bạn chia nhỏ hoặc tìm bản khác nhé.",
    Refusal.CRASHES: "Chương trình bị dừng khi đọc tệp này. Bạn tìm bản khác của văn bản nhé.",
    Refusal.NO_TEXT: "Không đọc được chữ nào trong tệp. Bạn tìm bản rõ hơn nhé.",
    Refusal.NO_RECOGNITION: "Tệp là ảnh chụp, mà máy chủ chưa cài phần đọc chữ từ ảnh. Bạn nhờ người vận hành cài giúp nhé.",
    Refusal.NO_OFFICE: "Tệp Word kiểu cũ chưa đọc được trên máy chủ này. Bạn lưu lại thành DOCX rồi gửi nhé.",
    Refusal.UNREACHABLE: "Không tải được từ địa chỉ này. Bạn thử lại sau, hoặc tải về rồi gửi tệp nhé.",
    Refusal.FORBIDDEN_ADDRESS: "Địa chỉ này không được phép tải. Bạn tải về máy rồi gửi tệp nhé.",
    Refusal.NOT_A_FILE: "Không mở được tệp. Bạn gửi lại nhé.",
}  # fmt: skip


def refusal_words(reason: str) -> str:
    """Return a refusal as it is noted ("is too large: 60 MiB") in words for people."""
    known = next((r for r in Refusal if reason == r.value or reason.startswith(f"{r.value}: ")), None)
    return _WORDS[known] if known else "Tệp này không nhận được. Bạn thử lại hoặc tìm bản khác nhé."
