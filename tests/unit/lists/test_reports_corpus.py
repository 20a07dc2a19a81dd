"""Every report of the corpus is recognised: whose mail failed, whether for good, why, by whose fault."""

import pytest

from mlcore.lists.reports import recognise
from support.reports import Report, corpus, names_of_files

REPORTS = corpus()


@pytest.mark.parametrize("report", REPORTS, ids=[report.name for report in REPORTS])
def test_a_report_is_recognised(report: Report) -> None:
    found = recognise(report.octets)
    assert [(each.address, each.permanent, each.code, each.policy) for each in found.findings] == list(
        report.findings
    )
    assert found.kind == report.kind
    assert {each.format for each in found.findings} == ({report.format} - {""} if report.findings else set())
    assert found.message_id.startswith("<report.")
    assert all(each.diagnostic.isprintable() and len(each.diagnostic) <= 500 for each in found.findings)
    if report.complaint is None:
        assert found.complaint is None
    else:
        assert found.complaint is not None
        expected = dict(report.complaint) | {"recipients": tuple(report.complaint.get("recipients", ()))}
        assert {name: getattr(found.complaint, name) for name in expected} == expected


@pytest.mark.parametrize("report", REPORTS, ids=[report.name for report in REPORTS])
def test_what_is_enclosed_counts_for_nobody(report: Report) -> None:
    assert "bystander@example.net" not in {each.address for each in recognise(report.octets).findings}


def test_each_file_stands_in_the_index() -> None:
    assert names_of_files() == {report.name for report in REPORTS}


def test_the_corpus_is_as_wide_as_it_is_said_to_be() -> None:
    formats = {report.format for report in REPORTS} - {"", "rfc3464"}
    shapes = [report for report in REPORTS if report.format in {"", "rfc3464"}]
    assert len(REPORTS) >= 60
    assert len(formats) >= 35
    assert len(formats) + len(shapes) >= 45
