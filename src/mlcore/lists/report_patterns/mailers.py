"""Reports of mail servers that people run themselves, in their order: what is more particular comes first.

Named after the program. Each is described by what its documentation or source says that it writes."""

from typing import Final

from mlcore.lists.report_patterns.shape import (
    ANYWHERE,
    BARE,
    COLON,
    OTHER,
    QSBMF,
    SPEC,
    START,
    Shape,
    any_case,
    shape,
)

_FINAL: Final = any_case(rf"\s*final-recipient\s*:(?:\s*[a-z0-9-]+\s*;)?\s*<?{SPEC}>?(?P<why>)")
_SENDMAIL_5: Final = rf"(?P<why>5\d\d (?:5\.\d{{1,3}}\.\d{{1,3}} )?)<?{SPEC}>?\.\.\. ?.*$"
_EXIM: Final = rf"  {SPEC}:?(?P<why>)$"
_X400: Final = any_case(rf"\s*(?:'?{SPEC}'? on \S.*|.{{0,500}}?SMTP={OTHER};? on .*)$")
_EXCHANGE_NAMED: Final = (
    rf"\s*(?:[^<>()]{{1,200}}[(<](?:mailto:)?)?{SPEC}[)>]?"
    r"(?:\s?<mailto:[^<>]{3,400}>)?(?:<mailto:)?\s*(?P<why>)$"
)
_DOMINO: Final = rf"\s*(?:was not delivered to:|受信者:)?\s*(?:[^@<>]{{1,200}}<)?{SPEC}>?\s*(?P<why>)$"
_NOTES: Final = rf"\s*(?:[^@<>]{{1,200}}<)?{SPEC}>?\s*$"
_PAREN: Final = rf"\s*<?{SPEC}>?\s*\((?P<why>[^()]*)\)?"
_POSTFIX: Final = rf"\s*(?:<[^<>\s]{{1,320}}> \((?:expanded from|展開元) )?<{SPEC}>\)?:(?P<why>.*)$"
_OFFICE_365: Final = any_case(
    rf"\s*(?:your message to <?{SPEC}>? couldn['’]?t be delivered.*"
    rf"|<?{OTHER}>? ?へのメッセージを配信できませんでした.*)$"
)
_TO_YOUR_MESSAGE: Final = any_case(rf"\s*your message to <?{SPEC}>? was automatically rejected:?(?P<why>.*)$")

SHAPES: Final[tuple[Shape, ...]] = (
    # The fields of RFC 3464 as text: what gateways and old servers make of a report.
    shape("status-as-text", "final-recipient:", recipient=_FINAL),
    # Courier: like QSBMF, but with the dialogue.
    shape(
        "courier",
        "running the courier mail server",
        "your message to the following recipients cannot be delivered:",
        recipient=QSBMF,
        until=r"-{20}",
    ),
    shape(
        "james",
        "this is the james mail server",
        recipient=BARE,
        until=r"the message has not been sent|the original message",
    ),
    # Symantec's and MessageLabs' agent speaks like qmail and names recipients bare.
    shape(
        "messagelabs",
        "this is the mail delivery agent at",
        "this is the mail delivery agent running at",
        recipient=BARE,
    ),
    # qmail's QSBMF (cr.yp.to/proto/qsbmf.txt), and what speaks like it.
    shape(
        "qmail",
        "hi. this is the",
        "hi. the mta program at",
        "this is the deliver program at",
        "we're sorry. there's a problem",
        "i'm afraid i wasn't able to deliver your message to the following",
        "this is the mail system of qmail",
        recipient=QSBMF,
        until=r"---",
    ),
    shape(
        "opensmtpd",
        "this is the mailer-daemon, please do not reply to this",
        recipient=COLON,
        until=r"\s*below is a copy",
    ),
    shape(
        "exim",
        "the following address(es) failed",
        "a message that you sent could not be delivered to one or more of its recipients",
        "a message that you sent has not yet been delivered",
        "could not be delivered to all of its recipients",
        "has not been delivered to all of its recipients",
        "the address to which the message has not yet been delivered is",
        "the addresses to which the message has not yet been delivered are",
        "this message was created automatically by mail delivery software",
        recipient=_EXIM,
        until=r"------",
    ),
    # 1&1, GMX, kundenserver: Exim's words, their own layout.
    shape(
        "kundenserver",
        "the following address failed:",
        "the following addresses failed:",
        recipient=(rf"\s*[\"<]?{SPEC}[\">]?:(?P<why>.*)$"),
        until=r"---",
    ),
    shape(
        "sendmail",
        "the following addresses had permanent fatal errors",
        "the following addresses had transient non-fatal errors",
        "the following addresses had delivery errors",
        recipient=(rf"\s*(?:\|[^<>]{{0,200}} )?<?{SPEC}>?(?P<why>)\s*$"),
        until=r"\s*----- transcript of session",
    ),
    shape(
        "sendmail-5",
        "----- transcript of session follows -----",
        recipient=_SENDMAIL_5,
        until=r"\s*----- (?:unsent|message|original)",
    ),
    shape(
        "postfix",
        "this is the mail system at host",
        "this is the postfix program at host",
        "could not be delivered to one or more recipients",
        "could not be delivered to one or more destinations",
        "このメールは postfix",
        recipient=_POSTFIX,
        until=r"--[^-]|reporting-mta",
    ),
    # Exchange 2007 and later: recipients again, with the replies, for administrators.
    shape(
        "exchange-diagnostic",
        "diagnostic information for administrators:",
        "管理者向けの診断情報:",
        "diagnoseinformationen für administratoren:",
        "informations de diagnostic pour les administrateurs",
        "información de diagnóstico para los administradores",
        recipient=BARE,
        until=r"\s*(?:original message|元のメッセージ|ursprüngliche|en-têtes)",
    ),
    shape(
        "exchange",
        "delivery has failed to these recipients",
        "delivery is delayed to these recipients",
        "次の受信者またはグループへの配信に失敗しました",
        "次の受信者への配信が遅延",
        "fehler bei der nachrichtenzustellung an folgende empfänger",
        "échec de la remise à ces destinataires",
        "error de entrega a estos destinatarios",
        recipient=_EXCHANGE_NAMED,
    ),
    shape(
        "exchange-5",
        "did not reach the following recipient",
        "以下の受信者にメッセージを配信できませんでした",
        "次の受信者に送信できませんでした",
        recipient=_X400,
    ),
    shape(
        "office365",
        "couldn't be delivered",
        "couldn’t be delivered",
        "へのメッセージを配信できません",
        recipient=_OFFICE_365,
    ),
    shape(
        "iis-smtp",
        "delivery to the following recipients failed",
        "delivery to the following recipients was aborted",
        "delivery to the following recipients has been delayed",
        recipient=BARE,
    ),
    shape("domino", "was not delivered to:", "は次の受信者に配信できませんでした", recipient=_DOMINO),
    shape(
        "notes",
        "------- failure reasons",
        recipient=_NOTES,
        until=r"------- returned",
        is_reason_first=True,
    ),
    shape(
        "groupwise",
        "the message that you sent was undeliverable to the following",
        "undeliverable to the following",
        recipient=_PAREN,
    ),
    shape(
        "dragonfly",
        "there was an error delivering your mail to",
        recipient=any_case(rf"\s*there was an error delivering your mail to <?{SPEC}>?(?P<why>)"),
    ),
    shape("dovecot", "was automatically rejected", recipient=_TO_YOUR_MESSAGE, policy=True),
    shape("mailmarshal", "the following recipients were affected", recipient=BARE, is_reason_first=True),
    shape(
        "ses",
        "an error occurred while trying to deliver the mail to the following recipients",
        recipient=BARE,
    ),
    shape(
        "imail",
        "undeliverable mail to",
        "unknown user:",
        "user mailbox exceeds allowed size:",
        recipient=any_case(
            r"\s*(?P<why>unknown user|user mailbox exceeds allowed size|undeliverable mail to):"
            rf" *<?{SPEC}>?"
        ),
    ),
    shape(
        "netscape",
        "this message was undeliverable due to the following reason",
        recipient=any_case(rf"\s*(?:recipient|受取人)?\s*:?\s*<\s?{SPEC}\s{{0,4}}>:?(?P<why>)$"),
        until=r"\s*please reply to",
    ),
)

GENERIC: Final[tuple[Shape, ...]] = (
    # A reply of SMTP that names its recipient, whoever quotes it.
    shape(
        "smtp-reply",
        "user unknown",
        "unknown user",
        "no such user",
        "mailbox not found",
        "mailbox full",
        "over quota",
        "user not found",
        "recipient address rejected",
        "invalid recipient",
        recipient=(rf"(?P<why>\s*(?:<<< ?)?[45]\d\d[ -].{{0,200}}?{START}{SPEC}.*)$"),
    ),
    shape("refused-line", "... user unknown", "...user unknown", recipient=ANYWHERE),
)
