"""Values as people write them, in Chinese and English: spans of time, temperatures, choices; the words of CertLogic.

Total: whatever JSON holds can be written, for facts that somebody typed may hold anything.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from gate.rules.certlogic_dates import Instant
from gate.rules.certlogic_values import kind
from gate.rules.vocabulary import Both, Unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.rules.vocabulary import Language, Value

_MAX_SHOWN: Final = 60
_MAX_LISTED: Final = 20
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_LONGEST_IN_HOURS: Final = 96 * _HOUR
"""The field counts tests in 24, 48, 72 and 96 hours, quarantines in days."""

NOTHING: Final = Both("没有值", "no value")
YES: Final = Both("是", "yes")
NO: Final = Both("否", "no")

MET: Final = Both("满足", "met")
NOT_MET: Final = Both("不满足", "not met")
CANNOT_TELL: Final = Both("无法判断", "can't be judged")

MUST: Final[Mapping[str, Both]] = MappingProxyType(
    {
        "===": Both("要求是 {}", "it must be {}"),
        "in": Both("要求是 {} 之一", "it must be one of: {}"),
        "<=": Both("要求不超过 {}", "at most {} is allowed"),
        "<": Both("要求少于 {}", "less than {} is required"),
        ">=": Both("要求至少 {}", "at least {} is required"),
        ">": Both("要求超过 {}", "more than {} is required"),
        "not-after": Both("要求不晚于 {}", "no later than {} is required"),
        "before": Both("要求早于 {}", "before {} is required"),
        "not-before": Both("要求不早于 {}", "no earlier than {} is required"),
        "after": Both("要求晚于 {}", "after {} is required"),
        "var": Both("要求成立", "this must be so"),
        "and": Both("以下各项都要满足", "all of these must hold"),
        "or": Both("以下至少一项要成立", "at least one of these must be so"),
        "!": Both("以下情况不得成立", "this must not be so"),
        "if": Both("分情况", "it depends"),
    }
)
"""What a rule demands, by operator; ``or`` is what ``if`` and ``!`` are written for."""

ASK: Final[Mapping[str, Both]] = MappingProxyType(
    {
        "===": Both("是不是 {}", "is it {}?"),
        "in": Both("是不是 {} 之一", "is it one of: {}?"),
        "<=": Both("是否不超过 {}", "is that at most {}?"),
        "<": Both("是否少于 {}", "is that less than {}?"),
        ">=": Both("是否至少 {}", "is that at least {}?"),
        ">": Both("是否超过 {}", "is that more than {}?"),
        "not-after": Both("是否不晚于 {}", "is that no later than {}?"),
        "before": Both("是否早于 {}", "is that before {}?"),
        "not-before": Both("是否不早于 {}", "is that no earlier than {}?"),
        "after": Both("是否晚于 {}", "is that after {}?"),
        "var": Both("是否成立", "is this so?"),
        "and": Both("以下各项是否都成立", "are all of these so?"),
        "or": Both("以下是否至少一项成立", "is at least one of these so?"),
        "!": Both("以下情况是否不成立", "is this not so?"),
        "if": Both("分情况", "it depends"),
    }
)
"""The same as a question, for conditions that nobody has to meet."""

SUMS: Final[Mapping[str, Both]] = MappingProxyType(
    {
        "+": Both("{0} 加 {1}", "{0} plus {1}"),
        "plusTime": Both("{0} 加 {1} {2}", "{0} plus {1} {2}"),
        "dccDateOfBirth": Both("出生日期 {0}", "the date of birth {0}"),
        "extractFromUVCI": Both("证书编号 {0} 的第 {1} 段", "part {1} of the certificate identifier {0}"),
        "reduce": Both("由 {0} 逐项算得的值", "a value worked out from each item of {0}"),
        "if": Both("按情况取的值", "a value that depends"),
    }
)
"""Operators that work out a value rather than a judgement."""

UNITS: Final[Mapping[str, Both]] = MappingProxyType(
    {
        "year": Both("年", "years"),
        "month": Both("个月", "months"),
        "day": Both("天", "days"),
        "hour": Both("小时", "hours"),
    }
)


def written(value: Any, meaning: Value | None, language: Language) -> str:  # noqa: PLR0911 - one kind after the other
    """A value as people write it; by its own kind where its meaning is not known or doesn't fit."""
    if meaning is not None and (choice := _choice(value, meaning)) is not None:
        return choice.of(language)
    match value:
        case None:
            return NOTHING.of(language)
        case bool():
            return (YES if value else NO).of(language)
        case int():
            return _number(value, meaning.unit if meaning is not None else Unit.COUNT, language)
        case float():
            return str(value)
        case str():
            return _quoted(value)
        case list():
            listed = [written(item, meaning, language) for item in value[:_MAX_LISTED]]
            return Both("、", ", ").of(language).join([*listed, *(["…"] if len(value) > _MAX_LISTED else [])])
        case Instant():
            return f"{value.utc.isoformat(sep=' ', timespec='seconds')} UTC"
        case _:
            return Both("（不是单个值）", kind(value)).of(language)


def _choice(value: Any, meaning: Value) -> Both | None:
    """The words of one of a closed list; in Python True is 1, here a flag and a number are not the same."""
    if type(value) not in (str, int, bool) or (type(value) is bool) is not (meaning.unit is Unit.FLAG):
        return None
    return next((words for choice, words in meaning.choices.items() if choice == value), None)


def span(seconds: int, language: Language) -> str:
    """Seconds as hours, minutes and seconds, and above 96 hours as days too: ``52 h 46 min 40 s``."""
    rest = abs(seconds)
    parts = []
    sizes = ((_DAY, "天", "d"), (_HOUR, "小时", "h"), (_MINUTE, "分", "min"), (1, "秒", "s"))
    for size, zh, en in sizes[rest <= _LONGEST_IN_HOURS :]:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{zh}" if language == "zh-CN" else f"{count} {en}")
    text = ("" if language == "zh-CN" else " ").join(parts) or Both("0秒", "0 s").of(language)
    return f"-{text}" if seconds < 0 else text


def _number(value: int, unit: Unit, language: Language) -> str:
    if unit is Unit.SECONDS:
        return span(value, language)
    if unit is Unit.TENTHS:
        sign, (whole, tenth) = "-" if value < 0 else "", divmod(abs(value), 10)
        return f"{sign}{whole}.{tenth}{Both('℃', ' °C').of(language)}"
    if unit is Unit.DAYS:
        return f"{value}天" if language == "zh-CN" else f"{value} days"
    if unit is Unit.YEARS:
        return f"{value}岁" if language == "zh-CN" else f"{value} years"
    return str(value)


def _quoted(text: str) -> str:
    shown = text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
    return f"“{shown}”" if shown.isprintable() else ascii(shown)
