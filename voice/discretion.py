"""Words that would give away before bystanders what is nobody's business: results, colours, pop-ups, suspicions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gate.model import Texts

REVEALING: Final = re.compile(
    r"阳|阴性|红码|黄码|弹窗|密接|确诊|感染|风险|疫苗|接种|行程|旅居|禁止|嫌疑|伪造"
    r"|positive|negative|\bred\b|yellow|pop-?up|infect|contact|risk|vaccin|travel|forged|fake|suspect|forbidden",
    re.IGNORECASE,
)


def revealed(texts: Texts) -> dict[str, str]:
    """What a text that others hear or see would give away: name of the text to the first such word."""
    public = {"voice": texts.voice, "screen": texts.screen, "next_step": texts.next_step}
    return {name: found[0] for name, text in public.items() if (found := REVEALING.search(text)) is not None}
