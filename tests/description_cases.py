"""Letterheads and final articles as authorities write them, with what they say; names and numbers are made up."""

from datetime import date

MOTTO = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc\n"

# The lines above the first article; type, number, issuer, title, issued, territory.
HEADS = {
    "decree": (
        f"CHÍNH PHỦ\n{MOTTO}Số: 58/2026/NĐ-CP\nHà Nội, ngày 25 tháng 6 năm 2026\nNGHỊ ĐỊNH\nQuy định về định danh điện tử\n"
        "Căn cứ Luật Căn cước ngày 27 tháng 11 năm 2023;",
        ("Nghị định", "58/2026/NĐ-CP", "Chính phủ", "Quy định về định danh điện tử", date(2026, 6, 25), "toàn quốc"),
    ),
    "decree in one line a side": (
        "CHÍNH PHỦ CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc\nSố: 158/2025/NĐ-CP Hà Nội, ngày 01 tháng 8 năm 2025\n"
        "NGHỊ ĐỊNH\nQuy định chi tiết thi hành Luật Cư trú\nCăn cứ Luật Tổ chức Chính phủ;",
        ("Nghị định", "158/2025/NĐ-CP", "Chính phủ", "Quy định chi tiết thi hành Luật Cư trú", date(2025, 8, 1), "toàn quốc"),
    ),
    "spaces of recognition": (
        f"CHÍNH PHỦ\n{MOTTO}Sô : 58 /2026/ NĐ - CP\nHà Nội , ngày 5 tháng 6 năm 2026\nNGHỊ ĐỊNH\nVề thẻ căn cước\nCăn cứ Luật Căn cước;",
        ("Nghị định", "58/2026/NĐ-CP", "Chính phủ", "Về thẻ căn cước", date(2026, 6, 5), "toàn quốc"),
    ),
    "number over two lines": (
        f"BỘ CÔNG AN\n{MOTTO}Số: 17/2026/\nTT-BCA\nHà Nội, ngày 15 tháng 5\nnăm 2026\nTHÔNG TƯ\nQuy định về quy trình cấp\nthẻ căn cước\n"
        "Căn cứ Luật Căn cước số 26/2023/QH15;",
        ("Thông tư", "17/2026/TT-BCA", "Bộ Công an", "Quy định về quy trình cấp thẻ căn cước", date(2026, 5, 15), "toàn quốc"),
    ),
    "issuer and number in one line": (
        f"ỦY BAN NHÂN DÂN TỈNH QUẢNG NINH Số: 12/2026/QĐ-UBND\n{MOTTO}Quảng Ninh, ngày 3 tháng 7 năm 2026\nQUYẾT ĐỊNH\nQuy định mức hỗ trợ\n"
        "Căn cứ Luật Tổ chức chính quyền địa phương;",
        ("Quyết định", "12/2026/QĐ-UBND", "Ủy ban nhân dân tỉnh Quảng Ninh", "Quy định mức hỗ trợ", date(2026, 7, 3), "Quảng Ninh"),
    ),
    "letter whose subject stands before the country's name": (
        "BỘ NỘI VỤ\nSố: 99/BNV-CCHC\nV/v hướng dẫn nộp hồ sơ\ntrực tuyến\nCỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc\n"
        "Hà Nội, ngày 3 tháng 7 năm 2026\nKính gửi: Các tỉnh",
        ("Công văn", "99/BNV-CCHC", "Bộ Nội vụ", "hướng dẫn nộp hồ sơ trực tuyến", date(2026, 7, 3), "toàn quốc"),
    ),
    "law": (
        f"QUỐC HỘI\n{MOTTO}Luật số: 26/2029/QH16\nLUẬT\nCĂN CƯỚC\nCăn cứ Hiến pháp nước Cộng hòa xã hội chủ nghĩa Việt Nam;\nQuốc hội ban hành Luật.",
        ("Luật", "26/2029/QH16", "Quốc hội", "Căn cước", None, "toàn quốc"),
    ),
    "law with its name in its line": (
        f"QUỐC HỘI\n{MOTTO}Luật số: 91/2025/QH15\nHà Nội, ngày 26 tháng 6 năm 2025\nLUẬT BẢO VỆ DỮ LIỆU CÁ NHÂN\nCăn cứ Hiến pháp;",
        ("Luật", "91/2025/QH15", "Quốc hội", "Bảo vệ dữ liệu cá nhân", date(2025, 6, 26), "toàn quốc"),
    ),
    "code": (
        f"QUỐC HỘI\n{MOTTO}Bộ luật số: 45/2029/QH14\nBỘ LUẬT\nLAO ĐỘNG\nCăn cứ Hiến pháp;",
        ("Bộ luật", "45/2029/QH14", "Quốc hội", "Lao động", None, "toàn quốc"),
    ),
    "ordinance": (
        f"ỦY BAN THƯỜNG VỤ QUỐC HỘI\n{MOTTO}Pháp lệnh số: 04/2024/UBTVQH15\nHà Nội, ngày 18 tháng 12 năm 2024\nPHÁP LỆNH\nCHI PHÍ TỐ TỤNG\nCăn cứ Hiến pháp;",
        ("Pháp lệnh", "04/2024/UBTVQH15", "Ủy ban Thường vụ Quốc hội", "Chi phí tố tụng", date(2024, 12, 18), "toàn quốc"),
    ),
    "circular on fees": (
        f"BỘ TÀI CHÍNH\n{MOTTO}Số: 59/2029/TT-BTC\nHà Nội, ngày 31 tháng 8 năm 2029\nTHÔNG TƯ\n"
        "Quy định mức thu, chế độ thu, nộp lệ phí cấp thẻ căn cước\nCăn cứ Luật Phí và lệ phí số 97/2015/QH13;",
        (
            "Thông tư", "59/2029/TT-BTC", "Bộ Tài chính", "Quy định mức thu, chế độ thu, nộp lệ phí cấp thẻ căn cước",
            date(2029, 8, 31), "toàn quốc",
        ),
    ),
    "prime minister": (
        f"THỦ TƯỚNG CHÍNH PHỦ\n{MOTTO}Số: 06/QĐ-TTg\nHà Nội, ngày 06 tháng 01 năm 2029\nQUYẾT ĐỊNH\nPhê duyệt Đề án phát triển dữ liệu dân cư\n"
        "THỦ TƯỚNG CHÍNH PHỦ\nCăn cứ Luật Tổ chức Chính phủ;",
        ("Quyết định", "06/QĐ-TTg", "Thủ tướng Chính phủ", "Phê duyệt Đề án phát triển dữ liệu dân cư", date(2029, 1, 6), "toàn quốc"),
    ),
    "directive": (
        f"THỦ TƯỚNG CHÍNH PHỦ\n{MOTTO}Số: 04/CT-TTg\nHà Nội, ngày 11 tháng 02 năm 2029\nCHỈ THỊ\nVề việc đẩy mạnh dịch vụ công trực tuyến\nThực hiện Đề án, các bộ đã làm.",
        ("Chỉ thị", "04/CT-TTg", "Thủ tướng Chính phủ", "Về việc đẩy mạnh dịch vụ công trực tuyến", date(2029, 2, 11), "toàn quốc"),
    ),
    "province's committee": (
        f"ỦY BAN NHÂN DÂN\nTỈNH QUẢNG NINH\n{MOTTO}Số: 12/2026/QĐ-UBND\nQuảng Ninh, ngày 05 tháng 3 năm 2026\nQUYẾT ĐỊNH\nBan hành Quy chế phối hợp\n"
        "ỦY BAN NHÂN DÂN TỈNH QUẢNG NINH\nCăn cứ Luật Tổ chức chính quyền địa phương;",
        ("Quyết định", "12/2026/QĐ-UBND", "Ủy ban nhân dân tỉnh Quảng Ninh", "Ban hành Quy chế phối hợp", date(2026, 3, 5), "Quảng Ninh"),
    ),
    "province's committee, short": (
        f"UBND TỈNH THANH HÓA\n{MOTTO}Số: 123/QĐ-UBND\nThanh Hóa, ngày 9 tháng 9 năm 2026\nQUYẾT ĐỊNH\nVề việc công bố danh mục thủ tục hành chính\n"
        "CHỦ TỊCH ỦY BAN NHÂN DÂN TỈNH THANH HÓA\nCăn cứ Luật Tổ chức chính quyền địa phương;",
        (
            "Quyết định", "123/QĐ-UBND", "Ủy ban nhân dân tỉnh Thanh Hóa", "Về việc công bố danh mục thủ tục hành chính",
            date(2026, 9, 9), "Thanh Hóa",
        ),
    ),
    "city's council": (
        f"HỘI ĐỒNG NHÂN DÂN\nTHÀNH PHỐ HÀ NỘI\n{MOTTO}Số: 08/2026/NQ-HĐND\nHà Nội, ngày 10 tháng 7 năm 2026\nNGHỊ QUYẾT\nQuy định mức thu phí bằng không\n"
        "HỘI ĐỒNG NHÂN DÂN THÀNH PHỐ HÀ NỘI\nCăn cứ Luật Thủ đô;",
        ("Nghị quyết", "08/2026/NQ-HĐND", "Hội đồng nhân dân thành phố Hà Nội", "Quy định mức thu phí bằng không", date(2026, 7, 10), "Hà Nội"),
    ),
    "Ho Chi Minh City": (
        f"ỦY BAN NHÂN DÂN\nTHÀNH PHỐ HỒ CHÍ MINH\n{MOTTO}Số: 21/2026/QĐ-UBND\nThành phố Hồ Chí Minh, ngày 2 tháng 4 năm 2026\nQUYẾT ĐỊNH\nQuy định về hộ tịch\n"
        "Căn cứ Luật Hộ tịch;",
        (
            "Quyết định", "21/2026/QĐ-UBND", "Ủy ban nhân dân thành phố Hồ Chí Minh", "Quy định về hộ tịch", date(2026, 4, 2), "Hồ Chí Minh",
        ),
    ),
    "department of a province": (
        f"UBND TỈNH NGHỆ AN\nSỞ TƯ PHÁP\n{MOTTO}Số: 456/TB-STP\nNghệ An, ngày 20 tháng 10 năm 2026\nTHÔNG BÁO\nVề lịch tiếp công dân\nKính gửi: Các xã, phường",
        ("Thông báo", "456/TB-STP", "Sở Tư pháp tỉnh Nghệ An", "Về lịch tiếp công dân", date(2026, 10, 20), "Nghệ An"),
    ),
    "letter of a ministry": (
        f"BỘ NỘI VỤ\n{MOTTO}Số: 1234/BNV-CCVC\nV/v hướng dẫn sắp xếp\ncán bộ cấp xã\nHà Nội, ngày 3 tháng 7 năm 2026\nKính gửi: Ủy ban nhân dân các tỉnh\n"
        "Thực hiện chỉ đạo, Bộ Nội vụ hướng dẫn như sau:\nI. ĐỐI TƯỢNG\n1. Cán bộ xã.",
        ("Công văn", "1234/BNV-CCVC", "Bộ Nội vụ", "hướng dẫn sắp xếp cán bộ cấp xã", date(2026, 7, 3), "toàn quốc"),
    ),
    "letter of a bureau": (
        f"BỘ CÔNG AN\nCỤC CẢNH SÁT QUẢN LÝ HÀNH CHÍNH\nVỀ TRẬT TỰ XÃ HỘI\n{MOTTO}Số: 77/C06-TTDLDC\nV/v cấp tài khoản mức 2\nHà Nội, ngày 1 tháng 3 năm 2026\n"
        "Kính gửi: Công an các tỉnh",
        (
            "Công văn", "77/C06-TTDLDC", "Cục Cảnh sát quản lý hành chính về trật tự xã hội", "cấp tài khoản mức 2", date(2026, 3, 1), "toàn quốc",
        ),
    ),
    "police of a province": (
        f"CÔNG AN TỈNH LÀO CAI\nPHÒNG CẢNH SÁT QLHC VỀ TTXH\n{MOTTO}Số: 88/TB-PC06\nLào Cai, ngày 4 tháng 5 năm 2026\nTHÔNG BÁO\nThời gian cấp thẻ căn cước\nKính gửi: Nhân dân",
        ("Thông báo", "88/TB-PC06", "Phòng Cảnh sát QLHC về TTXH tỉnh Lào Cai", "Thời gian cấp thẻ căn cước", date(2026, 5, 4), "Lào Cai"),
    ),
    "joint circular": (
        f"BỘ CÔNG AN - BỘ TƯ PHÁP\n{MOTTO}Số: 02/2015/TTLT-BCA-BTP\nHà Nội, ngày 5 tháng 2 năm 2015\nTHÔNG TƯ LIÊN TỊCH\nHướng dẫn khai sinh cho trẻ em\nCăn cứ Nghị định;",
        ("Thông tư liên tịch", "02/2015/TTLT-BCA-BTP", "Bộ Công an - Bộ Tư pháp", "Hướng dẫn khai sinh cho trẻ em", date(2015, 2, 5), "toàn quốc"),
    ),
    "consolidated text": (
        f"BỘ CÔNG AN\n{MOTTO}Số: 12/VBHN-BCA\nHà Nội, ngày 6 tháng 6 năm 2026\nTHÔNG TƯ\nQuy định chi tiết Luật Cư trú\nCăn cứ Luật Cư trú;",
        ("Thông tư", "12/VBHN-BCA", "Bộ Công an", "Quy định chi tiết Luật Cư trú", date(2026, 6, 6), "toàn quốc"),
    ),
    "day left open": (
        f"CHÍNH PHỦ\n{MOTTO}Số: /2026/NĐ-CP\nHà Nội, ngày tháng năm 2026\nNGHỊ ĐỊNH\nQuy định về lý lịch tư pháp\nCăn cứ Luật Lý lịch tư pháp số 28/2009/QH12;",
        ("Nghị định", "", "Chính phủ", "Quy định về lý lịch tư pháp", None, "toàn quốc"),
    ),
    "day with slashes": (
        f"BỘ Y TẾ\n{MOTTO}Số: 33/2026/TT-BYT\nHà Nội, ngày 18/5/2026\nTHÔNG TƯ\nQuy định về sổ sức khỏe điện tử\nCăn cứ Luật Khám bệnh, chữa bệnh;",
        ("Thông tư", "33/2026/TT-BYT", "Bộ Y tế", "Quy định về sổ sức khỏe điện tử", date(2026, 5, 18), "toàn quốc"),
    ),
    "no issuer": (
        "Số: 16/2026/TT-BTP\nHà Nội, ngày 2 tháng 6 năm 2026\nTHÔNG TƯ\nQuy định về hộ tịch\nCăn cứ Luật Hộ tịch;",
        ("Thông tư", "16/2026/TT-BTP", "Bộ Tư pháp", "Quy định về hộ tịch", date(2026, 6, 2), "toàn quốc"),
    ),
    "title over three lines with the issuer below": (
        f"BỘ CÔNG AN\n{MOTTO}Số: 66/2026/TT-BCA\nHà Nội, ngày 17 tháng 11 năm 2026\nTHÔNG TƯ\nSửa đổi, bổ sung một số điều của Thông tư số 55/2021/TT-BCA\n"
        "quy định chi tiết một số điều và biện pháp thi hành\nLuật Cư trú\n_______\nCăn cứ Luật Cư trú;",
        (
            "Thông tư", "66/2026/TT-BCA", "Bộ Công an",
            "Sửa đổi, bổ sung một số điều của Thông tư số 55/2021/TT-BCA quy định chi tiết một số điều và biện pháp thi hành Luật Cư trú",
            date(2026, 11, 17), "toàn quốc",
        ),
    ),
    "social insurance": (
        f"BẢO HIỂM XÃ HỘI VIỆT NAM\n{MOTTO}Số: 1155/QĐ-BHXH\nHà Nội, ngày 30 tháng 6 năm 2026\nQUYẾT ĐỊNH\nBan hành Quy trình cấp thẻ\nTỔNG GIÁM ĐỐC BẢO HIỂM XÃ HỘI VIỆT NAM\nCăn cứ Luật Bảo hiểm xã hội;",
        ("Quyết định", "1155/QĐ-BHXH", "Bảo hiểm xã hội Việt Nam", "Ban hành Quy trình cấp thẻ", date(2026, 6, 30), "toàn quốc"),
    ),
    "state bank": (
        f"NGÂN HÀNG NHÀ NƯỚC\nVIỆT NAM\n{MOTTO}Số: 17/2026/TT-NHNN\nHà Nội, ngày 28 tháng 6 năm 2026\nTHÔNG TƯ\nQuy định việc mở tài khoản thanh toán\nCăn cứ Luật Ngân hàng;",
        ("Thông tư", "17/2026/TT-NHNN", "Ngân hàng Nhà nước Việt Nam", "Quy định việc mở tài khoản thanh toán", date(2026, 6, 28), "toàn quốc"),
    ),
    "plan of a commune": (
        f"ỦY BAN NHÂN DÂN\nXÃ TÂN BÌNH\n{MOTTO}Số: 15/KH-UBND\nTân Bình, ngày 8 tháng 8 năm 2026\nKẾ HOẠCH\nTriển khai phong trào Bình dân học vụ số\nThực hiện Kế hoạch của tỉnh Đồng Tháp",
        (
            "Kế hoạch", "15/KH-UBND", "Ủy ban nhân dân xã Tân Bình", "Triển khai phong trào Bình dân học vụ số", date(2026, 8, 8), "xã Tân Bình",
        ),
    ),
    "parliament's resolution": (
        f"QUỐC HỘI\n{MOTTO}Nghị quyết số: 190/2025/QH15\nHà Nội, ngày 19 tháng 02 năm 2025\nNGHỊ QUYẾT\nQUY ĐỊNH VỀ XỬ LÝ MỘT SỐ VẤN ĐỀ\nCăn cứ Hiến pháp;",
        ("Nghị quyết", "190/2025/QH15", "Quốc hội", "Quy định về xử lý một số vấn đề", date(2025, 2, 19), "toàn quốc"),
    ),
    "telegram": (
        f"THỦ TƯỚNG CHÍNH PHỦ\n{MOTTO}Số: 89/CĐ-TTg\nHà Nội, ngày 23 tháng 6 năm 2026\nCÔNG ĐIỆN\nVề việc phòng, chống lừa đảo\nTHỦ TƯỚNG CHÍNH PHỦ ĐIỆN:\nBộ Công an",
        ("Công điện", "89/CĐ-TTg", "Thủ tướng Chính phủ", "Về việc phòng, chống lừa đảo", date(2026, 6, 23), "toàn quốc"),
    ),
    "a page": ("Cách đăng ký tài khoản mức 2\nBước 1: Đến công an xã.\nBước 2: Nhận tài khoản.", ("", "", "", "", None, "toàn quốc")),
}  # fmt: skip

ISSUED = date(2026, 6, 20)
# Final articles of a decree issued on ISSUED; in force, expires.
FORCE = {
    "Nghị định này có hiệu lực thi hành kể từ ngày 01 tháng 7 năm 2026.": (date(2026, 7, 1), None),
    "Nghị định này có hiệu lực từ ngày 15 tháng 8 năm 2026./.": (date(2026, 8, 15), None),
    "1. Nghị định này có hiệu lực thi hành từ ngày 01/7/2026.\n2. Bộ trưởng chịu trách nhiệm.": (date(2026, 7, 1), None),
    "Nghị định này có hiệu lực kể từ ngày ký.": (ISSUED, None),
    "Nghị định này có hiệu lực kể từ ngày ký ban hành.": (ISSUED, None),
    "Nghị định này có hiệu lực thi hành sau 45 ngày kể từ ngày ký.": (date(2026, 8, 4), None),
    "Nghị định này có hiệu lực thi hành sau 10 ngày, kể từ ngày ký ban hành.": (date(2026, 6, 30), None),
    "Nghị định này có hiệu lực thi hành từ ngày 01 tháng 7 năm 2026, trừ khoản 2 Điều 5 có hiệu lực từ ngày 01 tháng 01 năm 2027.": (
        date(2026, 7, 1), None,
    ),
    "1. Nghị định này có hiệu lực thi hành từ ngày 01 tháng 9 năm 2026, trừ trường hợp quy định tại khoản 2 Điều này.\n"
    "2. Quy định tại Điều 4 có hiệu lực thi hành từ ngày 15 tháng 01 năm 2026.": (date(2026, 9, 1), None),
    "1. Quy định tại Điều 4 có hiệu lực từ ngày 01 tháng 10 năm 2026.\n2. Nghị định này có hiệu lực thi hành từ ngày 01 tháng 11 năm 2026.": (
        date(2026, 11, 1), None,
    ),
    "Nghị định này có hiệu lực thi hành từ ngày 01 tháng 01 ngày 2027.": (date(2027, 1, 1), None),
    "Nghị định này có hiệu lực từ ngày 01 tháng 7 năm 2026 đến hết ngày 31 tháng 12 năm 2026.": (date(2026, 7, 1), date(2026, 12, 31)),
    "1. Nghị định này có hiệu lực từ ngày 01 tháng 7 năm 2026.\n2. Nghị định này hết hiệu lực kể từ ngày 01 tháng 3 năm 2027.": (
        date(2026, 7, 1), date(2027, 3, 1),
    ),
    "Nghị định này có hiệu lực kể từ ngày ký và được thực hiện đến hết ngày 31 tháng 12 năm 2028.": (ISSUED, date(2028, 12, 31)),
    "Kể từ ngày Nghị định này có hiệu lực, hồ sơ đã nộp từ ngày 01 tháng 02 năm 2026 được giải quyết tiếp.": (None, None),
    "Nghị định này có hiệu lực thi hành từ ngày 01 tháng 7 năm 2026 và thay thế Nghị định số 5/2020/NĐ-CP ngày 03 tháng 02 năm 2020.": (
        date(2026, 7, 1), None,
    ),
    "Nghị định này có hiệu lực thi hành kể từ ngày 31 tháng 02 năm 2026.": (None, None),
    "Nghị định này có hiệu lực thi hành từ năm ngân sách 2027.": (date(2027, 1, 1), None),
    "Chánh Văn phòng chịu trách nhiệm thi hành Nghị định này.": (None, None),
    "Nghị định này bắt đầu có hiệu lực từ ngày 01.9.2026.": (date(2026, 9, 1), None),
}  # fmt: skip

A, B, E, G = "sửa đổi, bổ sung", "thay thế", "bãi bỏ", "hướng dẫn"
# Articles of a decree; what it does to which document, and to which units of it.
RELATIONS = {
    "Điều 9. Hiệu lực thi hành\nNghị định này thay thế Nghị định số 59/2022/NĐ-CP.": [(B, "59/2022/NĐ-CP", ())],
    "Điều 9. Hiệu lực thi hành\nNghị định này có hiệu lực từ ngày ký và thay thế các Thông tư số 47/2016/TT-BTC, 85/2019/TT-BTC.": [
        (B, "47/2016/TT-BTC", ()), (B, "85/2019/TT-BTC", ()),
    ],
    "Điều 9. Hiệu lực thi hành\nNghị định số 05/1999/NĐ-CP hết hiệu lực kể từ ngày Nghị định này có hiệu lực thi hành.": [
        (B, "05/1999/NĐ-CP", ()),
    ],
    "Điều 9. Hiệu lực thi hành\n1. Luật Căn cước số 59/2014/QH13 đã được sửa đổi, bổ sung một số điều theo Luật số 68/2020/QH14 và Luật số 1/2021/QH15 "
    "hết hiệu lực kể từ ngày Nghị định này có hiệu lực, trừ khoản 2 Điều 5 của Luật số 9/2013/QH13.": [(B, "59/2014/QH13", ())],
    "Điều 9. Hiệu lực thi hành\nKể từ ngày Nghị định này có hiệu lực, Thông tư số 7/2016/TT-BCA và Thông tư số 41/2019/TT-BCA hết hiệu lực.": [
        (B, "7/2016/TT-BCA", ()), (B, "41/2019/TT-BCA", ()),
    ],
    "Điều 9. Bãi bỏ\nBãi bỏ khoản 2 Điều 5 Thông tư số 10/2020/TT-BCA.": [(E, "10/2020/TT-BCA", ("Điều 5, khoản 2",))],
    "Điều 9. Điều khoản thi hành\n2. Bãi bỏ Điều 3, điểm a và điểm b khoản 1 Điều 7 của Nghị định số 11/2020/NĐ-CP.": [
        (E, "11/2020/NĐ-CP", ("Điều 3", "Điều 7, khoản 1, điểm a", "Điều 7, khoản 1, điểm b")),
    ],
    "Điều 9. Điều khoản thi hành\nBãi bỏ các văn bản sau đây:\na) Quyết định số 5/2011/QĐ-TTg ngày 01 tháng 02 năm 2011;\n"
    "b) Điều 4 Quyết định số 6/2011/QĐ-TTg.": [(E, "5/2011/QĐ-TTg", ()), (E, "6/2011/QĐ-TTg", ("Điều 4",))],
    "Điều 9. Điều khoản thi hành\n2. Các văn bản sau đây hết hiệu lực kể từ ngày Nghị định này có hiệu lực:\na) Nghị định số 1/2001/NĐ-CP;\n"
    "b) Nghị định số 2/2002/NĐ-CP.": [(B, "1/2001/NĐ-CP", ()), (B, "2/2002/NĐ-CP", ())],
    "Điều 9. Hiệu lực\nQuy định tại khoản 3 Điều 4 Nghị định số 8/2019/NĐ-CP hết hiệu lực kể từ ngày 01 tháng 10 năm 2026.": [
        (E, "8/2019/NĐ-CP", ("Điều 4, khoản 3",)),
    ],
    "Điều 1. Sửa đổi, bổ sung một số điều của Nghị định số 62/2021/NĐ-CP\n1. Sửa đổi, bổ sung Điều 5 như sau:\n“Điều 5. Hồ sơ\n"
    "Nộp hồ sơ.”.\n2. Sửa đổi khoản 2 Điều 10 như sau:\n“2. Trong 3 ngày.”.\n3. Bổ sung Điều 5a vào sau Điều 5 như sau:\n“Điều 5a. Phí\nKhông thu.”.\n"
    "4. Thay thế cụm từ “sổ hộ khẩu” bằng cụm từ “dữ liệu cư trú” tại khoản 1 Điều 8.\n5. Bãi bỏ điểm c khoản 1 Điều 7.": [
        (A, "62/2021/NĐ-CP", ("Điều 5", "Điều 10, khoản 2", "Điều 5a", "Điều 8, khoản 1")), (E, "62/2021/NĐ-CP", ("Điều 7, khoản 1, điểm c",)),
    ],
    "Điều 1. Sửa đổi, bổ sung một số điều của Nghị định số 62/2021/NĐ-CP\n1. Sửa đổi, bổ sung một số khoản của Điều 4 như sau:\n"
    "a) Sửa đổi khoản 3 như sau:\n“3. Một.”;\nb) Bổ sung khoản 3a vào sau khoản 3 như sau:\n“3a. Hai.”;\nc) Bãi bỏ khoản 5.": [
        (A, "62/2021/NĐ-CP", ("Điều 4, khoản 3", "Điều 4, khoản 3a")), (E, "62/2021/NĐ-CP", ("Điều 4, khoản 5",)),
    ],
    "Điều 8. Sửa đổi các luật có liên quan\n1. Sửa đổi, bổ sung khoản 8 Điều 8 của Luật Giao thông số 23/2008/QH12 đã được sửa đổi, bổ sung theo "
    "Luật số 35/2018/QH14 như sau:\n“8. Không uống rượu.”.\n2. Bãi bỏ Điều 3 của Luật Thương mại số 36/2005/QH11.": [
        (A, "23/2008/QH12", ("Điều 8, khoản 8",)), (E, "36/2005/QH11", ("Điều 3",)),
    ],
    "Điều 1. Sửa đổi, bổ sung một số điều của Nghị định số 3/2020/NĐ-CP\n1. Điều 6 được sửa đổi, bổ sung như sau:\n“Điều 6. Thẻ\nMới.”": [
        (A, "3/2020/NĐ-CP", ("Điều 6",)),
    ],
    "Điều 1. Sửa đổi một số nội dung\nNghị định này sửa đổi một số quy định về lệ phí.": [],
    "Điều 2. Thẩm quyền\n1. Chính phủ bãi bỏ văn bản trái với Nghị định số 1/2020/NĐ-CP.\nĐiều 3. Một\nA.\nĐiều 4. Hai\nB.\nĐiều 5. Ba\nC.": [],
    "Điều 1. Phạm vi\nThẻ mới được dùng thay thế thẻ cấp theo Luật số 59/2014/QH13.\nĐiều 3. Một\nA.\nĐiều 4. Hai\nB.\nĐiều 5. Ba\nC.": [],
    "Điều 9. Hiệu lực\nNghị định này thay thế Quyết định số 31/CP và Nghị định số 58 /2012/ NĐ - CP.": [(B, "31/CP", ()), (B, "58/2012/NĐ-CP", ())],
}  # fmt: skip
