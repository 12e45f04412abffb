"""After some wrong passwords or codes in a row a name has to wait, ever longer, whoever asks and from wherever.

A try is counted before it is looked at, so that a thousand at once are a thousand. It is counted for names that nobody
has as well: how long to wait must not tell which names there are.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Final

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from fleet.console import codes
from fleet.console.audit import note
from fleet.registry.tries import WrongPasswords

FREE: Final = 5
"""Tries."""
FIRST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(minutes=15)
MINUTE: Final = timedelta(minutes=1)
MOST_NOTED: Final = 100
"""Names a minute whose failures are in the audit: who tries all names does not fill it."""
FORGOTTEN: Final = timedelta(days=1)
MOST: Final = 10_000
"""Names; the oldest go first."""

COUNT: Final = """
INSERT INTO wrong_passwords AS there (name, count, last_at, locked_until) VALUES (%(name)s, 1, %(now)s, %(now)s)
ON CONFLICT (name) DO UPDATE SET
    count = CASE WHEN there.last_at < %(long_ago)s THEN 1 ELSE there.count + 1 END, last_at = %(now)s,
    locked_until = %(now)s + CASE
        WHEN there.last_at < %(long_ago)s OR there.count + 1 < %(free)s THEN interval '0'
        ELSE least(%(first)s * 2 ^ least(there.count + 1 - %(free)s, 20), %(longest)s)
    END
WHERE there.locked_until <= %(now)s
RETURNING count, locked_until
"""
"""No row: it has to wait, and the try counts for nothing."""
TIDY: Final = """
DELETE FROM wrong_passwords WHERE last_at < %s OR name IN (
    SELECT name FROM wrong_passwords ORDER BY last_at DESC OFFSET %s
)
"""


class Passwords(ModelBackend):
    """Django's own, for names that need not wait."""

    @sensitive_variables("password", "code")
    def authenticate(
        self, request: Any, username: str | None = None, password: str | None = None, code: str = "", **more: Any
    ) -> Any:
        """Who it is; None: that was wrong, and nobody learns which of it.

        Raises:
            PermissionDenied: it is not looked at.
        """
        if username is None or password is None or "\0" in username:
            return None
        name = username[:150]
        if not _counted(name):
            raise PermissionDenied
        found = super().authenticate(request, username, password, **more)
        if found is not None and not codes.proves(found, code):
            found = None
        if found is not None:
            WrongPasswords.objects.filter(name=name).delete()
        elif WrongPasswords.objects.filter(last_at__gt=timezone.now() - MINUTE).count() <= MOST_NOTED:
            note(None, "log-in failed", name)
        return found


class LoginForm(AuthenticationForm):
    """Asks for the second factor as well, and says so when a name has to wait."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        help_text=gettext_lazy("if you have set up a second factor"),
        max_length=32,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
    )
    error_messages: ClassVar = {
        **AuthenticationForm.error_messages,
        "invalid_login": gettext_lazy("That is not right: the name, the password, or the code."),
    }

    def clean(self) -> Any:
        """Who it is.

        Raises:
            ValidationError: nobody who may come in.
        """
        said = self.cleaned_data
        name, password = said.get("username"), said.get("password")
        if name is not None and password:
            self.user_cache = authenticate(self.request, username=name, password=password, code=said.get("code", ""))
            if self.user_cache is None:
                raise self.get_invalid_login_error()
            self.confirm_login_allowed(self.user_cache)
        return said

    def get_invalid_login_error(self) -> ValidationError:
        """Why nobody was let in."""
        name = str(self.cleaned_data.get("username", ""))[:150]
        row = WrongPasswords.objects.filter(name=name, locked_until__gt=timezone.now()).first()
        if row is None:
            return super().get_invalid_login_error()
        minutes = -(-(row.locked_until - timezone.now()) // timedelta(minutes=1))
        return ValidationError(_("Too many wrong passwords. Try again in %(count)d min.") % {"count": minutes})


def _counted(name: str) -> bool:
    """Count a try; gives whether it may be looked at."""
    now = timezone.now()
    said = {"name": name, "now": now, "long_ago": now - FORGOTTEN, "free": FREE, "first": FIRST, "longest": LONGEST}
    with connection.cursor() as cursor:
        cursor.execute(COUNT, said)
        row = cursor.fetchone()
        if row is None:
            return False
        count, locked_until = row
        if count == 1:
            cursor.execute(TIDY, (now - FORGOTTEN, MOST))
    if count >= FREE:
        note(None, "locked out", name, f"{count} wrong passwords in a row; until {locked_until.isoformat()}")
    return True
