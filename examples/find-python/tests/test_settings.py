import ssl

import pytest

from ums_find.settings import Settings, Wrong

URL = "mysql://ums:s3cret@tcp(db:3306)/ums"


def test_defaults():
    settings = Settings.load({"DATABASE_URL": URL})
    assert (settings.host, settings.port, settings.shutdown_delay, settings.shutdown_timeout) == ("", 8080, 0, 20)
    database = settings.database
    assert (database.user, database.password, database.host, database.port, database.name) == ("ums", "s3cret", "db", 3306, "ums")
    assert database.tls is None
    assert "s3cret" not in repr(settings)


def test_what_is_set(tmp_path):
    file = tmp_path / "database_url"
    file.write_text("mysql://u%40x:p%3A%2F@tcp([::1]:3307)/d?tls=true&x-lock=1\n")
    settings = Settings.load(
        {"DATABASE_URL_FILE": str(file), "ADDR": "[::1]:0", "SHUTDOWN_DELAY": "1m30s", "SHUTDOWN_TIMEOUT": "500ms"}
    )
    assert (settings.host, settings.port, settings.shutdown_delay, settings.shutdown_timeout) == ("::1", 0, 90, 0.5)
    database = settings.database
    assert (database.user, database.password, database.host, database.port) == ("u@x", "p:/", "::1", 3307)
    assert database.tls.verify_mode == ssl.CERT_REQUIRED


def test_the_password_has_a_variable_of_its_own():
    assert Settings.load({"DATABASE_URL": URL, "DATABASE_PASSWORD": "other"}).database.password == "other"


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("500ms", 0.5), ("1.5s", 1.5), ("1m30s", 90), ("1h", 3600)])
def test_durations(text, seconds):
    assert Settings.load({"DATABASE_URL": URL, "SHUTDOWN_DELAY": text}).shutdown_delay == seconds


def test_a_variable_and_its_file():
    with pytest.raises(Wrong, match="DATABASE_URL and DATABASE_URL_FILE are both set"):
        Settings.load({"DATABASE_URL": URL, "DATABASE_URL_FILE": "/no/such/file"})
    with pytest.raises(Wrong, match="DATABASE_URL_FILE"):
        Settings.load({"DATABASE_URL_FILE": "/no/such/file"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "sqlite://s3cret/ums.db"),
        ("DATABASE_URL", URL + "?tls=skip-verify"),
        ("DATABASE_URL_FILE", "/no/such/file"),
        ("DATABASE_MAX_CONNECTIONS", "0"),
        ("ADDR", "8080"),
        ("SHUTDOWN_DELAY", "15"),
        ("SHUTDOWN_DELAY", "1.s"),
    ],
)
def test_what_is_wrong_is_named(name, value):
    with pytest.raises(Wrong) as wrong:
        Settings.load({"DATABASE_URL": URL} | {name: value})
    assert name.removesuffix("_FILE") in str(wrong.value)
    assert "s3cret" not in str(wrong.value)
