"""Why a rule holds or not, in plain words: what was asked, what was known, and what came of it.

Every part is judged by the evaluator itself (``gate.rules.certlogic``), so an explanation can't differ from the
decision; this module only finds words. Parts that the evaluator would not have reached are judged as well: whoever
reads wants to know everything that is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from gate.rules import certlogic, plain_words
from gate.rules.certlogic import CertLogicError
from gate.rules.certlogic_values import truth
from gate.rules.plain_words import ASK, MUST, SUMS, written
from gate.rules.vocabulary import STATES, Both, Value, value_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.rules.vocabulary import Language

_FLIPPED: Final = {
    "===": "===",
    "<": ">",
    ">": "<",
    "<=": ">=",
    ">=": "<=",
    "before": "after",
    "after": "before",
    "not-before": "not-after",
    "not-after": "not-before",
}
"""The same comparison with its operands exchanged."""
_PARAMETER: Final = "external.parameters."
_CLOCK: Final = Both("查验时间", "the time of presentation")
_STEPS_OF_VALUE: Final = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was asked."""

    text: str
    met: bool | None
    """None: it can't be judged, so it is not met."""
    parts: tuple[Step, ...] = ()
    asked: bool = False
    """Only a question on the way: the answer no is no fault."""

    def lines(self, indent: str = "") -> list[str]:
        """The tree as text, one line a step."""
        mark = "·" if self.asked else {True: "✓", False: "✗", None: "?"}[self.met]
        return [f"{indent}{mark} {self.text}", *(line for part in self.parts for line in part.lines(f"{indent}  "))]


def explain(logic: Any, data: Mapping[str, Any], language: Language) -> Step:
    """Explain valid CertLogic over data: ``{"payload": facts, "external": {"parameters": ...}}``.

    Never raises: what can't be evaluated is a step whose ``met`` is None.
    """
    return _Explainer(data, language).step(logic, MUST)


@dataclass(frozen=True, slots=True)
class _Operand:
    """One side of a comparison."""

    part: Any
    value: Any
    known: bool
    """False where it can't be worked out."""
    path: str | None
    meaning: Value | None


@dataclass(frozen=True, slots=True)
class _Explainer:
    data: Mapping[str, Any]
    language: Language

    def step(self, part: Any, mood: Mapping[str, Both]) -> Step:
        """What one part asks; ``mood`` says whether it is a demand or a question."""
        operator, operands = next(iter(part.items())) if type(part) is dict else (None, part)
        if (alternatives := _alternatives(part)) is not None:
            return self._group("or", part, mood, tuple(self.step(item, ASK) for item in alternatives))
        if operator == "and" or (operator == "if" and operands[2] is False):
            conditions = operands if operator == "and" else operands[:2]
            return self._group("and", part, mood, tuple(self.step(item, mood) for item in conditions))
        if operator == "!":
            return self._group("!", part, mood, (self.step(operands[0], ASK),))
        if operator == "if":
            return self._choice(part, operands, mood)
        if operator in _FLIPPED or operator == "in":
            return self._comparison(operator, part, operands, mood)
        return self._bare(part, mood)

    def _met(self, part: Any) -> bool | None:
        try:
            return truth(certlogic.evaluate(part, self.data))
        except CertLogicError:
            return None

    def _words(self, zh: str, en: str) -> str:
        return Both(zh, en).of(self.language)

    def _verdict(self, met: bool | None, mood: Mapping[str, Both]) -> str:  # noqa: FBT001 - the answer itself
        if met is None:
            words = plain_words.CANNOT_TELL
        elif mood is MUST:
            words = plain_words.MET if met else plain_words.NOT_MET
        else:
            words = plain_words.YES if met else plain_words.NO
        return words.of(self.language)

    def _judged(
        self, text: str, demand: str, part: Any, mood: Mapping[str, Both], parts: tuple[Step, ...] = ()
    ) -> Step:
        met = self._met(part)
        comma, colon = ("，", "：") if self.language == "zh-CN" else ("; ", ": " if mood is MUST else " ")
        return Step(f"{text}{comma}{demand}{colon}{self._verdict(met, mood)}", met, parts, mood is ASK)

    def _group(self, operator: str, part: Any, mood: Mapping[str, Both], parts: tuple[Step, ...]) -> Step:
        met = self._met(part)
        text = mood[operator].of(self.language)
        colon = "：" if self.language == "zh-CN" else (": " if mood is MUST or operator == "if" else " ")
        return Step(f"{text}{colon}{self._verdict(met, mood)}", met, parts, mood is ASK)

    def _choice(self, part: Any, operands: list[Any], mood: Mapping[str, Both]) -> Step:
        """A condition and the branch that it leads to; the other branch is not asked."""
        condition = self.step(operands[0], ASK)
        if condition.met is None:
            return self._group("if", part, mood, (_prefixed(self._words("如果 ", "if: "), condition),))
        branch = self.step(operands[1] if condition.met else operands[2], mood)
        leads = self._words("那么 ", "then: ") if condition.met else self._words("否则 ", "otherwise: ")
        return self._group(
            "if", part, mood, (_prefixed(self._words("如果 ", "if: "), condition), _prefixed(leads, branch))
        )

    def _bare(self, part: Any, mood: Mapping[str, Both]) -> Step:
        """A value that stands where a judgement is expected."""
        if part is True:
            return Step(self._words("没有别的要求", "nothing more is asked"), met=True, asked=mood is ASK)
        if part is False:
            return Step(self._words("这种情况一律不满足", "this case is never met"), met=False, asked=mood is ASK)
        operand = self._operand(part)
        return self._judged(self._says(operand), mood["var"].of(self.language), part, mood)

    def _comparison(self, operator: str, part: Any, operands: list[Any], mood: Mapping[str, Both]) -> Step:
        sides = [self._operand(item) for item in operands]
        middle = 1 if len(sides) == _STEPS_OF_VALUE else 0
        if middle == 0 and operator in _FLIPPED and _rank(sides[1]) > _rank(sides[0]):
            sides.reverse()
            operator = _FLIPPED[operator]
        subject = sides[middle]
        meaning = next((side.meaning for side in (subject, *sides) if side.meaning is not None), None)
        demand = self._demand(operator, sides, meaning, mood)
        nested = tuple(self.step(side.part, ASK) for side in sides if _is_judgement(side.part))
        return self._judged(self._says(subject, meaning), demand, part, mood, nested)

    def _demand(self, operator: str, sides: list[_Operand], meaning: Value | None, mood: Mapping[str, Both]) -> str:
        if len(sides) == _STEPS_OF_VALUE:
            # a < b < c asks two things of b; the first comparison is read from b's side.
            low = mood[_FLIPPED[operator]].of(self.language).format(self._named(sides[0], meaning))
            high = mood[operator].of(self.language).format(self._named(sides[2], meaning))
            return f"{low.removesuffix('?')}{self._words('，', '; ')}{high}"
        return mood[operator].of(self.language).format(self._named(sides[1], meaning))

    def _operand(self, part: Any) -> _Operand:
        try:
            value, known = certlogic.evaluate(part, self.data), True
        except CertLogicError:
            value, known = None, False
        path = part["var"] if type(part) is dict and "var" in part else None
        return _Operand(part, value, known, path, value_of(path) if path is not None else _meaning_of(part))

    def _says(self, subject: _Operand, other: Value | None = None) -> str:
        """What is known about the subject of a comparison."""
        if subject.path is not None and subject.meaning is not None:
            if subject.value is None:
                lacking = self._lacking(subject.path)
                return f"{subject.meaning.words.of(self.language)}{self._words('：', ': ')}{lacking}"
            said = subject.meaning.says.of(self.language)
            return said.format(written(subject.value, subject.meaning, self.language))
        return self._named(subject, subject.meaning or other)

    def _named(self, side: _Operand, meaning: Value | None) -> str:
        """The value of one side, and where it comes from unless it is written in the rule itself."""
        value = written(side.value, side.meaning or meaning, self.language)
        if not side.known:
            value = plain_words.CANNOT_TELL.of(self.language)
        if side.path is None:
            if type(side.part) is dict:
                return self._sum(side.part, value)
            return value
        if side.path.startswith(_PARAMETER):
            name = _shown_path(side.path.removeprefix(_PARAMETER))
            return self._words(f"{value}（参数 {name}）", f"{value} (parameter {name})")
        if side.path == "external.validationClock":
            return self._words(f"{_CLOCK.zh} {value}", f"{_CLOCK.en}, {value}")
        if side.meaning is not None:
            known = value if side.value is not None else self._lacking(side.path)
            name = side.meaning.words.of(self.language)
            return self._words(f"{name}（{known}）", f"{name} ({known})")
        path = _shown_path(side.path)
        return self._words(f"{path}（{value}）", f"{path} ({value})")

    def _sum(self, part: dict[str, Any], value: str) -> str:
        operator, operands = next(iter(part.items()))
        if (pattern := SUMS.get(operator)) is None:
            return self._words(f"下面判断的结果（{value}）", f"the answer below ({value})")
        inner = [self._named(side, side.meaning or _meaning_of(part)) for side in map(self._operand, operands)]
        if operator == "plusTime":
            inner[2] = plain_words.UNITS[operands[2]].of(self.language)
        worked = pattern.of(self.language).format(*inner)
        return self._words(f"{worked}（{value}）", f"{worked} ({value})")

    def _lacking(self, path: str) -> str:
        """Why a value of a fact is not there: nothing is known, or only this one was not given."""
        payload = self.data.get("payload")
        fact = payload.get(path.split(".")[1]) if type(payload) is dict else None
        state = fact.get("state") if type(fact) is dict else None
        if state == "known":
            return self._words("没有这一项", "not given")
        return STATES[state if type(state) is str and state in STATES else "unknown"].of(self.language)


def _alternatives(part: Any) -> list[Any] | None:
    """The alternatives of the two ways in which CertLogic says "or"; None for anything else."""
    match part:
        case {"if": [first, True, second]} if second is not True:
            return [first, *(_alternatives(second) or [second])] if second is not False else None
        case {"!": [{"and": [*parts]}]} if all(type(item) is dict and "!" in item for item in parts):
            return [item["!"][0] for item in parts]
        case _:
            return None


def _rank(side: _Operand) -> int:
    """Which side a comparison is about: a value of a fact, rather than a parameter, rather than a literal."""
    if side.path is None:
        return 1 if type(side.part) is dict else 0
    return 3 if side.path.startswith("payload") else 2


def _is_judgement(part: Any) -> bool:
    return type(part) is dict and next(iter(part)) not in {"var", *SUMS}


def _meaning_of(part: Any) -> Value | None:
    """What a sum counts is what its first operand that counts anything counts."""
    if type(part) is not dict or "+" not in part:
        return None
    found = (value_of(item["var"]) if type(item) is dict and "var" in item else _meaning_of(item) for item in part["+"])
    return next((meaning for meaning in found if meaning is not None), None)


def _shown_path(path: str) -> str:
    return path if path.isprintable() else ascii(path)


def _prefixed(prefix: str, step: Step) -> Step:
    return replace(step, text=f"{prefix}{step.text}")
