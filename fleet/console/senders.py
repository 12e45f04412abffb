"""How a notice leaves: as mail, by Django's own, or as JSON to a webhook. Each takes ten seconds at most, or fails."""

from __future__ import annotations

import json
import smtplib
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, Final

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from fleet.console.recipients import secret

if TYPE_CHECKING:
    from fleet.console.recipients import MailServer, Recipient, Recipients
    from fleet.registry.notices import Notice

DEADLINE_S: Final = 10.0
"""Of each step of an exchange."""


class NotSent(Exception):  # noqa: N818 - says what is the case
    """It did not go out; it may the next time."""


class _NoOther(urllib.request.HTTPRedirectHandler):
    """Nobody sends a token on to another address."""

    def redirect_request(self, *_: Any) -> None:
        return None


def send(to: Recipient, recipients: Recipients, notice: Notice) -> None:
    """Send it.

    Raises:
        NotSent: it did not go out.
    """
    try:
        if to.webhook is not None:
            _post(to.webhook, to.token_file, _json(notice, recipients.console))
        elif to.mail is not None and recipients.mail is not None:
            _mail(to.mail, recipients.mail, notice, recipients.console)
    except (OSError, smtplib.SMTPException, ValueError) as fault:  # urllib's errors are OSErrors
        raise NotSent(f"{type(fault).__name__}: {fault}") from None


def _post(url: str, token_file: str, body: bytes) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if token_file:
        headers["Authorization"] = f"Bearer {secret(token_file)}"
    asked = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - http and https alone
    # An opener of our own: no proxy of the environment gets to see it.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoOther)
    with opener.open(asked, timeout=DEADLINE_S):
        pass  # from 300 on it is an error; what else it says is of no interest


def _mail(address: str, server: MailServer, notice: Notice, console: str) -> None:
    link = EmailBackend(
        host=server.host,
        port=server.port,
        username=server.user,
        password=secret(server.password_file) if server.password_file else "",
        use_tls=server.tls == "starttls",
        use_ssl=server.tls == "tls",
        timeout=int(DEADLINE_S),
    )
    subject = f"闸机告警 {notice.count} 条 / Gate alarms: {notice.count}"
    message = EmailMessage(subject, text(notice, console), server.sender, [address], connection=link)
    message.send()


def text(notice: Notice, console: str) -> str:
    """What a person reads, in Chinese and then in English."""
    parts = []
    for language, more in (("zh-hans", "另有 {} 条"), ("en", "and {} more")):
        lines = [
            f"{one['since']}  {one['district']} · {one['site']} · {one['gate']}: {one['what'][language]}"
            for one in notice.alarms
        ]
        rest = notice.count - len(notice.alarms)
        parts.append("\n".join([*lines, *([more.format(rest)] if rest else [])]))
    return "\n\n".join([*parts, *([f"{console.rstrip('/')}/alarms/"] if console else [])]) + "\n"


def _json(notice: Notice, console: str) -> bytes:
    said = {"count": notice.count, "alarms": notice.alarms, "id": notice.id, "console": console}
    return json.dumps(said, ensure_ascii=False).encode()
