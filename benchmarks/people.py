"""Here live a million invented customers: the same ones every time, named as unevenly as people are."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾"
    "夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀兰霞平刚桂英华玉红建文国志海春梅晓云飞鹏宇浩轩子涵雨欣怡梦琪嘉俊博雪婷慧颖莉佳琳鑫龙凤燕萍洁"
    "玲波辉斌峰健亮成林森炎晨阳旭东南西北中天佑思源瑞祥和安康乐福寿永恒新民振兴家国忠孝仁义礼智信德才学识真善美若水清风月星辰光远山川"
    "石松柏竹菊荷莲桃杏蓉蓓蕾薇茜茹菲芸芬芝蔷薰宁静雅致柔婉淑贤惠珍珠玛瑙琼瑶碧翠彩虹霓裳锦绣绮罗绫绢纱"
)
WORDS = """
James Mary John Linda Robert Susan Michael Karen David Lisa Anna Peter Laura Kevin Emma Lucas Olga Ivan
Smith Johnson Brown Miller Davis Garcia Wilson Moore Taylor Lee Walker Young King Wright Hill
北京 上海 广州 深圳 杭州 成都 武汉 西安 南京 苏州 天津 重庆 长沙 青岛 宁波 厦门
科技 贸易 商贸 电子 信息技术 网络 文化传媒 餐饮管理 物流 建筑工程 医疗器械 教育咨询 投资 实业 食品 服饰
"""
LATIN, FAMILIES, PLACES, TRADES = [line.split() for line in WORDS.strip().splitlines()]
STAFF = 200


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    name: str
    phone: str
    company: str
    openid: str
    owner: int  # 0: nobody's
    seen: int  # milliseconds

    @property
    def known(self) -> tuple[list[str], list[str], list[str], str]:
        return [self.name], [self.phone] if self.phone else [], [self.openid, f"c{self.id}"], self.company


def people(count: int) -> Iterator[Person]:
    dice = random.Random(20260302)
    for number in range(1, count + 1):
        yield Person(
            id=number,
            name=_name(dice),
            phone=f"+861{dice.choice('3578')}{dice.randrange(10**9):09}" if dice.random() < 0.6 else "",
            company=_company(dice) if dice.random() < 0.4 else "",
            openid="o" + "".join(dice.choices("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz0123456789_-", k=27)),
            owner=0 if dice.random() < 0.3 else dice.randint(1, STAFF),
            seen=1_740_000_000_000 + dice.randrange(30_000_000) * 1000,
        )


def _falling(count: int) -> list[float]:
    """The second is half as common as the first, and so on: how names are spread."""
    return list(accumulate(1 / (place + 3) for place in range(count)))


SURNAME_WEIGHTS, GIVEN_WEIGHTS = _falling(len(SURNAMES)), _falling(len(GIVEN))


def _name(dice: random.Random) -> str:
    if dice.random() < 0.05:
        return f"{dice.choice(LATIN)} {dice.choice(FAMILIES)}"
    surname = dice.choices(SURNAMES, cum_weights=SURNAME_WEIGHTS)[0]
    return surname + "".join(dice.choices(GIVEN, cum_weights=GIVEN_WEIGHTS, k=1 if dice.random() < 0.2 else 2))


def _company(dice: random.Random) -> str:
    return f"{dice.choice(PLACES)}{''.join(dice.choices(GIVEN, k=2))}{dice.choice(TRADES)}有限公司"
