"""Every fact that rules may ask about, in plain Chinese and English: what ``derive`` writes, for rule authors.

One table serves ``gate rules check`` (is there such a value?), ``gate rules explain`` (what does it mean?) and the
tables of ``docs/rules.md``. Tests hold it against ``derive``, so that it can't say more or less than there is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from gate.model import FactState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Choices = Mapping[Any, "Both"]  # keys are texts, integers or booleans

Language = Literal["zh-CN", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh-CN", "en")


@dataclass(frozen=True, slots=True)
class Both:
    """One thing in both languages."""

    zh: str
    en: str

    def of(self, language: Language) -> str:
        """The words in one language."""
        return self.zh if language == "zh-CN" else self.en


class Unit(Enum):
    """What a value counts, so that it can be written as people write it."""

    SECONDS = "integer, seconds"
    DAYS = "integer, calendar days"
    YEARS = "integer, years"
    TENTHS = "integer, tenths of a degree Celsius"
    COUNT = "integer"
    FLAG = "boolean"
    CHOICE = "one of"
    NAME = "text"


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a fact."""

    unit: Unit
    words: Both
    """Its name: ``the result of the test``."""
    says: Both
    """A sentence with ``{}`` for the value: ``the test was reported {} ago``."""
    choices: Choices = field(default_factory=dict)
    """Every value that it can have, where the list is closed."""
    when: str = ""
    """Under which condition it is there at all; empty: whenever the fact is known."""


@dataclass(frozen=True, slots=True)
class FactWords:
    """One fact."""

    words: Both
    states: tuple[FactState, ...]
    source: str
    """Where it comes from."""
    note: str
    values: Mapping[str, Value]


STATES: Final[Mapping[str, Both]] = MappingProxyType(
    {
        FactState.KNOWN.value: Both("已查到", "known"),
        FactState.ABSENT.value: Both("没有", "none there"),
        FactState.UNKNOWN.value: Both("数据未知", "not known"),
        FactState.STALE.value: Both("数据未更新", "not updated for too long"),
    }
)


def value_of(path: str) -> Value | None:
    """What ``payload.<fact>.<value>`` means, ``state`` and ``age`` included; None where there is no such value."""
    steps = path.split(".")
    if len(steps) != 3 or steps[0] != "payload" or (fact := FACTS.get(steps[1])) is None:  # noqa: PLR2004 - its parts
        return None
    zh, en = fact.words.zh, fact.words.en
    if steps[2] == "state":
        return Value(Unit.CHOICE, fact.words, Both(f"{zh}：{{}}", f"{en}: {{}}"), STATES)
    if steps[2] == "age":
        return Value(Unit.SECONDS, Both(f"{zh}的数据时间", f"the age of the data on {en}"), _ago(f"{zh}的数据", en))
    return fact.values.get(steps[2])


def paths() -> Iterator[str]:
    """Every path that a rule may read in ``payload``."""
    for name, fact in FACTS.items():
        for value in ("state", "age", *fact.values):
            yield f"payload.{name}.{value}"


def _ago(zh: str, en: str) -> Both:
    return Both(f"{zh}距今 {{}}", f"{en} is from {{}} ago")


def _plain(unit: Unit, zh: str, en: str, when: str = "") -> Value:
    return Value(unit, Both(zh, en), Both(f"{zh}为 {{}}", f"{en} is {{}}"), {}, when)


def _choice(zh: str, en: str, choices: Choices) -> Value:
    return Value(Unit.CHOICE, Both(zh, en), Both(f"{zh}为 {{}}", f"{en} is {{}}"), choices)


def _flag(zh_yes: str, zh_no: str, en: str) -> Value:
    choices = {True: Both(zh_yes, "yes"), False: Both(zh_no, "no")}
    return Value(Unit.FLAG, Both(f"{zh_yes}（是/否）", en), Both("{}", f"{en}: {{}}"), choices)


def _seconds(zh: str, en: str, when: str = "") -> Value:
    return Value(
        Unit.SECONDS,
        Both(f"{zh}距今时间", f"the time since {en}"),
        Both(f"{zh}距今 {{}}", f"{en} {{}} ago"),
        {},
        when,
    )


def _days(zh: str, en: str, when: str = "") -> Value:
    return Value(
        Unit.DAYS,
        Both(f"{zh}距今天数", f"the calendar days since {en}"),
        Both(f"{zh}距今 {{}}（当天为0）", f"{en} {{}} ago (that day is 0)"),
        {},
        when,
    )


_KNOWN: Final = (FactState.KNOWN,)
_ANY: Final = tuple(FactState)
_SOURCED: Final = (FactState.KNOWN, FactState.UNKNOWN, FactState.STALE)
"""Silence about these says nothing: they are never absent."""
_RESULTS: Final = {
    "negative": Both("阴性", "negative"),
    "positive": Both("阳性", "positive"),
    "inconclusive": Both("存疑", "inconclusive"),
    "pending": Both("未出", "pending"),
}
_COLOURS: Final = {
    "green": Both("绿", "green"),
    "yellow": Both("黄", "yellow"),
    "red": Both("红", "red"),
    "orange": Both("橙", "orange"),
    "grey": Both("灰", "grey"),
    "unknown": Both("来源未给出颜色", "of no colour that the source names"),
}
_METHODS: Final = {"pcr": Both("核酸", "PCR"), "antigen": Both("抗原", "antigen")}


def _code(zh: str, en: str) -> dict[str, Value]:
    return {"colour": _choice(f"{zh}颜色", f"the colour of {en}", _COLOURS)}


def _test(zh: str, en: str) -> dict[str, Value]:
    return {
        "result": _choice(f"{zh}结果", f"the result of {en}", _RESULTS),
        "method": _choice(f"{zh}方法", f"the method of {en}", _METHODS),
        "pool_size": _plain(Unit.COUNT, f"{zh}混检人数", f"the number of people in one tube of {en}"),
        "since_sample": _seconds(f"{zh}采样", f"the swab of {en} was taken"),
        "days_since_sample": _days(f"{zh}采样", f"the swab of {en} was taken"),
        "since_report": _seconds(f"{zh}报告", f"{en} was reported", when="the result was reported"),
    }


FACTS: Final[Mapping[str, FactWords]] = MappingProxyType(
    {
        "clock": FactWords(
            Both("设备时钟", "the clock of the gate"),
            _KNOWN,
            "the gate itself",
            "A gate has no clock battery: until it was shown the right time, no age is known.",
            {"trusted": _flag("时钟可信", "时钟不可信", "the clock is trusted")},
        ),
        "checkpoint": FactWords(
            Both("本岗位", "this checkpoint"),
            _KNOWN,
            "the gate's configuration",
            "Where the gate stands.",
            {
                "site_class": _plain(Unit.NAME, "场所类别", "the class of the site"),
                "zone": _plain(Unit.NAME, "通往的区域", "the zone that it leads into"),
                "lane": _plain(Unit.NAME, "通道", "the lane"),
                "direction": _choice("方向", "the direction", {"in": Both("进", "in"), "out": Both("出", "out")}),
                "attended": _flag("有人值守", "无人值守", "a guard stands beside it"),
            },
        ),
        "credential": FactWords(
            Both("所持凭证", "the credential"),
            _KNOWN,
            "the reader",
            "What was presented. Assurance says how hard it is to copy: compare it with >=.",
            {
                "kind": _choice(
                    "凭证种类",
                    "the kind of credential",
                    {
                        "resident_id": Both("居民身份证", "resident ID card"),
                        "social_security": Both("社会保障卡", "social-security card"),
                        "health_code": Both("健康码", "health code"),
                        "permit": Both("电子通行证", "signed permit"),
                        "hcert": Both("数字健康证明", "signed health certificate"),
                        "smart_health_card": Both("SMART健康卡", "SMART Health Card"),
                        "vds_nc": Both("国际民航组织健康证明", "ICAO visible digital seal"),
                        "bare_number": Both("只有号码的码", "code with a bare number"),
                        "unrecognised": Both("无法识别", "unrecognised"),
                    },
                ),
                "assurance": _choice(
                    "凭证可信等级",
                    "the assurance of the credential",
                    {
                        1: Both("1（手输号码）", "1 (typed)"),
                        2: Both("2（静态码）", "2 (static code)"),
                        3: Both("3（动态码）", "3 (dynamic code)"),
                        4: Both("4（芯片）", "4 (chip)"),
                    },
                ),
                "since_issue": _seconds(
                    "凭证签发", "the credential was issued", when="it carries a time of issue and the clock is trusted"
                ),
            },
        ),
        "document": FactWords(
            Both("证件有效期", "the document"),
            (FactState.KNOWN, FactState.ABSENT, FactState.UNKNOWN),
            "the card's chip",
            "Absent: the credential has no dates. Unknown: the clock is not trusted.",
            {
                "valid": _choice(
                    "证件有效性",
                    "the validity of the document",
                    {
                        "valid": Both("在有效期内", "in date"),
                        "expired": Both("已过期", "expired"),
                        "not_yet_valid": Both("尚未生效", "not yet valid"),
                    },
                )
            },
        ),
        "person": FactWords(
            Both("持证人年龄", "the holder's age"),
            (FactState.KNOWN, FactState.UNKNOWN),
            "the credential",
            "Unknown without a birth date or a trusted clock. A birthday on 29 February turns on 1 March.",
            {"age_years": _plain(Unit.YEARS, "年龄", "the holder's age")},
        ),
        "holder": FactWords(
            Both("持证人登记", "the holder's registration"),
            (FactState.KNOWN, FactState.UNKNOWN),
            "the sources of records",
            "Known: a source knows the holder. Unknown: none found this document number.",
            {},
        ),
        "code": FactWords(
            Both("健康码", "the health code"),
            _SOURCED,
            "the newest record of its colour",
            "Silence is unknown: somebody has to have looked.",
            _code("健康码", "the health code"),
        ),
        "pop_up": FactWords(
            Both("弹窗", "the pop-up"),
            _SOURCED,
            "the newest record of a pop-up",
            "One past its end is not active.",
            {
                "active": _flag("有弹窗", "没有弹窗", "a pop-up is active"),
                "level": _plain(Unit.COUNT, "弹窗等级", "the class of the pop-up"),
                "cleared": _flag("弹窗已由社区排查", "弹窗未经社区排查", "the community has cleared the pop-up"),
                "since_raised": _seconds("弹窗产生", "the pop-up was raised", when="the source says when"),
                "days_since_raised": _days("弹窗产生", "the pop-up was raised", when="the source says when"),
            },
        ),
        "test": FactWords(
            Both("核酸检测", "the test"),
            _ANY,
            "the newest concluded test",
            "Results that a single-tube retest replaced don't count; a pending one only where nothing is concluded.",
            _test("核酸", "the test"),
        ),
        "sample": FactWords(
            Both("核酸采样", "the newest swab"),
            _ANY,
            "the newest swab",
            "Whatever became of it: the proof of sampling.",
            {
                "since_sample": _seconds("最近采样", "the newest swab was taken"),
                "days_since_sample": _days("最近采样", "the newest swab was taken"),
                "pending": _flag("最近采样未出结果", "最近采样已出结果", "the newest swab has no result yet"),
            },
        ),
        "vaccination": FactWords(
            Both("疫苗接种", "the vaccination"),
            _ANY,
            "the newest record of doses",
            "Absent: the holder is known and there is no record. 0 doses are known. Whoever can't be vaccinated: "
            "`exemption`.",
            {
                "doses": _plain(Unit.COUNT, "接种剂次", "the number of doses"),
                "since_dose": _seconds("最近一剂接种", "the last dose was given", when="the source says when"),
                "days_since_dose": _days("最近一剂接种", "the last dose was given", when="the source says when"),
            },
        ),
        "travel": FactWords(
            Both("行程", "travel"),
            _SOURCED,
            "the newest record of travel",
            "Silence is unknown: somebody has to have looked.",
            {"risk_area": _flag("近期到过风险地区", "近期未到过风险地区", "the holder was in a risk area lately")},
        ),
        "arrival": FactWords(
            Both("来本地记录", "the arrival"),
            _ANY,
            "the newest arrival, and the tests since",
            "Absent: the holder is known and has not arrived from elsewhere.",
            {
                "since_arrival": _seconds("抵达本地", "the holder arrived"),
                "days_since_arrival": _days("抵达本地", "the holder arrived"),
                "risk": _choice(
                    "来源地风险",
                    "the risk of where the holder came from",
                    {
                        "low": Both("低风险", "low"),
                        "medium": Both("中风险", "medium"),
                        "high": Both("高风险", "high"),
                        "abroad": Both("境外", "abroad"),
                    },
                ),
                "negatives": _plain(Unit.COUNT, "抵达后阴性次数", "the number of negative tests since the arrival"),
                "spaced_negatives": _plain(
                    Unit.COUNT,
                    "抵达后间隔24小时以上的阴性次数",
                    "the number of negative tests since the arrival, each 24 hours or more after the one before,",
                ),
                "smallest_gap": Value(
                    Unit.SECONDS,
                    Both("抵达后两次采样的最小间隔", "the smallest gap between swabs since the arrival"),
                    Both("抵达后两次采样的最小间隔为 {}", "the smallest gap between swabs since the arrival is {}"),
                    {},
                    "there are two negative tests or more",
                ),
            },
        ),
        "exemption": FactWords(
            Both("豁免情况", "exemptions"),
            (FactState.KNOWN, FactState.UNKNOWN, FactState.STALE),
            "all records of exemptions",
            "Known whenever the holder is known and the clock trusted; an exemption past its end is false.",
            {
                "not_fit_for_vaccination": _flag(
                    "不宜接种疫苗", "没有不宜接种的证明", "the holder can't be vaccinated"
                ),
                "mobility": _flag("行动不便免采样", "没有行动不便的证明", "the holder can't get to a swab"),
                "swab_deferred": _flag("暂缓采样", "没有暂缓采样的证明", "swabs have to wait"),
            },
        ),
        "permit": FactWords(
            Both("通行证", "the permit"),
            _ANY,
            "the permit that helps most at this zone and minute",
            "Absent: the holder is known and has no permit. Unknown: also while a list of permits can't be read. "
            "Entries used at this gate are taken off.",
            {
                "zone": _flag("通行证包含本区域", "通行证不含本区域", "the permit covers this zone"),
                "in_force": _flag("通行证在有效期内", "通行证不在有效期内", "the permit is in date"),
                "in_hours": _flag("现在在通行时段内", "现在不在通行时段内", "the permit covers this time of day"),
                "entries_left": _plain(
                    Unit.COUNT, "剩余通行次数", "the number of entries left", when="entries are limited"
                ),
            },
        ),
        "presence": FactWords(
            Both("在场情况", "the holder's presence"),
            (FactState.KNOWN, FactState.UNKNOWN),
            "what this gate has recorded",
            "By the last time that this gate let the holder through, into this zone or out of it. Unknown: the record "
            "can't be read, nobody knows who the holder is, or the time is not certain.",
            {
                "inside": _flag("已进入且未离开", "未进入或已离开", "the holder went in and has not come out since"),
                "since_last": _seconds(
                    "上次进出", "the holder was let through", when="the holder was let through before, at a known time"
                ),
            },
        ),
        "companion": FactWords(
            Both("陪同人", "the companion"),
            (FactState.KNOWN, FactState.ABSENT),
            "the reader",
            "Known: a companion has presented as well. Absent: none yet.",
            {},
        ),
        "companion_code": FactWords(
            Both("陪同人健康码", "the companion's health code"),
            _SOURCED,
            "the companion's records",
            "As `code`; unknown without a companion.",
            _code("陪同人健康码", "the companion's health code"),
        ),
        "companion_test": FactWords(
            Both("陪同人核酸检测", "the companion's test"),
            _ANY,
            "the companion's records",
            "As `test`; unknown without a companion.",
            _test("陪同人核酸", "the companion's test"),
        ),
        "temperature": FactWords(
            Both("体温", "the temperature"),
            (FactState.KNOWN, FactState.ABSENT, FactState.UNKNOWN),
            "the gate's thermometer",
            "Absent: no thermometer is fitted here. Unknown: there is one, but it has not measured.",
            {
                "tenths": _plain(Unit.TENTHS, "体温", "the temperature"),
                "measurement": _plain(Unit.COUNT, "第几次测温", "the number of the measurement"),
            },
        ),
        "attempts": FactWords(
            Both("重试情况", "attempts"),
            _KNOWN,
            "the gate itself",
            "How often this holder, or anybody at this reader, was asked to try again in the last 2 minutes.",
            {"retries": _plain(Unit.COUNT, "两分钟内重试次数", "the number of retries within 2 minutes")},
        ),
    }
)
"""By name, in the order in which ``docs/rules.md`` lists them."""
