"""What chains are made of: rules, and what their hits mean."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import Action, ListPolicy
from mlcore.lists.patterns import Patterns
from mlcore.lists.verdict import Hit, Terminal

Rule = Callable[[Draft, ListPolicy, PostFacts], Hit | None]
SearchingRule = Callable[[Draft, ListPolicy, PostFacts, Patterns], Hit | None]

TERMINALS: Final[Mapping[Action, Terminal]] = MappingProxyType(
    {
        Action.ACCEPT: "accept",
        Action.HOLD: "hold",
        Action.REJECT: "reject",
        Action.DISCARD: "discard",
    }
)
"""Where a message ends that a setting gives this action; `defer` ends nowhere."""


class NamedRule(NamedTuple):
    """A rule of the site under the name that logs and errors know it by."""

    name: str
    function: Rule


class Then(NamedTuple):
    """What a hit means. remember: the walk goes on, and `any` will hit. jump: to `chain`, for good. detour:
    to `chain`, and on where that does not decide. obey: to the chain of the action that the hit asks for;
    remembered where it asks for none. asked: to the chain of the action that the last hit with an action
    asked for. note: it is recorded, no more."""

    verb: Literal["remember", "jump", "detour", "obey", "asked", "note"]
    chain: str = ""


REMEMBER: Final = Then("remember")
OBEY: Final = Then("obey")
AS_ASKED: Final = Then("asked")
NOTE: Final = Then("note")


def jump(chain: str) -> Then:
    """To `chain`, for good."""
    return Then("jump", chain)


def detour(chain: str) -> Then:
    """To `chain`, and on where that does not decide."""
    return Then("detour", chain)


def given(action: Action) -> Then:
    """What a hit means that a setting gives this action."""
    return NOTE if action is Action.DEFER else jump(action.value)


@dataclass(frozen=True, slots=True)
class Link:
    """One rule and what its hit means; hits and misses are told in header fields."""

    name: str
    rule: Rule
    then: Then


@dataclass(frozen=True, slots=True)
class SearchingLink:
    """The same for a rule that tries the expressions of the list."""

    name: str
    rule: SearchingRule
    then: Then


@dataclass(frozen=True, slots=True)
class Always:
    """The rule `truth`, of which nothing is told."""

    then: Then


@dataclass(frozen=True, slots=True)
class IfAny:
    """The rule `any`, of which nothing is told, and where it leads that something was remembered: to `chain`;
    empty: to that of the site's `jump_chain`."""

    chain: str = ""


@dataclass(frozen=True, slots=True)
class Several:
    """What settings add in this place."""

    of: Literal["site header_checks", "list header matches", "site rules"]


Step = Link | SearchingLink | Always | IfAny | Several
Chain = tuple[Step, ...]
