"""Reports of carriers and providers in Japan, and those in Japanese of whomever."""

from typing import Final

from mlcore.lists.report_patterns.shape import ANYWHERE, BARE, OTHER, SPEC, START, Shape, any_case, shape

_EZWEB: Final = any_case(rf"\s*(?:recipient:)?\s*<{SPEC}>(?P<why>)\s*$")
_KDDI: Final = any_case(rf"\s*could not be delivered to:? *<?{SPEC}>?(?P<why>.*)$")
_DOCOMO: Final = any_case(rf"(?P<why>.{{0,200}}?unknown user) <?{SPEC}>?")
_LABELS: Final = (
    r"(?:送信先|宛先|あて先|宛て先|受信者|受取人|届け先|配送先|配信先"
    r"|メールアドレス|アドレス|エラー|To|Recipient)"
)
_LABELLED: Final = any_case(
    rf"[\s・■●*>【\[]*(?:(?:{_LABELS}[^\s:：]{{0,12}}[\s:：】\]]{{0,6}})?"
    rf"[<＜「（(]?{SPEC}[>＞」）)]?"
    rf"|.{{0,100}}?[<＜「（(]{START}{OTHER})(?P<why>.*)$"
)

SHAPES: Final[tuple[Shape, ...]] = (
    shape(
        "ezweb",
        "the user(s) account is temporarily over quota",
        recipient=_EZWEB,
        code="5.2.2",
        is_reason_first=True,
    ),
    shape(
        "ezweb-disabled",
        "the user(s) account is disabled",
        "the user(s) account is temporarily limited",
        recipient=_EZWEB,
        code="5.2.1",
        is_reason_first=True,
    ),
    shape(
        "ezweb-rejected",
        "each of the following recipients was rejected by a remote mail server",
        recipient=_EZWEB,
        until=r"\s*please reply to",
    ),
    shape(
        "did-not-receive",
        "the following recipients did not receive this message",
        "the following recipients did not receive your message",
        recipient=_EZWEB,
        is_reason_first=True,
    ),
    shape(
        "kddi",
        "your mail sent on",
        "your mail attempted to be delivered on",
        recipient=_KDDI,
    ),
    shape("docomo", "550 unknown user", recipient=_DOCOMO, senders=("docomo.ne.jp",)),
    shape(
        "biglobe",
        "the following addresses had delivery problems",
        recipient=BARE,
        until=r"\s*----- (?:message|original|unsent)",
    ),
    shape(
        "nifty",
        "your message was not delivered to the following recipients",
        "your message was not delivered to the following recipient",
        recipient=(rf"\s*<?{SPEC}>?\s*:?(?P<why>.*)$"),
        until=r"---",
    ),
    shape(
        "japanese",
        "宛先不明",
        "あて先不明",
        "宛先が不明",
        "宛先に届き",
        "配送できません",
        "配送できなかった",
        "配信できません",
        "配信できなかった",
        "配信に失敗",
        "配送に失敗",
        "送信できません",
        "送信できなかった",
        "送信に失敗",
        "お届けできません",
        "届けることができません",
        "届けることが出来ません",
        "届きませんでした",
        "お届けすることができません",
        "配達できません",
        "存在しないため",
        "メールが返送",
        "配信が遅延",
        "配送が遅れて",
        recipient=_LABELLED,
    ),
    shape("japanese-reply", "エラーメール", "エラー通知", recipient=ANYWHERE),
)
