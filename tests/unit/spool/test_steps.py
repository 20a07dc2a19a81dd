from mlcore.spool.steps import STEPS, nothing


def test_names_are_unique_and_the_hook_of_production_does_nothing() -> None:
    assert len(set(STEPS)) == len(STEPS)
    nothing(STEPS[0])
