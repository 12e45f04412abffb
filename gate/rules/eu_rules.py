"""The rules of countries for certificates, and which of them apply.

Source: EU DCC validation rules 1.0.0; the selection follows "Rule selection" of eu-dcc-business-rules: by country,
type, time and certificate type, and of each identifier only the newest version that is valid then. Certificates of
other formats are judged in the same way, by the rules that name their format.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from gate.model import CredentialKind
from gate.rules import fields
from gate.rules.rule import EuRule, load_eu_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

MAX_RULES: Final = 10_000
"""Rules of all countries together; there were fewer than 600 in production."""


class EuRules:
    """Every rule known, by country."""

    def __init__(self, rules: Iterable[EuRule]) -> None:
        self._by_country: dict[str, list[EuRule]] = {}
        for rule in rules:
            self._by_country.setdefault(rule.country, []).append(rule)

    @classmethod
    def from_json(cls, rules: Any) -> EuRules:
        """Read a decoded list of rules.

        Raises:
            RuleSetError: it is no list of at most ``MAX_RULES``, or a rule is wrong; none is kept then.
        """
        return cls([load_eu_rule(rule) for rule in fields.items(rules, "rules", MAX_RULES)])

    def __len__(self) -> int:
        return sum(map(len, self._by_country.values()))

    def __iter__(self) -> Iterator[EuRule]:
        return chain.from_iterable(self._by_country.values())

    def select(
        self,
        country: str,
        at: datetime,
        payload: Mapping[str, Any],
        kind: str = "Acceptance",
        format: CredentialKind = CredentialKind.HCERT,  # noqa: A002 - the rules' own word
    ) -> list[EuRule]:
        """The rules that a certificate must keep, ordered by identifier.

        Args:
            country: ISO 3166 code: of the checkpoint for ``Acceptance``, of the issuer for ``Invalidation``.
            at: the moment of presentation; both ends of a rule's validity count.
            payload: the certificate's content, which says what rules concern it.
            kind: the rules' ``Type``.
            format: the certificate's.

        Rules for one region of the country are left out.
        """
        newest: dict[str, EuRule] = {}
        for rule in self._by_country.get(country.upper(), ()):
            if rule.type != kind or rule.format is not format or rule.region is not None:
                continue
            if not rule.valid_from <= at <= rule.valid_to:
                continue
            known = newest.get(rule.identifier)
            if known is None or rule.version > known.version:
                newest[rule.identifier] = rule
        return [newest[identifier] for identifier in sorted(newest) if newest[identifier].concerns(payload)]
