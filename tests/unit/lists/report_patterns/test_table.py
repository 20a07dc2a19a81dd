"""All formats: each is tried, each is told apart in the corpus."""

from mlcore.lists.report_patterns import japanese, mailers, providers, table
from support.reports import corpus


def test_names_are_unique() -> None:
    names = [form.name for form in (*providers.SHAPES, *mailers.SHAPES, *japanese.SHAPES, *mailers.GENERIC)]
    assert len(names) == len(set(names))
    assert len(table.PATTERNS) == len(names) + 2


def test_each_format_has_a_report_in_the_corpus() -> None:
    names = {form.name for form in (*providers.SHAPES, *mailers.SHAPES, *japanese.SHAPES, *mailers.GENERIC)}
    assert names <= {report.format for report in corpus()}
