"""`python -m services.otp serve`."""

from functools import partial

from services.otp.app import build
from services.otp.settings import OtpSettings
from shared.service_main import serve_command, service_main
from shared.settings import read

if __name__ == "__main__":
    service_main(
        "otp", {"serve": lambda _: serve_command("otp", read(OtpSettings), partial(build, reread=OtpSettings))}
    )
