"""QR codes as an authenticator app scans them."""

from typing import Final

import segno

from services.auth.use_cases.enrol_totp import QrCode

PIXELS_PER_MODULE: Final = 4


def draw_qr_code(text: str) -> QrCode:
    """About 10 ms of one core. Medium error correction: a smudge or a reflection does no harm."""
    code = segno.make_qr(text, error="m")
    return QrCode(
        svg=code.svg_inline(scale=PIXELS_PER_MODULE, svgns=True), png=code.png_data_uri(scale=PIXELS_PER_MODULE)
    )
