"""QR codes of addresses, as inline SVG for pages and as modules for whoever draws them. Reads nothing."""

import segno
from markupsafe import Markup, escape

QUIET_MODULES = 4  # the white edge that the QR standard asks for


def qr_code(url: str) -> segno.QRCode:
    """Return the code, readable with 15 % of it spoilt. Raises ValueError (segno's) for an address of over 2,331 bytes."""
    return segno.make(url, error="m", micro=False)


def qr_svg(url: str) -> Markup:
    """Return a QR code as inline SVG that fills its box: black on a white edge in any colour scheme, named in Vietnamese."""
    label = escape(f"Mã QR mở trang {url}")
    svg = qr_code(url).svg_inline(border=QUIET_MODULES, dark="#000", light="#fff", omitsize=True, svgclass="qr")
    return Markup(f'<svg role="img" aria-label="{label}"{svg.removeprefix("<svg")}')
