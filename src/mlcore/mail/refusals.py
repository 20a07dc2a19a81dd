"""What servers mean when they refuse: the code in a text, and whether the recipient or the mail was refused.

Codes of RFC 3463 and its registry, and what servers say without one, in the words they use."""

import re
from typing import Final

# Not within an IP address, a version or a date.
_ENHANCED: Final = re.compile(r"(?<![0-9.])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9]|\.[0-9])")
_REPLY: Final = re.compile(r"(?:^|(?<=[\s#:;(<\"]))([45][0-7][0-9])(?=[ :;,#-]|$)")
_STATUS: Final = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")

_ADDRESS: Final = re.compile(r"[^\s<>@]{0,320}@[^\s<>@,;:()]{1,255}")
_SAID: Final = re.compile(r"\bhost \S{1,255} (?:said|refused)|\b(?:dns|remote-mta) ?; ?\S{1,255}")
_AT_END_OF_DATA: Final = "in reply to end of data command"

_MEMBERS: Final = frozenset(
    {"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.2.1", "5.2.2"}
    | {"5.7.13", "5.7.17", "5.7.18"}  # account disabled, owner of mailbox or domain changed (RFC 7293)
)
"""The address is wrong, gone or full, whatever else the text says."""
_MAILS: Final = frozenset(
    {"5.1.7", "5.1.8"}  # the address of the sender
    | {"5.2.3", "5.3.4"}  # too large
)
_KEEPERS: Final = ("softbank.ne.jp", "i.softbank.jp", "vodafone.ne.jp", "disney.ne.jp")
_DOCOMO: Final = "docomo.ne.jp"

_GONE: Final = re.compile(
    r"(?:unknown|invalid|no such|nonexistent|undeliverable|bad destination) (?:local )?"
    r"(?:user|recipient|mailbox|address|account|person|email|addressee|domain|alias)"
    r"|(?:user|recipient|mailbox|address|account|addressee)(?: address| name| is| was| rejected:?| not){0,3} "
    r"(?:unknown|invalid|not found|not known|nonexistent|not exist|not recognized|not listed)"
    r"|(?:does not|doesn[’']t|did not|not) (?:exist|have an? [a-z0-9. ]{0,40}account)"
    r"|not listed in|no longer (?:exists|accepts mail|available|valid|active)|couldn[’']t be found"
    r"|no mailbox (?:here|by that name)|recipnotfound|recipientnotfound|wasn[’']t found"
    r"|(?:mail ?box|account|user|inbox)(?: is| has been| was)? "
    r"(?:disabled|inactive|suspended|blocked|closed|expired|locked|deactivated|terminated)"
    r"|(?:mail ?box|inbox|user|account)(?: is| has)?(?: exceeded)?(?: too| its)? (?:full|over ?quota)"
    r"|over ?quota|quota ?exceeded|exceeded (?:storage|its|the|their|his) ?(?:allocation|quota|limit)"
    r"|mailbox size limit exceeded|full mailbox|out of storage space"
    r"|宛先不明|あて先不明|宛名不明|存在しま|存在しない|見つかりません|登録されていま|容量(?:を超|オーバー|が一杯)"
    r"|(?:メールボックス|受信箱)が?(?:一杯|いっぱい|満杯)|解約|使われておりません"
    r"|不存在|用户未找到|邮箱已满|已停用|空间不足"
    r"|не найден|не существует|заблокирован|переполнен"
)
_REFUSED: Final = re.compile(
    r"\bspam|spamhaus|spamcop|unsolicited|\bjunk\b|\bbulk\b|blocked|block ?list|black ?list|deny ?list"
    r"|\bdnsbl|\brbls?\b|barracuda|reputation|\bspf\b|\bdkim|dmarc|\bpolic(?:y|ies)\b|prohibited|virus|malware"
    r"|phish|content (?:is |was )?(?:rejected|filter|not accepted|blocked|presents)|message content"
    r"|not accepting (?:mail|messages) from|authenticat|banned|greylist|access denied"
    r"|sender (?:address )?rejected"
    r"|message (?:was )?refused|message rejected|too large|too big|size limit|maximum (?:message )?size"
    r"|exceeds (?:the |a )?(?:maximum|size|fixed)|dangerous|attachment|not authori[sz]ed to"
    r"|迷惑メール|スパム|受信拒否|指定受信|ドメイン拒否|受信を拒否|ウイルス|なりすまし|サイズ(?:が|を|制限)"
    r"|垃圾邮件|黑名单|拒收|被拦截|反垃圾|спам|вирус"
)
_WARNING: Final = re.compile(
    r"this is a warning (?:message )?only|only a (?:temporary failure|warning)|advisory[- ]only"
    r"|no action is required on your part|do not need to (?:take any action|resend)"
    r"|not need to resend|has(?: not)? (?:yet )?been delayed|is delayed to these|not yet been delivered"
    r"|delivery (?:incomplete|attempts will continue)|will (?:retry|be retried|keep trying)"
    r"|will continue to (?:try|be)|still (?:trying|being retried)|temporary problem delivering|delayed mail"
    r"|could not send message for past|has been delayed|message delayed"
    r"|再送信する必要はありません|再送を(?:続け|試み)|配信が遅|遅延しています|配送が遅れ"
    r"|будут повторены|будет повтор"
)


def code(text: str) -> str:
    """The enhanced status in `text`, else the code of an SMTP reply, else empty. An enhanced status that
    says nothing (`5.0.0`) gives way to a later one of its class."""
    found = _ENHANCED.findall(text)
    if found:
        same = [status for status in found if status[0] == found[0][0] and not status.endswith(".0.0")]
        return str(same[0] if same else found[0])
    reply = _REPLY.search(text)
    return reply[1] if reply else ""


def status(said: str, diagnostic: str) -> str:
    """The enhanced status of a recipient: as the field Status has it, but from the diagnostic where that is
    missing or says nothing more than its class."""
    found = _STATUS.match(said.strip())
    if found is None:
        return code(diagnostic)
    if not found[0].endswith(".0.0"):
        return found[0]
    other = code(diagnostic)
    return other if "." in other and other[0] == found[0][0] else found[0]


def is_policy(code: str, text: str, domain: str = "") -> bool:
    """Whether the mail or its sender was refused, not the recipient: content, spam, authentication, size.

    code: as from `code`; text: what the server said; domain: of the recipient, in lower case. What tells
    that an address is gone or full counts before what sounds like a policy. Linear."""
    plain = _ADDRESS.sub(" ", text.lower())
    plain = " ".join(_SAID.sub(" ", plain).split())
    if code.startswith("5.6."):
        return True
    if code.startswith("5.4."):
        return False  # routes and hosts; Exchange Online says 5.4.1 and "Access denied" of unknown recipients
    if _is_keeper(domain, code, plain):
        return True
    without = _GONE.sub(" ", plain)
    is_gone = without != plain
    sounds_so = _REFUSED.search(without) is not None
    if code in _MEMBERS:
        return sounds_so and not is_gone
    if code.startswith("5.7.") or code in _MAILS:
        return sounds_so or not is_gone
    if sounds_so:
        return True
    # Accepted at RCPT and refused behind the content: it was the content (RFC 5321 4.2.5).
    return _AT_END_OF_DATA in plain and code in {"", "5.0.0", "550", "554"} and not is_gone


def is_gone(text: str) -> bool:
    """Whether a server says that the address is unknown, closed or full."""
    return _GONE.search(text.lower()) is not None


def is_warning(text: str) -> bool:
    """Whether a notice says that delivery goes on: nothing has failed yet."""
    return _WARNING.search(" ".join(text.lower().split())) is not None


def _is_keeper(domain: str, code: str, text: str) -> bool:
    """Whether a mobile carrier of Japan tells in its own way that the subscriber takes no mail of this
    domain: docomo calls him unknown behind the content, while at RCPT it means it (Postfix tells when it was,
    Sendmail makes it 5.2.0); SoftBank has a status of its own, and no text."""
    if domain == _DOCOMO:
        return _AT_END_OF_DATA in text or code == "5.2.0"
    if not domain.endswith(_KEEPERS):
        return False
    return code == "5.2.0" and not text
