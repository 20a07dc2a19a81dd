"""What follows from reports and refusals: on a real database, through whole days of mail."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, func, select

from mlcore.actions import bounce_history, bounces, lists, members
from mlcore.actions.bounces import Done, Mail, Office
from mlcore.lists import tokens
from mlcore.lists.model import DeliveryStatus, Role, UnrecognizedBounces
from mlcore.mail import verp
from mlcore.mail.report import Complaint, Finding, Recognised
from mlcore.store import bounces as store
from mlcore.store import failures, memberships, notices, numbers
from mlcore.store import lists as list_rows
from mlcore.store.bounces import BounceEvent
from mlcore.store.failures import DeliveryFailure
from mlcore.store.schema import bounce_events, bounce_reports, probes
from support.site import SiteInDirectory

KEY = bytes(range(32))
OFFICE = Office(KEY)
PROBING = Office(KEY, verp_probes=True)
DAY = 86_400.0
NOON = 20_000 * DAY + DAY / 2
ANNE, BART, EVE = "anne@example.org", "bart@example.org", "eve@example.net"
REPORT = b"Subject: returned\r\n\r\nno such user\r\n"


class Desk:
    """A list, and reports to it."""

    def __init__(self, connection: Connection) -> None:
        self.conn = connection
        self.number = 0
        self.policy = lists.create(connection, "ant@example.com", owners=["olga@example.org"], now=1.0)
        (lines,) = members.read([f"Anne <{ANNE}>", BART])
        members.add(connection, self.policy, lines.people, welcome=False, notify=False, now=1.0)

    def change(self, **more: Any) -> None:
        self.policy = msgspec.structs.replace(self.policy, **more)
        list_rows.change(self.conn, self.policy)

    def came(
        self,
        recognised: Recognised,
        detail: str = "",
        day: float = 0.0,
        office: Office = OFFICE,
        cause: str = "",
    ) -> Done:
        """A mail to -bounces on this day."""
        self.number += 1
        mail = Mail(cause or f"r{self.number}", detail, REPORT, recognised)
        return bounces.carry_out(self.conn, office, self.policy, mail, NOON + day * DAY)

    def failed(self, *addresses: str, day: float = 0.0, detail: str = "", **more: Any) -> Done:
        """A report that mail to these failed for good."""
        return self.came(failure(*addresses, **more), detail, day)

    def refused(self, address: str, day: float, office: Office = OFFICE, **more: Any) -> list[BounceEvent]:
        """What the next hop says."""
        self.number += 1
        values: dict[str, Any] = {
            "entry": f"e{self.number}.o",
            "number": 0,
            "list_id": self.policy.list_id,
            "address": address,
            "code": 550,
            "enhanced": "5.1.1",
            "text": "no such user",
            "policy": False,
            "at": NOON,
        }
        failures.record(self.conn, [DeliveryFailure(**(values | more))])
        return bounces.judge_failures(self.conn, office, 100, NOON + day * DAY)[0]

    def post(self, day: float) -> None:
        self.number += 1
        numbers.take(self.conn, f"p{self.number}", self.policy.list_id, NOON + day * DAY)

    def status(self, address: str = ANNE) -> DeliveryStatus | None:
        (one,) = memberships.on_list(self.conn, self.policy.list_id, Role.MEMBER, [address])
        return one.effective.delivery_status

    def score(self, address: str = ANNE) -> int:
        found = store.member(self.conn, self.policy.list_id, address, NOON)
        assert found is not None
        return found.state.score

    def told(self) -> list[str]:
        """Kind, address and cause of each notice since this was asked last."""
        rows = notices.take(self.conn, 100)
        notices.delete_these(self.conn, rows)
        return [f"{row.kind} {row.address} {row.detail}" for row in rows]

    def count(self, table: Any) -> int:
        found: int = self.conn.execute(select(func.count()).select_from(table)).scalar_one()
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with SiteInDirectory(tmp_path).connection() as connection:
        yield Desk(connection)


def failure(*addresses: str, permanent: bool = True, policy: bool = False) -> Recognised:
    findings = [
        Finding(
            address=one, permanent=permanent, format="rfc3464", policy=policy, code="5.1.1", diagnostic="no"
        )
        for one in addresses
    ]
    return Recognised(
        kind="failure" if permanent else "delayed", findings=tuple(findings), message_id="r@example.net"
    )


def tag(address: str = ANNE, day: float = 0.0, name: str = "ant") -> str:
    sender = verp.tagged(name, "example.com", address, key=KEY, now=NOON + day * DAY)
    return sender.rpartition("@")[0].partition("+")[2]


def effects(done: Done) -> list[str]:
    return [event.effect for event in done.events]


def probe_detail(desk: Desk, address: str = ANNE, day: float = 0.0) -> str:
    probe = store.live_probe(desk.conn, desk.policy.list_id, address, NOON + day * DAY)
    assert probe is not None
    return tokens.token(KEY, "probe", desk.policy.list_id, address, str(probe.event))


# -- reports with proof ------------------------------------------------------------------------------------


def test_a_tagged_report_is_about_that_address_whatever_it_names(desk: Desk) -> None:
    done = desk.failed("Nobody@forward.example.net", BART, detail=tag())
    (event,) = done.events
    assert event == BounceEvent(
        cause="r1",
        number=0,
        list_id="ant.example.com",
        address=ANNE,
        address_key=ANNE,
        source="report",
        format="rfc3464",
        proof=True,
        code="5.1.1",
        diagnostic="no",
        message_id="r@example.net",
        effect="counted",
        score=1,
        at=NOON,
    )
    assert (desk.score(ANNE), desk.score(BART)) == (1, 0)


def test_five_days_of_proof_end_delivery(desk: Desk) -> None:
    found = [effects(desk.failed(ANNE, detail=tag(), day=day)) for day in range(5)]
    assert found == [["counted"]] * 4 + [["disabled"]]
    assert desk.status() is DeliveryStatus.BY_BOUNCES
    assert desk.status(BART) is DeliveryStatus.ENABLED
    assert desk.told() == [f"bounce-disable {ANNE} r5"]
    assert effects(desk.failed(ANNE, detail=tag(), day=6)) == ["residual"]
    assert desk.told() == []


@pytest.mark.row("attribute: bounce_notify_owner_on_disable")
def test_owners_hear_of_it_if_they_want_to(desk: Desk) -> None:
    desk.change(bounce_score_threshold=1, bounce_notify_owner_on_disable=False)
    assert effects(desk.failed(ANNE, detail=tag())) == ["disabled"]
    assert desk.told() == []


@pytest.mark.row("attribute: bounce_notify_owner_on_bounce_increment")
def test_owners_hear_of_each_day_if_they_want_to(desk: Desk) -> None:
    desk.change(bounce_notify_owner_on_bounce_increment=True)
    desk.failed(ANNE)
    assert desk.told() == [f"bounce-increment {ANNE} r1"]
    assert effects(desk.failed(ANNE)) == ["same-day"]
    assert desk.told() == []
    assert store.report(desk.conn, "r1") == REPORT
    assert store.report(desk.conn, "r2") is None, "what changes nothing is not kept"


def test_a_report_that_only_says_that_it_failed_counts_for_its_tag(desk: Desk) -> None:
    assert effects(desk.came(Recognised(kind="failure"), tag())) == ["counted"]
    assert effects(desk.came(Recognised(kind="delayed"), tag())) == ["temporary"]


def test_policy_and_delays_change_no_score(desk: Desk) -> None:
    assert effects(desk.failed(ANNE, detail=tag(), policy=True)) == ["policy"]
    assert effects(desk.failed(ANNE, detail=tag(), permanent=False)) == ["temporary"]
    assert effects(desk.failed(ANNE, policy=True)) == ["policy"]
    assert effects(desk.failed(ANNE, permanent=False)) == ["temporary"]
    assert desk.score() == 0
    assert desk.told() == []


def test_a_tag_of_somebody_who_left(desk: Desk) -> None:
    assert effects(desk.failed(EVE, detail=tag(EVE))) == ["not-a-member"]


def test_a_step_done_again_changes_nothing(desk: Desk) -> None:
    first = desk.came(failure(ANNE), tag(), cause="r")
    assert effects(first) == ["counted"]
    assert desk.came(failure(ANNE), tag(), day=1, cause="r") == Done("repeated")
    assert desk.score() == 1


# -- forged reports ----------------------------------------------------------------------------------------


def test_thousands_of_forged_reports_disable_nobody(desk: Desk) -> None:
    """With every kind of detail, over a month: the member is asked, and gets his posts all the time."""
    details = ["", "anne=example.org", "anne=example.org=aaaaaaaa", tag(name="bee"), "a" * 40, "garbage"]
    for day in range(30):
        for number in range(100):
            done = desk.failed(ANNE, BART, day=day, detail=details[number % len(details)])
            assert "disabled" not in effects(done)
    assert desk.status(ANNE) is DeliveryStatus.ENABLED
    assert desk.status(BART) is DeliveryStatus.ENABLED
    told = desk.told()
    assert {line.split()[0] for line in told} == {"probe"}
    assert len([line for line in told if ANNE in line]) <= 3, "one probe in ten days"


def test_an_untagged_address_counts_alone(desk: Desk) -> None:
    (event,) = desk.failed(BART, detail="anne=example.org").events
    assert (event.address, event.proof) == (ANNE, False)


def test_forged_reports_about_strangers_leave_no_rows(desk: Desk) -> None:
    assert desk.failed(EVE) == Done("events", (), 1)
    assert desk.failed(EVE, detail="eve=example.net") == Done("events", (), 1)
    assert desk.count(bounce_events) == 0
    assert desk.count(bounce_reports) == 0


def test_a_report_counts_for_twenty_members(desk: Desk) -> None:
    several = [f"m{number}@example.org" for number in range(30)]
    (lines,) = members.read(several)
    members.add(desk.conn, desk.policy, lines.people, welcome=False, now=1.0)
    done = desk.failed(*[f"x{number}@example.net" for number in range(50)], *several)
    assert [event.address for event in done.events] == several[:20]
    assert [event.number for event in done.events] == list(range(20))
    assert done.ignored == 60


def test_a_report_to_one_list_is_about_that_list(desk: Desk) -> None:
    bee = lists.create(desk.conn, "bee@example.com", now=1.0)
    (lines,) = members.read([ANNE])
    members.add(desk.conn, bee, lines.people, welcome=False, now=1.0)
    desk.failed(ANNE)
    found = store.member(desk.conn, bee.list_id, ANNE, NOON)
    assert found is not None
    assert found.state.score == 0


# -- probes ------------------------------------------------------------------------------------------------


def asked(desk: Desk, office: Office = OFFICE) -> None:
    """Five days of reports without proof."""
    for day in range(5):
        done = desk.came(failure(ANNE), day=day, office=office)
    assert effects(done) == ["probe-sent"]
    assert desk.told() == [f"probe {ANNE} r5"]
    assert desk.score() == 5


def test_the_failure_of_a_probe_ends_delivery_and_the_token(desk: Desk) -> None:
    asked(desk)
    detail = probe_detail(desk, day=4)
    (event,) = desk.failed("other@example.net", day=5, detail=detail.upper()).events
    assert (event.effect, event.source, event.proof, event.address) == ("disabled", "probe", True, ANNE)
    assert desk.status() is DeliveryStatus.BY_BOUNCES
    assert desk.count(probes) == 0
    again = desk.failed(EVE, day=5, detail=detail)
    assert again == Done("events", (), 1), "it is like any other report now"


def test_a_delayed_or_refused_probe_is_still_waited_for(desk: Desk) -> None:
    asked(desk)
    detail = probe_detail(desk, day=4)
    assert effects(desk.failed(ANNE, day=4, detail=detail, permanent=False)) == ["temporary"]
    assert effects(desk.failed(ANNE, day=4, detail=detail, policy=True)) == ["policy"]
    assert desk.status() is DeliveryStatus.ENABLED
    assert effects(desk.failed(ANNE, day=5, detail=detail)) == ["disabled"]


def test_a_token_counts_for_its_list_and_while_it_lives(desk: Desk) -> None:
    asked(desk)
    detail = probe_detail(desk, day=4)
    bee = lists.create(desk.conn, "bee@example.com", now=1.0)
    mail = Mail("r", detail, REPORT, failure(ANNE))
    assert bounces.carry_out(desk.conn, OFFICE, bee, mail, NOON + 5 * DAY) == Done("events", (), 1)
    late = desk.failed(ANNE, day=14.5, detail=detail)
    assert effects(late) == ["stale-restart"]
    assert not late.events[0].proof


def test_a_row_with_another_token_is_no_probe(desk: Desk) -> None:
    """Found by its hash, compared in full: a row that somebody wrote does not make proof."""
    known = store.member(desk.conn, desk.policy.list_id, ANNE, NOON)
    assert known is not None
    store.add_probe(desk.conn, known, tokens.token_hash("b" * 40), 1, NOON, life_s=DAY)
    assert effects(desk.failed(ANNE, detail="b" * 40)) == ["counted"]


def test_the_probe_of_somebody_who_left_ends_nothing(desk: Desk) -> None:
    asked(desk)
    detail = probe_detail(desk, day=4)
    (one,) = memberships.on_list(desk.conn, desk.policy.list_id, Role.MEMBER, [ANNE])
    members.end(desk.conn, [one], goodbye=False, now=NOON)
    assert effects(desk.failed(ANNE, day=5, detail=detail)) == ["not-a-member"]


def test_after_a_reset_the_failure_of_an_older_probe_ends_nothing(desk: Desk) -> None:
    for day in range(5):
        desk.failed(ANNE, day=day)
    detail = probe_detail(desk, day=4)
    (standing,) = bounce_history.reset(desk.conn, ANNE).standings
    assert (standing.score, desk.count(probes)) == (0, 0)
    assert effects(desk.failed(ANNE, day=5, detail=detail)) == ["counted"]
    assert (desk.status(), desk.score()) == (DeliveryStatus.ENABLED, 1)


def test_with_verp_probes_only_the_probe_ends_delivery(desk: Desk) -> None:
    for day in range(8):
        done = desk.came(failure(ANNE), tag(day=day), day, PROBING)
        assert effects(done) == (["probe-sent"] if day == 4 else ["counted"])
    done = desk.came(failure(ANNE), probe_detail(desk, day=8), 8, PROBING)
    assert effects(done) == ["disabled"]


def test_a_probe_refused_by_the_next_hop_is_answered(desk: Desk) -> None:
    asked(desk, PROBING)
    (event,) = desk.refused(ANNE, 4, PROBING)
    assert event.effect == "disabled"
    assert desk.told() == [f"bounce-disable {ANNE} {event.cause}"]


def test_a_member_without_failures_of_his_probe_begins_anew(desk: Desk) -> None:
    asked(desk)
    assert store.expire_probes(desk.conn, NOON + 15 * DAY, 10) == [(desk.policy.list_id, ANNE)]
    assert desk.score() == 0


# -- what the next hop says --------------------------------------------------------------------------------


def test_a_refusal_is_proof_and_counts_once(desk: Desk) -> None:
    (event,) = desk.refused("Anne@Example.org", 0, number=7)
    assert event == BounceEvent(
        cause="e1.o",
        number=7,
        list_id="ant.example.com",
        address="Anne@Example.org",
        address_key=ANNE,
        source="smtp",
        format="smtp",
        proof=True,
        code="5.1.1",
        diagnostic="no such user",
        effect="counted",
        score=1,
        at=NOON,
    )
    assert bounces.judge_failures(desk.conn, OFFICE, 100, NOON) == ([], 0)
    for day in range(1, 5):
        (event,) = desk.refused(ANNE, day, enhanced="")
    assert (event.effect, event.code) == ("disabled", "550")


@pytest.mark.parametrize(
    ("code", "enhanced"),
    [(421, ""), (421, "4.3.2"), (451, "4.3.0"), (452, "4.3.1"), (451, "4.4.2"), (451, "4.5.0")],
)
def test_a_relay_that_is_ill_for_days_does_not_disable_all_members(
    desk: Desk, code: int, enhanced: str
) -> None:
    """What each copy is given up for then lies in the relay, or in the connection to it."""
    for day in range(10):
        assert desk.refused(ANNE, day, code=code, enhanced=enhanced)[0].effect == "policy"
    assert (desk.score(), desk.status()) == (0, DeliveryStatus.ENABLED)


def test_what_was_given_up_counts_and_refusals_of_content_do_not(desk: Desk) -> None:
    assert desk.refused(ANNE, 0, code=451, enhanced="4.4.1")[0].effect == "counted"
    assert desk.refused(ANNE, 1, policy=True)[0].effect == "policy"
    assert desk.refused(ANNE, 1, code=451, enhanced="4.7.1")[0].effect == "policy"
    assert desk.score() == 1


def test_failures_of_others_come_to_nothing(desk: Desk) -> None:
    assert desk.refused("olga@example.org", 0)[0].effect == "not-a-member"
    assert desk.refused(ANNE, 0, list_id="") == []
    assert desk.refused(ANNE, 0, list_id="wasp.example.com") == []
    assert desk.refused("not an address", 0) == []
    assert store.unjudged(desk.conn, 10) == []


@pytest.mark.row("attribute: process_bounces")
def test_a_list_that_processes_none_notes_them(desk: Desk) -> None:
    desk.change(process_bounces=False)
    assert desk.refused(ANNE, 0)[0].effect == "ignored-off"
    assert desk.score() == 0


def test_a_failure_can_be_skipped(desk: Desk) -> None:
    assert bounces.skip_failure(desk.conn) == []
    failures.record(
        desk.conn,
        [
            DeliveryFailure(
                entry="e",
                number=0,
                list_id="",
                address=ANNE,
                code=5,
                enhanced="",
                text="",
                policy=False,
                at=1,
            )
        ],
    )
    assert [one.entry for one in bounces.skip_failure(desk.conn)] == ["e"]
    assert store.unjudged(desk.conn, 10) == []


# -- what has arrived --------------------------------------------------------------------------------------


def run(desk: Desk, posts: dict[float, int], bounced: set[float], delay: float = 0.01) -> list[int]:
    """Scores after each day with reports. posts: how many on each day; bounced: the days whose posts fail;
    delay: days until the reports come."""
    happenings = [(day, "post", count) for day, count in posts.items()]
    happenings += [(day + delay, "report", posts[day]) for day in bounced]
    scores: dict[int, int] = {}
    for day, what, count in sorted(happenings):
        for _ in range(count):
            if what == "post":
                desk.post(day)
            else:
                (event,) = desk.failed(ANNE, day=day, detail=tag(day=day)).events
                scores[int(day + 0.5)] = event.score
    return list(scores.values())


def test_who_fails_now_and_then_is_no_problem(desk: Desk) -> None:
    posts = {float(day): 2 for day in range(40)}
    assert max(run(desk, posts, set(map(float, range(0, 40, 4))))) == 1


@pytest.mark.parametrize("delay", [0.01, 0.4, 1.0, 2.3, 5.0])
@pytest.mark.parametrize("every", [1, 2, 3, 5])
@pytest.mark.parametrize("burst", [1, 3])
def test_who_gets_nothing_does_not_escape(desk: Desk, delay: float, every: int, burst: int) -> None:
    """Whether reports come at once or after days, on a busy list or a quiet one."""
    days = [float(day) for day in range(0, 6 * every, every)]
    run(desk, dict.fromkeys(days, burst), set(days), delay)
    assert desk.status() is DeliveryStatus.BY_BOUNCES


# -- complaints --------------------------------------------------------------------------------------------


def complaint(kind: str = "abuse", *addresses: str, mail_from: str = "") -> Recognised:
    said = Complaint(feedback_type=kind, recipients=addresses, mail_from=mail_from)
    return Recognised(kind="complaint", complaint=said, message_id="c@example.net")


@pytest.mark.row("mail: complaint")
def test_who_complains_and_can_prove_it_is_no_member_any_more(desk: Desk) -> None:
    mail_from = verp.tagged("ant", "example.com", ANNE, key=KEY, now=NOON)
    (event,) = desk.came(complaint("abuse", mail_from=mail_from)).events
    assert (event.source, event.effect, event.proof, event.format) == (
        "complaint",
        "complaint",
        True,
        "abuse",
    )
    assert event.address == ANNE
    assert memberships.on_list(desk.conn, desk.policy.list_id, Role.MEMBER, [ANNE]) == []
    assert desk.told() == [f"complaint {ANNE} r1"], "no goodbye"
    assert store.report(desk.conn, "r1") == REPORT


def test_a_complaint_without_proof_is_shown_to_owners_alone(desk: Desk) -> None:
    (event,) = desk.came(complaint("abuse", ANNE)).events
    assert (event.effect, event.proof, event.score) == ("complaint", False, 0)
    assert desk.status() is DeliveryStatus.ENABLED
    assert desk.told() == [f"complaint {ANNE} r1"]


def test_a_complaint_about_a_virus_ends_no_membership(desk: Desk) -> None:
    desk.came(complaint("virus", ANNE), tag())
    assert desk.status() is DeliveryStatus.ENABLED


def test_a_complaint_of_nobody_known(desk: Desk) -> None:
    assert desk.came(complaint()).events[0].address_key == ""
    assert desk.came(complaint("abuse", EVE)).events[0].address == EVE
    assert desk.told() == ["complaint  r1", f"complaint {EVE} r2"]
    assert desk.came(complaint("abuse", EVE), tag(EVE)).events[0].proof
    assert desk.told() == [f"complaint {EVE} r3"]


def test_forged_complaints_do_not_flood_owners(desk: Desk) -> None:
    for _ in range(200):
        desk.came(complaint("abuse", ANNE))
    assert len(desk.told()) == 20


# -- what nobody understands -------------------------------------------------------------------------------


@pytest.mark.row("attribute: forward_unrecognized_bounces_to")
@pytest.mark.row("mail: bounce_unrecognized")
def test_what_is_not_recognised_is_passed_on(desk: Desk) -> None:
    unknown = Recognised(kind="unknown")
    assert desk.came(unknown) == Done("passed-on")
    assert desk.told() == ["bounce-unrecognized  r1"]
    assert desk.came(unknown, tag()) == Done("passed-on")
    assert desk.came(Recognised(kind="failure")) == Done("passed-on")
    assert desk.came(unknown, cause="r1") == Done("repeated")
    desk.told()
    desk.change(forward_unrecognized_bounces_to=UnrecognizedBounces.DISCARD)
    assert desk.came(unknown) == Done("discarded")
    assert desk.told() == []


def test_at_most_twenty_a_day_are_passed_on(desk: Desk) -> None:
    outcomes = [desk.came(Recognised(kind="unknown")).outcome for _ in range(25)]
    assert outcomes == ["passed-on"] * 20 + ["limited"] * 5
    assert len(desk.told()) == 20
    assert desk.came(Recognised(kind="unknown"), day=1.1).outcome == "passed-on"


def test_what_was_delivered_or_is_late_is_only_logged(desk: Desk) -> None:
    assert desk.came(Recognised(kind="success")) == Done("delivered")
    assert desk.came(Recognised(kind="delayed")) == Done("delayed")
    assert desk.told() == []
