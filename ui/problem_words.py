"""What the corpus check finds, in words for trainers: "Dòng 31: …". Pure; what has no words here is shown as it is."""

import re

_HEADS = {
    "id": "mã hướng dẫn", "title": "tên hướng dẫn", "topic": "chủ đề", "audience": "người đọc", "covers": "tờ sự thật",
    "as_of": "ngày tài liệu", "questions": "các câu hỏi", "related": "hướng dẫn liên quan", "reviewed": "đã kiểm chứng",
}  # fmt: skip
_REFERENCE = "ký hiệu trong ngoặc nhọn ở cuối dòng"
_WORDS = tuple(
    (re.compile(pattern, re.DOTALL), said)
    for pattern, said in (
        (r"not in Unicode NFC.*", "Chữ có dấu bị tách rời. Bạn xóa dòng này rồi gõ lại."),
        (r"has (U\+.*), which Vietnamese.*", "Có ký tự lạ ({0}) không thuộc tiếng Việt. Bạn xóa rồi gõ lại."),
        (r"covers (.*), which is no sheet", "Không có tờ sự thật tên “{0}”."),
        (
            r"as_of is (.*), expected (.*): .*",
            "Ngày tài liệu đang là {0}, cần là {1}: ngày mới nhất trong các tờ sự thật.",
        ),
        (r"links to guide (.*), which .*", "Hướng dẫn liên quan “{0}” không có."),
        (r"the first section is not .*", "Phần đầu tiên phải là “Trả lời ngắn”."),
        (
            r"states (.*), which (.*) do not",
            "Có số liệu {0} mà sự thật được dẫn ({1}) không có. Bạn kiểm tra lại con số, hoặc dẫn đúng sự thật.",
        ),
        (r"has (\d+) characters, at most (\d+).*", "Dòng dài {0} chữ cái, tối đa {1}. Bạn tách thành hai dòng."),
        (r"steps are numbered (.*)", "Các bước đang đánh số {0}. Bạn đánh lại 1, 2, 3…"),
        (r"'Trả lời ngắn' has more.*", "Phần “Trả lời ngắn” chỉ được có tối đa 2 dòng."),
        (
            r"(.*) is not certain, but .*",
            "Sự thật {0} chưa chắc chắn, nên câu phải nói rõ như vậy, ví dụ “Theo …” hoặc “Nên hỏi lại”.",
        ),
        (r"(.*) has no source", "Sự thật {0} không có nguồn."),
        (r"is bounded by (.*), a day .*", "Ngày {0} không có trong sự thật được dẫn."),
        (r"(.*): say it in Vietnamese .*", "Từ khó chưa được giải thích: {0}. Bạn nói bằng tiếng Việt thường ngày."),
        (r"left_out names (.*), which .*", "Mục bỏ qua “{0}” không có trong tờ sự thật."),
        (r"no guide covers this sheet", "Không hướng dẫn nào dùng tờ sự thật này."),
        (
            r"(.*) is neither stated nor left out: (.*)",
            "Sự thật {0} chưa được nói đến: “{1}”. Bạn thêm một dòng dẫn nó.",
        ),
        (r"has (\d+) questions, expected (\d+) to (\d+)", "Có {0} câu hỏi mẫu, cần từ {1} đến {2} câu."),
        (r"question (.*) stands in (.*) too", "Câu hỏi {0} đã có ở hướng dẫn “{1}”."),
        (r"no front matter .*", "Thiếu phần đầu giữa hai dòng ---. Bạn đừng xóa phần này."),
        (r"not valid YAML: (.*)", "Phần đầu viết chưa đúng mẫu. Bạn xem lại dấu hai chấm, dấu ngoặc và thụt dòng."),
        (r"topic (.*) is none of .*", "Chủ đề {0} không có."),
        (r"id and topic are .*", "Mã và chủ đề ở phần đầu phải giữ nguyên như cũ."),
        (r"heading (.*) is none of (.*)", "Không có phần tên {0}. Các phần được dùng: {1}."),
        (r"section (.*) comes twice or out of order", "Phần {0} bị lặp hoặc sai thứ tự."),
        (r"text before the first section", "Có chữ đứng trước phần đầu tiên."),
        (
            r"the line cites nothing; .*",
            f"Dòng thiếu {_REFERENCE}, ví dụ {{{{f1}}}}: nó cho biết câu này lấy từ sự thật nào.",
        ),
        (r"(.*) is of a sheet that .*", "“{0}” thuộc một tờ sự thật mà hướng dẫn này không dùng."),
        (r"(.*) does not exist in the sheets", "Không có sự thật “{0}”."),
        (r"the line is empty or cites nothing", "Dòng trống, hoặc không dẫn sự thật nào."),
        (
            r"the line .*; a guide is plain .*",
            "Dòng có chữ giống mã lệnh hoặc lời sai khiến máy. Bạn viết thành câu thường.",
        ),
        (r"number (.*) stands in (.*) too", "Số hiệu {0} đã có ở văn bản “{1}”."),
        (r"the library lacks its text; .*", "Kho văn bản không còn chữ của văn bản này. Bạn gửi lại tệp nhé."),
        (r"expires on (.*), before it is in force", "Ngày hết hiệu lực {0} đang sớm hơn ngày có hiệu lực."),
        (r"bounds are .*", "Thời hạn của câu phải viết “từ 2026-07-01” hoặc “đến 2026-12-31”."),
        (r"(.*) is not a day like .*", "{0} không phải là ngày. Bạn viết như 2026-12-31."),
    )
)
_WHERE = re.compile(r"(?:guides/[\w-]+/|facts/|documents/)?([\w./-]+?)(?:\.md|\.yaml):(\d+): (.*)", re.DOTALL)
_HEAD = re.compile(r"([a-z_]+)(?:\.\d+)?(?:\.[a-z]+)?: .*", re.DOTALL)


def in_words(problem: str) -> str:
    """Return a row of the corpus check for trainers.

    "guides/a/b.md:31: f9 does not exist in the sheets" → "Dòng 31 (b): Không có sự thật “f9”."
    """
    where = _WHERE.fullmatch(problem)
    message = where[3] if where else problem
    said = _said(message)
    return f"Dòng {where[2]} ({where[1]}): {said}" if where else said


def line_of(problem: str) -> int:
    """Return the line that a row of the corpus check names, 0 where it names none."""
    where = _WHERE.fullmatch(problem)
    return int(where[2]) if where else 0


def _said(message: str) -> str:
    for pattern, said in _WORDS:
        if found := pattern.fullmatch(message):
            return said.format(*found.groups())
    if (found := _HEAD.fullmatch(message)) and found[1] in _HEADS:
        return f"Phần đầu: {_HEADS[found[1]]} chưa đúng mẫu."
    return f"Chưa đúng mẫu: {message}"
