"""Here lives the story of templates: one is written, looked at, tried on oneself, and deleted."""

from models.links import Link
from models.push_templates import PushTemplate
from tests.journeys.walk import ZH, Step

THE_TEMPLATES = (
    Step(
        "tpl",
        "boss",
        (
            "模板 加 双十一 折扣=五折\n{{{{ 客户 or '您' }}}}，{{{{ 折扣 }}}}：https://example.com/d11",
            "双十一 客户 折扣 五折 试发",
        ),
        (
            "tpl add d11 deal=half\n{{{{ name or 'Hello' }}}}, {{{{ deal }}}}: https://example.com/d11",
            "d11 name deal half test",
        ),
        lambda w: (PushTemplate.filter(name="双十一" if w.language == ZH else "d11", staff_id=w.id("boss")),),
    ),
    Step("tpl", "boss", ("模板", "1. 双十一"), ("tpl", "1. d11")),
    Step("tpl", "boss", ("模板 看 双十一", "双十一 {boss} 折扣"), ("tpl show d11", "d11 {boss} deal")),
    Step(
        "test",
        "other",
        ("试发 双十一 折扣=四折", "四折：http /t/"),
        ("test d11 deal=third", "third: http /t/"),
        lambda _: (Link.filter(push_id=None, url="https://example.com/d11"),),
    ),
    Step("tpl", "other", ("模板 删 双十一", "双十一 折扣"), ("tpl del d11", "d11 deal")),
)
