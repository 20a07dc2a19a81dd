"""Reports of the large providers of mail."""

from typing import Final

from mlcore.lists.report_patterns.shape import BARE, OTHER, QSBMF, SPEC, START, Shape, any_case, shape

_GMAIL: Final = any_case(
    rf"\s*(?:your message (?:wasn['’]t delivered to|to) {SPEC}(?P<why>\b.*)"
    rf"|there was a (?:temporary )?problem delivering your message to {OTHER}.*)$"
)
_GMAIL_JA: Final = rf"\s*{SPEC} ?(?P<why>(?:が見つからない|へのメール|に送信した|宛の).*)$"
_CHINESE: Final = any_case(
    rf"(?:\s*(?:收件人|收信人|邮件地址|收件人邮件地址|recipient|to)[^A-Za-z0-9]{{0,20}}"
    rf"|\s*[<（(]?){SPEC}(?P<why>.*)$"
)

SHAPES: Final[tuple[Shape, ...]] = (
    shape(
        "gmail",
        "delivery to the following recipient failed permanently",
        "delivery to the following recipients failed permanently",
        "delivery to the following recipient has been delayed",
        "次の受信者へのメール配信に失敗しました",
        recipient=BARE,
    ),
    shape(
        "gmail-cards",
        "** address not found **",
        "** message blocked **",
        "** message not delivered **",
        "** delivery incomplete **",
        "** message too large **",
        "your message wasn't delivered to",
        "your message wasn’t delivered to",
        recipient=_GMAIL,
    ),
    shape("gmail-cards-ja", "** アドレス不明 **", "** メールはブロックされました **", recipient=_GMAIL_JA),
    shape(
        "yahoo",
        "unable to deliver message to the following address(es)",
        "sorry, we were unable to deliver your message to the following address",
        "message from yahoo.",
        recipient=QSBMF,
        until=r"---",
    ),
    shape(
        "mail.ru",
        "это письмо создано автоматически",
        "не может быть доставлено",
        recipient=(rf"\s*<?{SPEC}>?:?(?P<why>)\s*$"),
        until=r"\*{3} |ниже",
    ),
    shape(
        "yandex",
        "это письмо отправлено почтовым сервером",
        "не может быть отправлено одному или нескольким адресатам",
        recipient=QSBMF,
        until=r"--[^-]|reporting-mta",
    ),
    shape(
        "qq",
        "抱歉，您的邮件被退回来了",
        "您的邮件被退回",
        "your message has been bounced back",
        recipient=_CHINESE,
        senders=("@qq.com", "@foxmail.com", "@tencent.com", "postmaster@", "mailer-daemon@"),
    ),
    shape("sina", "", recipient=QSBMF, senders=("@sina.com", "@vip.sina.com", "@sina.cn"), until=r"---"),
    shape(
        "netease",
        "您的邮件未能成功发送",
        "未能成功发送",
        "无法送达",
        "未能送达",
        "退信原因",
        recipient=_CHINESE,
    ),
    shape(
        "coremail",
        "this is a mail delivery failure notice from coremail",
        "could not be delivered to the following address(es)",
        recipient=(rf".{{0,80}}?{START}{SPEC}(?P<why>.*)$"),
    ),
)
