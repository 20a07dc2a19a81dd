"""Paths, sockets and databases as they are written."""

import pytest

from mlcore.config import places
from mlcore.config.values import Kind


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/srv/mlcore", "/srv/mlcore"),
        ("/srv//mlcore/", "/srv/mlcore"),
        ("//srv/./a/../mlcore", "/srv/mlcore"),
        ("/srv/etc/mlcore.cfg/../..", "/srv"),
    ],
)
def test_paths_are_made_plain(text: str, path: str) -> None:
    assert places.path().parse(text) == path


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("", None),
        ("127.0.0.1:8025", ("127.0.0.1", 8025)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:8025", ("::1", 8025)),
        ("/run/mlcore/map", "/run/mlcore/map"),
    ],
)
def test_endpoints(text: str, endpoint: object) -> None:
    assert places.optional_endpoint().parse(text) == text
    assert places.endpoint(text) == endpoint


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////srv/mlcore/data/mlcore.db",
        "postgresql://mlcore@db/mlcore",
        "postgresql+psycopg://mlcore:p%40ss@db.example:5433/mlcore?sslmode=require",
        "postgresql://?service=mlcore",
        "postgresql:///?service=mlcore",
        "postgresql:///mlcore?host=/run/postgresql&user=a@b",
        "postgresql://mlcore@one:5432,two:5433/mlcore?target_session_attrs=read-write",
        "postgresql://mlcore@[::1]:5432/mlcore",
        "postgresql://%2Frun%2Fpostgresql/mlcore",
        "postgres://mlcore@db/mlcore",
    ],
)
def test_databases(url: str) -> None:
    assert places.database_url().parse(url) == url


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (places.path(), ""),
        (places.path(), "var"),
        (places.path(), "/a\n/b"),
        (places.path(), "/srv/.."),
        (places.optional_socket(), "run/lmtp.sock"),
        (places.optional_socket(), "/run/" + "ä" * 52),
        (places.program(), ""),
        (places.program(), "postmap"),
        (places.program(), "/usr/sbin/"),
        (places.program(), "/usr/sbin/postmap -v"),
        (places.optional_endpoint(), "8025"),
        (places.optional_endpoint(), "::1:8025"),
        (places.optional_endpoint(), "unix:/run/map"),
        (places.optional_endpoint(), "localhost:65536"),
        (places.database_url(), ""),
        (places.database_url(), "sqlite://"),
        (places.database_url(), "sqlite:///mlcore.db"),
        (places.database_url(), "sqlite:////srv/data/"),
        (places.database_url(), "mysql://db/mlcore"),
        (places.database_url(), "postgresql://db"),
        (places.database_url(), "postgresql://db/?service="),
        (places.database_url(), "postgresql://[::1/mlcore"),
        (places.database_url(), "postgresql://db:port/mlcore"),
    ],
)
def test_places_that_are_refused(kind: Kind, text: str) -> None:
    with pytest.raises(ValueError, match=r"this|host or port"):
        kind.parse(text)


@pytest.mark.parametrize(
    "password", ["hunter2/", "hunter2?", "hunter2#", "hunter2@", "hunter2:@", "[hunter2"]
)
def test_a_password_that_is_not_encoded_is_refused_and_not_quoted(password: str) -> None:
    with pytest.raises(ValueError, match=r"^(a / \? #|host or port|this)") as caught:
        places.database_url().parse(f"postgresql://mlcore:{password}@db/mlcore")

    assert "hunter" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:////srv/mlcore.db", "sqlite:////srv/mlcore.db"),
        ("postgresql://mlcore@db/mlcore", "postgresql://mlcore@db/mlcore"),
        ("postgresql://mlcore:hunter2@db:5432/mlcore", "postgresql://mlcore:********@db:5432/mlcore"),
        ("postgresql://:hunter2@/mlcore", "postgresql://:********@/mlcore"),
        (
            "postgresql:///mlcore?host=/run&PassWord=hunter2&user=a@b",
            "postgresql:///mlcore?host=/run&PassWord=********&user=a@b",
        ),
        ("postgresql:///mlcore?pass%77ord=hunter2", "postgresql:///mlcore?pass%77ord=********"),
    ],
)
def test_p27_the_password_in_a_url_is_masked(url: str, shown: str) -> None:
    assert places.database_url().parse(url) == url
    assert places.mask_url(url) == shown
