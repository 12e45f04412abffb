"""The rules of other countries for their certificates, and which of them apply.

Source: EU DCC validation rules 1.0.0; the selection follows "Rule selection" of eu-dcc-business-rules: by country,
type, time and certificate type, and of each identifier only the newest version that is valid then.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from gate.rules import fields
from gate.rules.rule import EuRule, load_eu_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

MAX_RULES: Final = 10_000
"""Rules of all countries together; there were fewer than 600 in production."""

_SECTIONS: Final = {"Vaccination": "v", "Test": "t", "Recovery": "r"}


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

    def select(self, country: str, at: datetime, payload: Mapping[str, Any], kind: str = "Acceptance") -> list[EuRule]:
        """The rules that a certificate must keep, ordered by identifier.

        Args:
            country: ISO 3166 code: of the checkpoint for ``Acceptance``, of the issuer for ``Invalidation``.
            at: the moment of presentation; both ends of a rule's validity count.
            payload: the certificate's content; its ``v``, ``t`` and ``r`` say which rules concern it.
            kind: the rules' ``Type``.

        Rules for one region of the country are left out.
        """
        newest: dict[str, EuRule] = {}
        for rule in self._by_country.get(country.upper(), ()):
            if rule.type != kind or rule.region is not None or not rule.valid_from <= at <= rule.valid_to:
                continue
            known = newest.get(rule.identifier)
            if known is None or rule.version > known.version:
                newest[rule.identifier] = rule
        return [newest[identifier] for identifier in sorted(newest) if _concerns(newest[identifier], payload)]


def _concerns(rule: EuRule, payload: Mapping[str, Any]) -> bool:
    section = _SECTIONS.get(rule.certificate_type)
    return section is None or bool(payload.get(section))
