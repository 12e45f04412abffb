"""The shift: who comes, with what, to which reader, and what has to come of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate.model import Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from gate.app.demo.certificates import Certificates
    from gate.app.demo.city_codes import CityCodes
    from gate.app.demo.devices import Devices

Expected = tuple[Outcome, Reason]
_GREEN: Final = (Outcome.PASS, Reason.GREEN_CODE)
_NUMBER: Final = "999999199001010016"
_GUANGDONG: Final = json.dumps({"codeId": "0123456789abcdef" * 2, "zoning": "999999", "s": "fedcba9876543210" * 3})


@dataclass(frozen=True, slots=True)
class Step:
    """One presentation."""

    key: str
    names: Mapping[str, str]
    reader: str
    expected: Expected
    present: Callable[[Devices], Awaitable[None]]


def shift(certificates: Certificates) -> tuple[Step, ...]:
    """Everybody, in the order in which they come."""
    return (*_cards(), *_troubles(), *_codes(), *_city(certificates.city), *_certificates(certificates))


def _cards() -> tuple[Step, ...]:
    rows: tuple[tuple[str, Expected, str, str], ...] = (
        ("citizen", _GREEN, "居民，绿码", "Citizen, green"),
        ("no-end", _GREEN, "居民，证件长期有效", "Citizen, card without an end"),
        ("foreigner-2017", _GREEN, "外国人永居证（2017版）", "Foreigner's permit of 2017"),
        ("foreigner-2023", _GREEN, "外国人永居证（2023版）", "Foreigner's permit of 2023"),
        ("hong-kong-macau-taiwan", _GREEN, "港澳台居住证", "Hong Kong, Macau, Taiwan permit"),
        ("last-hour", _GREEN, "核酸将满四十八小时", "Test almost 48 hours old"),
        ("yellow", _refer(Reason.CODE_NOT_GREEN), "黄码", "Yellow code"),
        ("red", _refer(Reason.CODE_NOT_GREEN), "红码", "Red code"),
        ("pop-up", _refer(Reason.POP_UP), "绿码，有弹窗", "Green code with a pop-up"),
        ("test-expired", _refer(Reason.TEST_EXPIRED), "核酸超过四十八小时", "Test older than 48 hours"),
        ("test-pending", _refer(Reason.TEST_PENDING), "核酸结果未出", "Test result pending"),
        ("test-none", _refer(Reason.TEST_NONE), "没有核酸记录", "No test"),
        ("test-positive", _refer(Reason.TEST_POSITIVE), "核酸阳性", "Test positive"),
        ("unvaccinated", _refer(Reason.VACCINATION_INCOMPLETE), "未接种", "Not vaccinated"),
        ("risk-area", _refer(Reason.RISK_AREA), "到过风险地区", "Was in a risk area"),
        ("card-expired", _refer(Reason.DOCUMENT_EXPIRED), "证件过期", "Card out of date"),
        ("unknown", _refer(Reason.HOLDER_UNKNOWN), "系统里没有这个人", "Nobody knows this person"),
        ("stale", _refer(Reason.DATA_STALE), "健康码数据四天未更新", "Colour not updated for four days"),
    )
    return tuple(Step(key, {"zh-CN": zh, "en": en}, "id-reader", expected, _lay(key)) for key, expected, zh, en in rows)


def _refer(reason: Reason) -> Expected:
    return Outcome.REFER, reason


def _lay(person: str) -> Callable[[Devices], Awaitable[None]]:
    return lambda devices: devices.lay_card(person)


def _troubles() -> tuple[Step, ...]:
    return (
        Step(
            "reader-pulled-out",
            {"zh-CN": "读卡时读卡器被拔掉", "en": "Reader pulled out while it reads"},
            "id-reader",
            (Outcome.RETRY, Reason.PRESENT_AGAIN),
            lambda devices: devices.pull_reader_out("citizen"),
        ),
        Step(
            "reader-put-back",
            {"zh-CN": "读卡器插回，再刷", "en": "Reader put back, card again"},
            "id-reader",
            _GREEN,
            lambda devices: devices.put_reader_back("citizen"),
        ),
        Step(
            "card-unreadable",
            {"zh-CN": "证件没放稳", "en": "Card that does not lie still"},
            "id-reader",
            (Outcome.RETRY, Reason.PRESENT_AGAIN),
            lambda devices: devices.lay_unreadable_card("citizen"),
        ),
    )


def _codes() -> tuple[Step, ...]:
    bare, strange = (Outcome.RETRY, Reason.BARE_NUMBER), (Outcome.RETRY, Reason.CODE_UNRECOGNISED)
    province = _refer(Reason.GATEWAY_MISSING)
    rows = (
        ("bare-number", _NUMBER, bare, "只是身份证号码的二维码", "A code that is just an ID number"),
        ("guangdong", _GUANGDONG, province, "粤康码，本机没有查询通道", "Guangdong's code, nobody to ask"),
        ("web-address", "https://example.com/a?b=1", strange, "一个网址", "A web address"),
        ("hanzi", "请放行", strange, "一句中文", "A sentence in Chinese"),
    )
    return tuple(
        Step(key, {"zh-CN": zh, "en": en}, "gun", expected, _type(text)) for key, text, expected, zh, en in rows
    )


def _type(text: str) -> Callable[[Devices], Awaitable[None]]:
    return lambda devices: devices.type_code(text)


def _show(text: str, picture: bytes | None) -> Callable[[Devices], Awaitable[None]]:
    return lambda devices: devices.show_code(text, picture)


def _city(city: CityCodes) -> tuple[Step, ...]:
    forbidden = _refer(Reason.CERTIFICATE_UNACCEPTABLE)
    too_old, used = (Outcome.RETRY, Reason.CODE_TOO_OLD), (Outcome.RETRY, Reason.CODE_USED)
    rows: tuple[tuple[str, str, Callable[[], str], Expected, str, str], ...] = (
        (
            "city-code",
            "camera",
            city.health_code,
            _GREEN,
            "本市签名健康码，本机无记录",
            "The city's own code, unknown here",
        ),
        ("same-again", "gun", city.same_again, used, "同一个码，第二个人再用", "The same code for a second person"),
        ("screenshot", "camera", city.screenshot, too_old, "健康码，十二分钟前的截图", "Screenshot, 12 minutes old"),
        (
            "wrong-signer",
            "gun",
            city.by_another_signer,
            forbidden,
            "无权签发健康码者所签",
            "Signer of certificates only",
        ),
        ("permit", "gun", city.permit, _refer(Reason.HOLDER_UNKNOWN), "只有通行证，查无此人", "Permit, holder unknown"),
    )
    return tuple(
        Step(key, {"zh-CN": zh, "en": en}, reader, expected, _fresh(reader, make))
        for key, reader, make, expected, zh, en in rows
    )


def _fresh(reader: str, make: Callable[[], str]) -> Callable[[Devices], Awaitable[None]]:
    """Made when it is shown."""
    if reader == "gun":
        return lambda devices: devices.type_code(make())
    return lambda devices: devices.show_code(make(), None)


def _certificates(certificates: Certificates) -> tuple[Step, ...]:
    return tuple(
        Step(
            code.key,
            code.names,
            code.reader,
            code.expected,
            _type(code.text) if code.reader == "gun" else _show(code.text, code.picture),
        )
        for code in certificates.codes
    )
