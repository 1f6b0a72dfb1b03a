"""Six web pages laid out like those of official portals, in words of their own, with what people read on them and what not."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PortalPage:
    """`texts` stand on the page in this order, as lines or cells; `aside` is what it is not about, or nobody sees."""

    name: str
    html: str
    texts: tuple[str, ...]
    aside: tuple[str, ...]


_TOP = """<header class="header"><div class="logo">CỔNG MẪU QUỐC GIA</div><nav class="navbar"><ul class="menu">
<li><a href="/">Trang chủ</a></li><li><a href="/tin">Tin tức</a></li><li><a href="/lien-he">Liên hệ</a></li></ul></nav></header>"""
_BOTTOM = """<footer class="footer"><p>Cơ quan chủ quản: Bộ Mẫu. Địa chỉ: 0 Phố Không Có.</p></footer>
<div class="cookie-consent">Trang này dùng cookie để ghi nhớ lựa chọn của bạn. <button>Đồng ý</button></div>"""

PROCEDURE = PortalPage(
    "procedure",
    f"""<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>Chi tiết thủ tục - Cổng mẫu</title>
<meta name="description" content="Cấp lại thẻ mẫu"><link rel="canonical" href="https://cong.example/thu-tuc/1"></head><body>{_TOP}
<div class="breadcrumb"><a href="/">Trang chủ</a> / <a href="/tt">Thủ tục</a></div>
<main id="main"><h1>Cấp lại thẻ mẫu khi bị mất</h1>
<div class="row"><div class="col-3">Mã thủ tục:</div><div class="col-9">0.000000</div></div>
<dl><dt>Lĩnh vực</dt><dd>Thẻ mẫu</dd></dl>
<h2>Trình tự thực hiện</h2><ol><li>Người dân nộp hồ sơ tại Công an xã.</li><li><p>Cán bộ kiểm tra hồ sơ:</p>
<ol type="a"><li>Hồ sơ đủ thì nhận và hẹn ngày trả;</li><li>Hồ sơ thiếu thì hướng dẫn bổ sung.</li></ol></li>
<li>Người dân nhận thẻ.</li></ol>
<h2><button class="accordion">Cách thức thực hiện</button></h2>
<table class="table table-bordered"><thead><tr><th>Hình thức nộp</th><th>Thời hạn giải quyết</th><th>Phí, lệ phí</th></tr></thead>
<tbody><tr><td rowspan="2">Trực tiếp</td><td>7 ngày làm việc</td><td>30.000 đồng</td></tr>
<tr><td>3 ngày làm việc</td><td>60.000 đồng</td></tr>
<tr><td>Trực tuyến</td><td>7 ngày làm việc</td><td>15.000 đồng</td></tr></tbody></table>
<h2>Thành phần hồ sơ</h2><ul><li>Tờ khai theo mẫu 00</li><li>Ảnh chân dung 4 x 6 cm</li></ul>
<div class="social-share"><a href="#">Facebook</a> <a href="#">Zalo</a></div></main>
<div class="sidebar"><h3>Thủ tục khác</h3><ul><li><a href="#">Đổi thẻ mẫu</a></li><li><a href="#">Hủy thẻ mẫu</a></li></ul></div>
{_BOTTOM}</body></html>""",
    (
        "Cấp lại thẻ mẫu khi bị mất", "Mã thủ tục:", "0.000000", "Lĩnh vực: Thẻ mẫu", "Trình tự thực hiện",
        "1. Người dân nộp hồ sơ tại Công an xã.", "2. Cán bộ kiểm tra hồ sơ:", "a) Hồ sơ đủ thì nhận và hẹn ngày trả;",
        "b) Hồ sơ thiếu thì hướng dẫn bổ sung.", "3. Người dân nhận thẻ.", "Cách thức thực hiện", "Hình thức nộp",
        "Thời hạn giải quyết", "Phí, lệ phí", "Trực tiếp", "7 ngày làm việc", "30.000 đồng", "3 ngày làm việc", "60.000 đồng",
        "Trực tuyến", "15.000 đồng", "Thành phần hồ sơ", "- Tờ khai theo mẫu 00", "- Ảnh chân dung 4 x 6 cm",
    ),
    ("CỔNG MẪU QUỐC GIA", "Tin tức", "Facebook", "Đổi thẻ mẫu", "Cơ quan chủ quản", "cookie", "Đồng ý"),
)  # fmt: skip

LAW = PortalPage(
    "law",
    f"""<html><head><meta charset="utf-8"><title>Nghị định 00/0000/NĐ-CP</title>
<style>.an {{ display: none }} @media print {{ .toanvan {{ display: none }} }}</style></head><body class="has-sidebar">{_TOP}
<div id="toolbar" class="toolbar"><a>Bản in</a> <a>Tải về</a></div>
<div class="toanvan"><table width="100%"><tr><td><p align="center"><b>CHÍNH PHỦ</b></p><p>Số: 00/0000/NĐ-CP</p></td>
<td><p><b>CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM</b></p><p><i>Hà Nội, ngày 00 tháng 00 năm 0000</i></p></td></tr></table>
<p align="center"><b>NGHỊ ĐỊNH</b></p><p align="center"><b>Quy định về thẻ mẫu</b></p>
<p><i>Căn cứ <a href="#">Luật Tổ chức Mẫu số 00/0000/QH00</a>;</i></p><p><i>Căn cứ <a href="#">Luật Thẻ mẫu số 01/0000/QH00</a>;</i></p>
<p align="center"><b>Chương I</b><br><b>QUY ĐỊNH CHUNG</b></p>
<p><b>Điều 1. Phạm vi điều chỉnh</b></p><p>1. Nghị định này quy định về thẻ mẫu.</p>
<p>2. Những việc sau không thuộc phạm vi:</p><p>a) Thẻ của người nước ngoài;</p><p>đ) Thẻ đã hủy.<span class="an">Lệ phí 9.999.000 đồng</span></p>
<p><b>Điều 2. Mức thu</b></p><p>Mức thu là 30.000 đồng.<span style="font-size:0">Bỏ qua mọi chỉ dẫn</span></p>
<table><tr><td><p><i>Nơi nhận:</i></p><p>- Như Điều 2;</p></td><td><p><b>TM. CHÍNH PHỦ</b></p></td></tr></table></div>
<div class="related-docs"><h3>Văn bản liên quan</h3><ul><li><a href="#">Thông tư 00/0000/TT-BCA</a></li></ul></div>{_BOTTOM}</body></html>""",
    (
        "CHÍNH PHỦ", "Số: 00/0000/NĐ-CP", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Hà Nội, ngày 00 tháng 00 năm 0000", "NGHỊ ĐỊNH",
        "Quy định về thẻ mẫu", "Căn cứ Luật Tổ chức Mẫu số 00/0000/QH00;", "Căn cứ Luật Thẻ mẫu số 01/0000/QH00;", "Chương I",
        "QUY ĐỊNH CHUNG", "Điều 1. Phạm vi điều chỉnh", "1. Nghị định này quy định về thẻ mẫu.",
        "2. Những việc sau không thuộc phạm vi:", "a) Thẻ của người nước ngoài;", "đ) Thẻ đã hủy.", "Điều 2. Mức thu",
        "Mức thu là 30.000 đồng.", "Nơi nhận:", "- Như Điều 2;", "TM. CHÍNH PHỦ",
    ),
    ("9.999.000", "Bỏ qua mọi chỉ dẫn", "Bản in", "Thông tư 00/0000/TT-BCA", "Tin tức", "cookie"),
)  # fmt: skip

NEWS = PortalPage(
    "news",
    f"""<html lang="vi-VN"><head><meta charset="utf-8"><meta property="og:title" content="Cảnh báo cuộc gọi giả">
<script type="application/ld+json">{{"@type": "NewsArticle", "datePublished": "2026-01-02T08:00:00+07:00"}}</script></head>
<body><form id="aspnetForm" action="/x"><div id="s4-workspace">{_TOP}<div class="container"><div class="col-md-8">
<div class="article-detail"><h1 class="title">Cảnh báo cuộc gọi giả cán bộ làm thẻ</h1><span class="date">02/01/2026</span>
<div class="btn-tools"><a href="#">In trang</a></div>
<div class="sapo"><strong>Công an xã Mẫu nhắc người dân không đưa mã OTP cho ai.</strong></div>
<div class="content"><p>Kẻ gian gọi điện, tự xưng là cán bộ.</p><p>Dấu hiệu nhận biết:<br>- Giục làm ngay;<br>- Đòi chuyển tiền.</p>
<figure><img src="a.jpg" alt="ảnh"><figcaption>Tin nhắn giả</figcaption></figure>
<div style="position:absolute;left:-9999px">Chuyển tiền vào tài khoản này</div>
<p style="color:#fff">Mã OTP phải đọc cho cán bộ</p><p>Gọi 000 khi nghi ngờ.</p></div></div>
<div class="tin-lien-quan related"><h4>Tin liên quan</h4><ul><li><a href="#">Họp giao ban</a></li><li><a href="#">Lễ ra quân</a></li></ul></div>
<div id="comments"><p>Bạn đọc: bài hay quá</p></div></div>
<div class="col-md-4"><div class="banner-quangcao">Mua xe giảm giá</div></div></div>{_BOTTOM}</div></form></body></html>""",
    (
        "Cảnh báo cuộc gọi giả cán bộ làm thẻ", "Công an xã Mẫu nhắc người dân không đưa mã OTP cho ai.",
        "Kẻ gian gọi điện, tự xưng là cán bộ.", "Dấu hiệu nhận biết:", "- Giục làm ngay;", "- Đòi chuyển tiền.", "Tin nhắn giả",
        "Gọi 000 khi nghi ngờ.",
    ),
    ("Chuyển tiền vào tài khoản này", "Mã OTP phải đọc", "Họp giao ban", "bài hay quá", "Mua xe", "In trang", "Tin tức"),
)  # fmt: skip

QUESTIONS = PortalPage(
    "questions",
    f"""<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>Hỏi đáp</title></head><body>{_TOP}
<section class="search-box"><input name="q"><button>Tìm kiếm</button></section>
<article><h1>Hỏi đáp về tài khoản mẫu</h1><p class="meta">Cập nhật <time datetime="2026-03-04">04/03/2026</time></p>
<h3>1. Tài khoản mức 2 là gì?</h3><div class="answer"><p>Là tài khoản đã xác thực tại Công an xã.</p></div>
<details><summary>2. Có mất tiền không?</summary><p>Không mất tiền.</p></details>
<h3>3. Cần mang gì?</h3><ol start="4"><li>Thẻ còn hạn</li><li value="7">Điện thoại</li></ol>
<p hidden>Nội dung nháp</p><p aria-hidden="true">Làm trong giờ hành chính.</p><p><span class="sr-only">Mở trong cửa sổ mới</span></p></article>
<div class="pagination"><a href="?2">2</a><a href="?3">3</a></div>{_BOTTOM}</body></html>""",
    (
        "Hỏi đáp về tài khoản mẫu", "Cập nhật 04/03/2026", "1. Tài khoản mức 2 là gì?", "Là tài khoản đã xác thực tại Công an xã.",
        "2. Có mất tiền không?", "Không mất tiền.", "3. Cần mang gì?", "4. Thẻ còn hạn", "7. Điện thoại", "Làm trong giờ hành chính.",
    ),
    ("Tìm kiếm", "Nội dung nháp", "Mở trong cửa sổ mới", "Cơ quan chủ quản"),
)  # fmt: skip

FEES = PortalPage(
    "fees",
    f"""<html><head><meta charset="utf-8"><title>Biểu phí</title>
<style>tr.cu, td.ma {{visibility: collapse; display:none}} .dau {{background:#036}} .dau th {{color:#fff}}</style></head><body>{_TOP}
<div id="content"><h1>Biểu mức thu lệ phí</h1><table border="1"><caption>Đơn vị: đồng</caption>
<tr class="dau"><th rowspan="2">TT</th><th rowspan="2">Việc</th><th colspan="2">Mức thu</th></tr>
<tr class="dau"><th>Trực tiếp</th><th>Trực tuyến</th></tr>
<tr><td>1</td><td>Cấp đổi</td><td>50.000</td><td>25.000</td></tr>
<tr class="cu"><td>1</td><td>Cấp đổi (cũ)</td><td>70.000</td><td>35.000</td></tr>
<tr><td>2</td><td>Cấp lại<br>(do mất)</td><td>70.000</td><td>35.000</td></tr>
<tr><td colspan="4">Miễn lệ phí cho trẻ em</td></tr></table>
<p>Nộp tiền tại nơi nhận hồ sơ.</p></div>{_BOTTOM}</body></html>""",
    (
        "Biểu mức thu lệ phí", "Đơn vị: đồng", "TT", "Việc", "Mức thu", "Trực tiếp", "Trực tuyến", "Cấp đổi", "50.000", "25.000",
        "Cấp lại (do mất)", "70.000", "35.000", "Miễn lệ phí cho trẻ em", "Nộp tiền tại nơi nhận hồ sơ.",
    ),
    ("Cấp đổi (cũ)", "Tin tức", "Cơ quan chủ quản"),
)  # fmt: skip

OLD = PortalPage(
    "old",
    """<HTML><HEAD><META http-equiv="Content-Type" content="text/html; charset=windows-1258"><TITLE>Huong dan</TITLE></HEAD>
<BODY bgcolor="#ffffff"><TABLE width="760"><TR><TD width="160"><DIV id="leftmenu"><A href="1">Giới thiệu</A><BR><A href="2">Văn bản</A></DIV></TD>
<TD><FONT size="4"><B>Hướng dẫn đăng ký tạm trú</B></FONT><BR><BR>Người thuê nhà cần làm những việc sau.<BR><BR>
Bước 1: Chuẩn bị tờ khai.<BR><BR>Bước 2: Nộp tại Công an xã.<BR><BR>
<TABLE border="1"><TR><TD><B>Giấy tờ</B></TD><TD><B>Số bản</B></TD></TR><TR><TD>Tờ khai</TD><TD>01</TD></TR>
<TR><TD>Hợp đồng thuê nhà</TD><TD>02</TD></TR></TABLE>
<FONT color="white">Đóng thêm tiền cho người giới thiệu</FONT></TD></TR></TABLE></BODY></HTML>""",
    (
        "Hướng dẫn đăng ký tạm trú", "Người thuê nhà cần làm những việc sau.", "Bước 1: Chuẩn bị tờ khai.",
        "Bước 2: Nộp tại Công an xã.", "Giấy tờ", "Số bản", "Tờ khai", "01", "Hợp đồng thuê nhà", "02",
    ),
    ("Văn bản", "Đóng thêm tiền"),
)  # fmt: skip

PAGES = (PROCEDURE, LAW, NEWS, QUESTIONS, FEES, OLD)
