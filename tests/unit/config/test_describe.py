"""The example file says what the code does, and secrets are not shown."""

import re
from pathlib import Path

from mlcore.config.describe import effective, example
from mlcore.config.loader import parse

EXAMPLE_FILE = Path(__file__).parents[3] / "etc" / "mlcore.cfg"


def test_the_example_file_is_the_generated_one() -> None:
    """Mended with `make example`."""
    assert EXAMPLE_FILE.read_text("utf-8") == example()


def test_the_example_says_the_defaults() -> None:
    """Without its # every key of the example can be read, and changes nothing."""
    defaults = parse("", file="", cwd="/work")
    text = example().partition("# What `layout: fhs`")[0]

    uncommented = parse(re.sub(r"(?m)^#(\w+:)", r"\1", text), file="", cwd="/work")

    assert uncommented == defaults
    assert parse(text, file="", cwd="/work") == defaults


def test_the_example_describes_every_key() -> None:
    settings = parse("[archiver.prototype]\nenable: yes\n", file="", cwd="/")
    keys = {key for section in effective(settings).values() for key in section}

    assert keys == set(re.findall(r"(?m)^#(\w+):", example()))


def test_p27_a_secret_is_in_no_text_about_the_settings() -> None:
    settings = parse("[mta]\nsmtp_user: mlcore\nsmtp_pass: hunter2\n", file="", cwd="/")

    assert settings.mta.smtp_pass == "hunter2"
    assert "hunter2" not in repr(settings)
    shown = effective(settings)
    assert "hunter2" not in str(shown)
    assert shown["mta"]["smtp_user"] == "mlcore"


def test_p27_the_password_of_the_database_is_masked() -> None:
    settings = parse("[database]\nurl: postgresql://mlcore:hunter2@db/lists\n", file="", cwd="/")

    assert "hunter2" not in repr(settings)
    assert effective(settings)["database"]["url"] == "postgresql://mlcore:********@db/lists"


def test_what_is_in_force_reads_back() -> None:
    settings = parse("[mta]\nmax_message_size: 10M\nretry_base: 90s\n", file="", cwd="/work")

    text = "".join(
        f"[{section}]\n" + "".join(f"{key}: {value}\n" for key, value in keys.items())
        for section, keys in effective(settings).items()
    )

    assert parse(text, file="", cwd="/elsewhere") == settings
