"""What a failed delivery means for a member: scores, days, proof."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists import bounces, unsubscribe
from mlcore.lists.bounces import BounceState, Effect, Failure, Judgement, Meant
from mlcore.lists.facts import SiteFacts
from mlcore.lists.model import DeliveryStatus, ListPolicy
from mlcore.mail import verp
from mlcore.mail.address import key_of
from mlcore.mail.report import Complaint, Finding

ANT = ListPolicy(list_id="ant.example.com", list_name="ant", mail_host="example.com", display_name="Ant")
KEY = bytes(range(32))
DAY = 86_400.0
NOON = 20_000 * DAY + DAY / 2
BART = "bart@example.org"
TOKEN = "0123456789abcdef" * 2 + "01234567"
FORGED = Failure()
PROVEN = Failure(proof=True)
REFUSED = Failure(proof=True, refused=True)
OF_PROBE = Failure(proof=True, answers_probe=True)


def finding(address: str, *, permanent: bool = True, policy: bool = False) -> Finding:
    return Finding(address=address, permanent=permanent, format="rfc3464", policy=policy)


def detail_of(sender: str) -> str:
    return sender.rpartition("@")[0].partition("+")[2]


def judge(
    score: int = 0,
    days_ago: float | None = None,
    failure: Failure = FORGED,
    *,
    probes: bool = False,
    arrived: int = 0,
    policy: ListPolicy = ANT,
    status: DeliveryStatus = DeliveryStatus.ENABLED,
    regular: bool = True,
    probing: bool = False,
) -> Judgement:
    last = None if days_ago is None else NOON - days_ago * DAY
    state = BounceState(score=score, last_bounce_at=last, status=status, regular=regular, probing=probing)
    return bounces.judge(state, failure, policy, NOON, verp_probes=probes, arrived=arrived)


# -- scores ------------------------------------------------------------------------------------------------


def test_the_first_failure_counts_one() -> None:
    assert judge() == Judgement(Effect.COUNTED, 1, failed=True, counted=True)


def test_each_day_counts_one_more() -> None:
    assert judge(3, 1) == Judgement(Effect.COUNTED, 4, failed=True, counted=True)
    assert judge(3, 0.6).effect is Effect.COUNTED, "yesterday evening is another day"


def test_a_day_counts_once() -> None:
    assert judge(3, 0.4) == Judgement(Effect.SAME_DAY, 3, failed=True)


@pytest.mark.row("attribute: bounce_info_stale_after")
def test_what_is_too_old_is_forgotten() -> None:
    assert judge(4, 7.1) == Judgement(Effect.STALE_RESTART, 1, failed=True, counted=True)
    assert judge(3, 7).effect is Effect.COUNTED
    day = msgspec.structs.replace(ANT, bounce_info_stale_after=86_400)
    assert judge(4, 1.1, policy=day).effect is Effect.STALE_RESTART


def test_policy_and_warnings_never_count() -> None:
    assert judge(3, 1, Failure(policy=True, proof=True)) == Judgement(Effect.POLICY, 3)
    assert judge(3, 1, Failure(permanent=False, proof=True)) == Judgement(Effect.TEMPORARY, 3)
    refused_probe = Failure(policy=True, proof=True, answers_probe=True)
    assert judge(5, 1, refused_probe, probing=True) == Judgement(Effect.POLICY, 5)


def test_what_still_comes_after_the_end_changes_nothing() -> None:
    assert judge(0, 1, PROVEN, status=DeliveryStatus.BY_BOUNCES) == Judgement(Effect.RESIDUAL, 0)


def test_posts_that_arrived_lower_the_score_by_one_for_each_quiet_day() -> None:
    assert judge(4, 3, arrived=9).score == 3  # two days in between
    assert judge(4, 3, arrived=1).score == 4
    assert judge(4, 3, arrived=0).score == 5
    assert judge(4, 3, arrived=-5).score == 5
    assert judge(1, 6, arrived=9).score == 1, "not below 0"
    assert judge(4, 1, arrived=9).score == 5, "no day in between"


def test_of_who_does_not_get_each_post_nobody_knows_what_arrived() -> None:
    assert judge(4, 3, arrived=9, regular=False).score == 5


@pytest.mark.parametrize("last", [None, 1.0])
def test_quiet_days_matter_for_scores_alone(last: float | None) -> None:
    assert bounces.quiet_days(BounceState(last_bounce_at=last), NOON) == 0
    assert bounces.quiet_days(BounceState(score=2), NOON) == 0


def test_a_clock_that_was_set_back_ends_nothing() -> None:
    assert judge(2, -3, arrived=9) == Judgement(Effect.COUNTED, 3, failed=True, counted=True)


# -- thresholds --------------------------------------------------------------------------------------------


@pytest.mark.row("attribute: bounce_score_threshold")
def test_proof_ends_delivery_at_the_threshold() -> None:
    assert judge(4, 1, PROVEN) == Judgement(Effect.DISABLED, 0, failed=True, counted=True)
    assert judge(3, 1, PROVEN).effect is Effect.COUNTED
    two = msgspec.structs.replace(ANT, bounce_score_threshold=2)
    assert judge(1, 1, PROVEN, policy=two).effect is Effect.DISABLED


def test_without_proof_a_probe_is_sent_at_the_threshold_and_the_score_stays() -> None:
    assert judge(4, 1) == Judgement(Effect.PROBE_SENT, 5, failed=True, counted=True)


def test_one_probe_at_a_time() -> None:
    assert judge(5, 1, probing=True) == Judgement(Effect.COUNTED, 6, failed=True, counted=True)


def test_verp_probes_ask_even_where_there_is_proof() -> None:
    assert judge(4, 1, PROVEN, probes=True).effect is Effect.PROBE_SENT
    assert judge(5, 1, PROVEN, probes=True, probing=True).effect is Effect.COUNTED


def test_proof_on_the_day_of_a_forged_report_is_enough() -> None:
    assert judge(5, 0.1, PROVEN, probing=True) == Judgement(Effect.DISABLED, 0, failed=True)


def test_the_failure_of_a_probe_ends_delivery_at_once() -> None:
    assert judge(0, None, OF_PROBE, probes=True, probing=True).effect is Effect.DISABLED
    assert judge(5, 0.1, OF_PROBE, probes=True, probing=True).effect is Effect.DISABLED


def test_a_refusal_by_the_next_hop_answers_a_probe_under_way() -> None:
    assert judge(5, 0.1, REFUSED, probes=True, probing=True).effect is Effect.DISABLED
    assert judge(1, 1, REFUSED, probes=True).effect is Effect.COUNTED


@given(st.lists(st.tuples(st.floats(0, 3 * DAY), st.booleans()), max_size=60))
def test_nobody_is_disabled_without_proof(steps: list[tuple[float, bool]]) -> None:
    state, now = BounceState(), NOON
    for wait, probes in steps:
        now += wait
        judged = bounces.judge(state, FORGED, ANT, now, verp_probes=probes)
        assert judged.effect is not Effect.DISABLED
        state = msgspec.structs.replace(
            state,
            score=judged.score,
            last_bounce_at=now,
            probing=state.probing or judged.effect is Effect.PROBE_SENT,
        )


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 3)), min_size=5, max_size=5))
def test_who_bounces_every_day_does_not_escape(days: list[tuple[int, int]]) -> None:
    """Whatever seems to have arrived, and however often he bounces on one day."""
    state, effects = BounceState(), []
    for number, (arrived, times) in enumerate(days):
        for time in range(times):
            now = NOON + number * DAY + time * 60
            judged = bounces.judge(state, PROVEN, ANT, now, verp_probes=False, arrived=arrived)
            effects.append(judged.effect)
            status = DeliveryStatus.BY_BOUNCES if judged.effect is Effect.DISABLED else state.status
            state = BounceState(
                score=judged.score,
                last_bounce_at=now if judged.failed else state.last_bounce_at,
                status=status,
            )
    assert effects.count(Effect.DISABLED) == 1
    assert state.status is DeliveryStatus.BY_BOUNCES


# -- whom it is about --------------------------------------------------------------------------------------


def test_a_valid_tag_is_proof() -> None:
    detail = detail_of(verp.tagged("ant", "example.com", BART, key=KEY, now=NOON))
    assert bounces.meant(detail, ANT, KEY, NOON) == Meant(BART, proof=True)
    assert bounces.meant(detail, ANT, KEY, NOON + 200 * DAY) == Meant(BART)
    bee = msgspec.structs.replace(ANT, list_name="bee")
    assert bounces.meant(detail, bee, KEY, NOON) == Meant(BART), "a tag is good for one list"


def test_an_untagged_address_is_a_claim() -> None:
    assert bounces.meant("bart=example.org", ANT, KEY, NOON) == Meant(BART)
    assert bounces.meant("bart=example.org=aaaaaaaa", ANT, KEY, NOON) == Meant(BART)


def test_a_token_may_be_that_of_a_probe() -> None:
    assert bounces.meant(TOKEN.upper(), ANT, KEY, NOON) == Meant(token=TOKEN)


@pytest.mark.parametrize("detail", ["", "garbage", "=", "a=b=c=", "\0=\r\n", "あ"])
def test_anything_else_names_nobody(detail: str) -> None:
    assert bounces.meant(detail, ANT, KEY, NOON) == Meant()


@given(st.text(max_size=80))
def test_no_detail_is_proof_by_chance_or_raises(detail: str) -> None:
    assert not bounces.meant(detail, ANT, KEY, NOON).proof


def test_of_one_mail_what_is_said_of_its_address_comes_first() -> None:
    known = [finding("x@example.net"), finding("Bart@Example.org", permanent=False)]
    assert bounces.about(known, BART) == known[1]
    twice = [finding(BART, policy=True), finding(BART)]
    assert bounces.about(twice, BART) == twice[1]


def test_of_one_mail_a_failure_behind_a_forward_counts() -> None:
    known = [
        finding("a@example.net", permanent=False),
        finding("b@example.net", policy=True),
        finding("not an address"),
    ]
    assert bounces.about(known, BART) == known[2]
    assert bounces.about(known[:2], BART) == known[1]
    assert bounces.about((), BART) is None


def test_each_address_counts_once_with_its_gravest_finding() -> None:
    known = [finding("A@example.net", permanent=False), finding("?"), finding("b@example.net")]
    worse = finding("a@EXAMPLE.net")
    found = bounces.by_address([*known, worse, finding("a@example.net", policy=True)])
    assert list(found.items()) == [("a@example.net", worse), ("b@example.net", known[2])]


# -- complaints --------------------------------------------------------------------------------------------


def complainer(complaint: Complaint, detail: str = "") -> str:
    return bounces.complainer(complaint, detail, ANT, KEY, NOON)


def test_a_complaint_is_proven_by_the_tag_of_the_address_it_came_to() -> None:
    detail = detail_of(verp.tagged("ant", "example.com", BART, key=KEY, now=NOON))
    assert complainer(Complaint(feedback_type="abuse", recipients=("x@example.net",)), detail) == BART


def test_a_complaint_is_proven_by_the_envelope_sender_of_the_copy() -> None:
    sender = verp.tagged("ant", "example.com", BART, key=KEY, now=NOON)
    assert complainer(Complaint(feedback_type="abuse", mail_from=sender)) == BART
    other_list = verp.tagged("bee", "example.com", BART, key=KEY, now=NOON)
    assert complainer(Complaint(feedback_type="abuse", mail_from=other_list)) == ""
    assert (
        complainer(Complaint(feedback_type="abuse", mail_from="ant-bounces+bart=example.org@example.com"))
        == ""
    )


def test_a_complaint_is_proven_by_the_token_to_unsubscribe() -> None:
    token = unsubscribe.token(KEY, ANT.list_id, key_of(BART), NOON)
    field = f"<mailto:ant-leave+{token}@example.com?subject=unsubscribe>"
    complaint = Complaint(
        feedback_type="abuse", recipients=("x@example.net", "Bart@example.org"), list_unsubscribe=field
    )
    assert complainer(complaint) == "Bart@example.org"
    assert complainer(msgspec.structs.replace(complaint, recipients=("x@example.net",))) == ""
    forged = msgspec.structs.replace(complaint, list_unsubscribe=field.replace(token, "a" * len(token)))
    assert complainer(forged) == ""


def test_who_complains_may_be_crossed_out_but_for_the_page_to_unsubscribe() -> None:
    token = unsubscribe.token(KEY, ANT.list_id, key_of("b&c@example.org"), NOON)
    site = SiteFacts(version="0", site_owner="root@example.com", one_click_url="https://example.com/u")
    field = unsubscribe.fields(ANT, site, "b&c@example.org", token).decode()
    known = Complaint(feedback_type="abuse", list_unsubscribe=" ".join(field.split()))
    assert complainer(known) == "b&c@example.org"
    hidden = msgspec.structs.replace(known, list_unsubscribe=f"<https://example.com/?address=%&t={token}>")
    assert complainer(hidden) == ""


def test_a_complaint_by_itself_proves_nothing() -> None:
    assert complainer(Complaint(feedback_type="abuse", recipients=(BART,))) == ""


@pytest.mark.parametrize(
    ("kind", "ends"), [("abuse", True), ("opt-out", True), ("virus", False), ("fraud", False), ("", False)]
)
def test_who_complains_of_a_virus_stays(kind: str, *, ends: bool) -> None:
    assert bounces.ends_membership(Complaint(feedback_type=kind)) is ends
