"""Here lives how changes of a customer are read from what was typed."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.edits import FIELDS, LONGEST, edits, field_alone
from domain.errors import Refusal

TODAY = date(2026, 3, 2)
WORDS = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("typed", "new"),
    [
        ("手机=138 0000 1234 公司=ABC Ltd, Inc.", {"phone": "+8613800001234", "company": "ABC Ltd, Inc."}),
        (
            "Company=“Tencent（深圳）”；职位：采购, 城市=深圳",
            {"company": "Tencent（深圳）", "position": "采购", "city": "深圳"},
        ),
        ("手机=13800001234\n公司=星辰\n科技", {"phone": "+8613800001234", "company": "星辰 科技"}),
        ('公司="a b=c" 姓名=王小二', {"company": "a b=c", "name": "王小二"}),
        ("姓名　王小二", {"name": "王小二"}),
        ("name: John Smith", {"name": "John Smith"}),
        ("公司＝１２３数码", {"company": "１２３数码"}),
        ("手机= 公司=", {"phone": "", "company": ""}),
        ('公司=""', {"company": ""}),
        ("邮箱=Zhang.San@Example.COM", {"email": "Zhang.San@example.com"}),
        ("性别=女士 生日=1990年5月1日", {"gender": "female", "birthday": "1990-05-01"}),
        ("gender=M birthday=19900501", {"gender": "male", "birthday": "1990-05-01"}),
        ("生日=2026/3/2", {"birthday": "2026-03-02"}),
        ("生日=5月1日", {"birthday": "--05-01"}),
        ("生日=2-29", {"birthday": "--02-29"}),
        ("公司=星\u200b辰\0", {"company": "星辰"}),
        ("评分=80 同意=是", {"score": 80, "consent": "granted"}),
        ("score=-5 consent=No", {"score": -5, "consent": "withdrawn"}),
        ("评分= 同意=", {"score": 0, "consent": ""}),
        ("自定义.等级=金 custom.Level=gold", {"custom.等级": "金", "custom.Level": "gold"}),
        ("自定义。等级：金卡 会员，公司=A", {"custom.等级": "金卡 会员", "company": "A"}),
        ("custom.a.b=1.50 custom.n=-7", {"custom.a.b": 1.5, "custom.n": -7}),
        ('自定义.编号="0012" 自定义.n="12"', {"custom.编号": "0012", "custom.n": "12"}),
        ("自定义.编号=0012 自定义.x=", {"custom.编号": "0012", "custom.x": ""}),
        ("自定义.等级 金", {"custom.等级": "金"}),
    ],
)
def test_what_is_changed(typed: str, new: dict[str, str]) -> None:
    assert edits(typed, TODAY) == new


@pytest.mark.parametrize(
    ("typed", "key", "what"),
    [
        ("微信=abc", "unknown_field", "微信"),
        ("手机=13800001234 foo=1", "unknown_field", "foo"),
        ("你好 手机=13800001234", "bad_argument", "你好"),
        ("你好", "bad_argument", "你好"),
        ("手机=13800001234 电话=13800001234", "given_twice", "电话"),
        ("手机=1380000", "bad_value", "1380000"),
        ("邮箱=a..b@example.com", "bad_value", "a..b@example.com"),
        ("邮箱=a@b", "bad_value", "a@b"),
        ("邮箱=张三@example.com", "bad_value", "张三@example.com"),
        ("性别=x", "bad_value", "x"),
        ("评分=很高", "bad_value", "很高"),
        ("评分=1000001", "bad_value", "1000001"),
        ("评分=1.5", "bad_value", "1.5"),
        ("同意=也许", "bad_value", "也许"),
        ("自定义=金", "unknown_field", "自定义"),
        ("自定义.等级=金 custom.等级=银", "given_twice", "custom.等级"),
        ("生日=1990-02-30", "bad_value", "1990-02-30"),
        ("生日=1990-02-29", "bad_value", "1990-02-29"),
        ("生日=2-30", "bad_value", "2-30"),
        ("生日=2026-03-03", "bad_value", "2026-03-03"),
        ("生日=1899-12-31", "bad_value", "1899-12-31"),
        ("生日=0000-00-00", "bad_value", "0000-00-00"),
        ("生日=明天", "bad_value", "明天"),
    ],
)
def test_what_is_refused(typed: str, key: str, what: str) -> None:
    with pytest.raises(Refusal) as refused:
        edits(typed, TODAY)
    assert (refused.value.key, refused.value.values["what"]) == (f"refusals/{key}", what)


@pytest.mark.parametrize("field", LONGEST)
def test_what_would_be_cut_off_is_refused(field: str) -> None:
    assert edits(f"{field}={'长' * LONGEST[field]}", TODAY) == {field: "长" * LONGEST[field]}
    with pytest.raises(Refusal, match="value_too_long"):
        edits(f"{field}={'长' * (LONGEST[field] + 1)}", TODAY)


@pytest.mark.parametrize(
    ("typed", "field"),
    [("手机", "phone"), (" Phone ：", "phone"), ("手机=", None), ("手机 1", None), ("微信", None), ("", None)],
)
def test_a_field_that_is_named_alone(typed: str, field: str | None) -> None:
    assert field_alone(typed) == field


@given(st.text(max_size=60))
def test_nothing_but_a_refusal_comes_of_whatever_is_typed(typed: str) -> None:
    with suppress(Refusal):
        assert set(edits(typed, TODAY)) <= set(FIELDS)


@given(
    st.dictionaries(st.sampled_from(sorted(LONGEST)), WORDS, min_size=1), st.sampled_from([" ", "  ", "，", "; ", "\n"])
)
def test_what_is_typed_in_pairs_is_read_so(pairs: dict[str, str], between: str) -> None:
    assert edits(between.join(f"{field}={value}" for field, value in pairs.items()), TODAY) == pairs
