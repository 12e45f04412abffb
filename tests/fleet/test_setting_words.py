"""What somebody types for a setting: a value that may be set, and reads the same again, or an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from gate.config_levels import SETTINGS, check
from gate.errors import ConfigError

if TYPE_CHECKING:
    from fleet_rig import FleetServer


@given(name=st.sampled_from(sorted(SETTINGS)), text=st.text(max_size=30) | st.from_regex(r"-?[0-9]{1,14}|yes|no"))
@examples(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_typed_is_a_value_or_an_error(fleet_server: FleetServer, name: str, text: str) -> None:
    from fleet.console.setting_words import text_of, typed  # noqa: PLC0415 - Django is set up by the fixture

    assert fleet_server.url
    try:
        value = typed(name, text)
    except (ValueError, ConfigError):
        return
    check({name: value})
    assert typed(name, text_of(value)) == value


def test_every_setting_has_words(fleet_server: FleetServer) -> None:
    from fleet.console.setting_words import WORDS  # noqa: PLC0415 - Django is set up by the fixture

    assert fleet_server.url
    assert WORDS.keys() == SETTINGS.keys()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("voice.languages", "zh-CN、en", ["zh-CN", "en"]),
        ("voice.languages", " zh-CN,en ", ["zh-CN", "en"]),
        ("voice.lead_in_ms", "-1", -1),
        ("checkpoint.attended", "yes", True),
        ("checkpoint.attended", "no", False),
    ],
)
def test_people_type_it_as_they_are_used_to(fleet_server: FleetServer, name: str, text: str, value: object) -> None:
    from fleet.console.setting_words import typed  # noqa: PLC0415 - Django is set up by the fixture

    assert fleet_server.url
    assert typed(name, text) == value
