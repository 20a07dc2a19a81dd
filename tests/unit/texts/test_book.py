"""Which text holds: that of the list, of the domain, of the site, of the program; in which language."""

import pytest

from mlcore.texts.book import Book, Leaves
from mlcore.texts.names import TEMPLATES
from mlcore.texts.uris import SITE, Address, Place, Record

ANT = Place("ant.example.com", "ant@example.com", "example.com")
BEE = Place("bee.example.com", "bee@example.com", "example.com")
WELCOME = "list:user:notice:welcome"
FOOTER = "list:member:regular:footer"
GENERIC = "list:member:generic:footer"


def leaves(*texts: str, name: str = WELCOME) -> Leaves:
    """Texts that begin with their language: `en …`."""
    return {(text.split()[0], f"{name}.txt"): text for text in texts}


PACKAGED = leaves("en packaged", "ja packaged")


def find(book: Book, name: str = WELCOME, *languages: str, place: Place = ANT) -> str:
    return book.find(
        name, list_id=place.list_id, mail_host=place.mail_host, languages=languages or ("ja", "en")
    )


def by_uri(book: Book, *languages: str) -> str:
    found = book.locate(WELCOME, list_id=ANT.list_id, mail_host=ANT.mail_host, languages=languages)
    return f"{found.source} {found.place}" if found else ""


@pytest.mark.row("template: *")
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_list_goes_before_domain_before_site_before_the_program(name: str, language: str) -> None:
    places = {
        "lists/ant.example.com": "of the list",
        "lists/ant@example.com": "of the list as its address",
        "domains/example.com": "of the domain",
        "site": "of the site",
    }
    files = {place: leaves(f"{language} {text}", name=name) for place, text in places.items()}
    packaged = leaves("en packaged", "ja packaged", name=name)
    for text in places.values():
        assert find(Book(packaged, files=files), name, language) == f"{language} {text}"
        files.pop(next(iter(files)))
    assert find(Book(packaged), name, language) == f"{language} packaged"


@pytest.mark.row("template: *")
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_the_same_under_uris(name: str, language: str) -> None:
    contexts = (ANT.list_id, "@example.com", SITE)
    records = [
        Record(name, context, f"https://h/{index}/$language") for index, context in enumerate(contexts)
    ]
    fetched = {Address(f"https://h/{index}/{language}", ""): f"text {index}" for index in range(3)}
    site = leaves(f"{language} of a file", name=name)
    for index in range(3):
        book = Book(leaves("en packaged", name=name), files={"site": site}, records=records, fetched=fetched)
        assert find(book, name, language) == f"text {index}"
        del fetched[Address(f"https://h/{index}/{language}", "")]
    book = Book(leaves("en packaged", name=name), files={"site": site}, records=records, fetched=fetched)
    assert find(book, name, language) == f"{language} of a file"


def test_a_language_that_is_nearer_goes_before_a_place_that_is_nearer() -> None:
    book = Book(PACKAGED, files={"lists/ant.example.com": leaves("en of the list")})
    assert find(book, WELCOME, "ja", "en") == "ja packaged"
    assert find(book, WELCOME, "fr") == "en of the list"


def test_a_text_for_a_domain_alone() -> None:
    book = Book(
        PACKAGED,
        files={"domains/example.com": leaves("ja of the domain"), "lists/": leaves("ja of nobody")},
        records=[Record(WELCOME, "", "https://h/x")],
    )
    assert find(book, place=Place("", "", "example.com")) == "ja of the domain"
    assert find(book, place=Place("", "", "")) == "ja packaged"


def test_the_address_of_a_list_may_be_told() -> None:
    book = Book({}, files={"lists/old@example.com": leaves("en of the old name")})
    assert not find(book)
    found = book.find(
        WELCOME,
        list_id=ANT.list_id,
        mail_host=ANT.mail_host,
        languages=(),
        posting_address="old@example.com",
    )
    assert found == "en of the old name"
    assert not book.find(WELCOME, list_id="ant", mail_host="example.com", languages=())


def test_a_text_that_could_not_be_fetched_is_not_an_empty_one() -> None:
    """The incumbent mails an empty text where the server says 404."""
    records = [Record(WELCOME, ANT.list_id, "https://h/gone"), Record(WELCOME, SITE, "https://h/there")]
    book = Book(PACKAGED, records=records, fetched={Address("https://h/there", ""): "there"})
    assert find(book) == "there"
    assert find(Book(PACKAGED, records=records)) == "ja packaged"


def test_an_empty_text_of_somebody_is_a_text() -> None:
    """An empty footer is none, and that is wanted."""
    book = Book(PACKAGED, files={"site": {("ja", f"{WELCOME}.txt"): ""}})
    assert find(book) == ""
    empty = Book(
        PACKAGED, records=[Record(WELCOME, SITE, "https://h/")], fetched={Address("https://h/", ""): ""}
    )
    assert find(empty) == ""


def test_what_is_fetched_as_one_user_is_not_what_another_one_gets() -> None:
    record = Record(WELCOME, SITE, "https://h/", "anne", "secret")
    fetched = {Address("https://h/", ""): "public", Address("https://h/", "anne"): "anne's"}
    assert find(Book(PACKAGED, records=[record], fetched=fetched)) == "anne's"


def test_a_footer_without_a_text_is_the_generic_one() -> None:
    generic = {("en", f"{GENERIC}.txt"): "generic", ("ja", f"{GENERIC}.txt"): "共通"}
    assert find(Book(generic), FOOTER) == "共通"
    assert find(Book(generic), "list:member:digest:footer", "fr") == "generic"
    own = Book(generic, files={"site": {("en", f"{FOOTER}.txt"): "own"}})
    assert find(own, FOOTER) == "own"
    assert find(own, "list:member:digest:footer") == "共通"


def test_a_name_without_a_text() -> None:
    assert find(Book(PACKAGED), "list:user:notice:hold") == ""
    assert Book(PACKAGED).locate("x", list_id="", mail_host="", languages=("en",)) is None


def test_a_language_under_another_code() -> None:
    """The incumbent never finds its Chinese texts: their directories are called otherwise."""
    book = Book({("zh_Hant", f"{WELCOME}.txt"): "歡迎", **PACKAGED})
    assert find(book, WELCOME, "zh_TW") == "歡迎"
    assert find(book, WELCOME, "zh_CN") == "en packaged"


MINE = {
    "lists/ant.example.com": {("ja", "my.txt"): "ja ant", ("en", "my.txt"): "en ant"},
    "lists/bee.example.com": {("ja", "my.txt"): "ja bee", ("en", "my.txt"): "en bee"},
}


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("mailman:///my.txt", "ja ant"),
        ("mailman:///en/my.txt", "en ant"),
        ("mailman:///bee.example.com/my.txt", "ja bee"),
        ("mailman:///Bee@example.com/my.txt", "ja bee"),
        ("mailman:///bee@example.com/en/my.txt", "en bee"),
        ("mailman:///$list_id/$language/my.txt", "ja ant"),
        ("mailman:///fox@example.com/my.txt", "ja packaged"),
        ("mailman:///yours.txt", "ja packaged"),
        (f"mailman:///en/{WELCOME}.txt", "en packaged"),
    ],
)
def test_texts_of_this_site_under_a_uri(uri: str, expected: str) -> None:
    book = Book(PACKAGED, files=MINE, records=[Record(WELCOME, SITE, uri)], lists=[ANT, BEE])
    assert find(book) == expected


def test_where_a_text_is_from() -> None:
    records = [Record(WELCOME, ANT.list_id, "https://h/$list_id")]
    fetched = {Address("https://h/ant.example.com", ""): "text"}
    files = {"site": leaves("ja of the site")}
    assert by_uri(Book(PACKAGED, files=files, records=records, fetched=fetched), "ja") == (
        "uri https://h/ant.example.com"
    )
    assert by_uri(Book(PACKAGED, files=files, records=records), "ja") == f"file site/ja/{WELCOME}.txt"
    assert by_uri(Book(PACKAGED), "ja") == f"packaged ja/{WELCOME}.txt"


def test_without_a_language_a_uri_is_asked_for_in_english() -> None:
    record = Record(WELCOME, SITE, "https://h/$language")
    book = Book({}, records=[record], fetched={Address("https://h/en", ""): "english"})
    assert book.find(WELCOME, list_id="", mail_host="", languages=()) == "english"


def test_the_texts_of_the_program_in_all_languages() -> None:
    assert sorted(Book(PACKAGED, files={"site": leaves("en x")}).packaged(WELCOME)) == [
        "en packaged",
        "ja packaged",
    ]


def test_a_book_of_the_site_keeps_the_texts_of_the_program() -> None:
    book = Book(PACKAGED).of_site(files={}, records=[], fetched={}, lists=[])
    assert find(book) == "ja packaged"
