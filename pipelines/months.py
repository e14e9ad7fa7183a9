"""Names of months and of time zones -> numbers, for every reader of dates: of pages, feeds and sitemaps alike."""

from __future__ import annotations

from functools import lru_cache

# First letters of the months' names in some forty languages, by month; enough of each to be told from any other word
# beside a year. The longest that a word begins with counts. "Listopad" is November in Polish and October in Croatian:
# Polish is met more often.
_STEMS = {
    1: "jan ene gen янв січ sty led sij oca tamm sau ιαν يناير كانون ژانویه जन জানু มกร ianu 一月",
    2: "feb fév fev лют úno velj şub helm vas φεβ فبراير شباط فوریه फर ফেব্রু กุมภ lut фев 二月",
    3: "mar mär мар бер mrz bře ožu kov μαρ مارس آذار मार्च মার্চ มีน márc mrt maa μάρ 三月",
    4: "apr avr abr апр кві kwi dub trav nis huht bal απρ أبريل نيسان آوریل अप्रै এপ্রিল เมษ ápr 四月",
    5: "may mai mag maj mei май мая тра kvě svib touk geg μαι μάι مايو أيار مه मई মে พฤษภ máj μαϊ μάϊ μαΐ 五月",
    6: "jun juin giu июн чер cze čvn červn haz kesä bir ιουν يونيو حزيران ژوئن जून জুন มิถุ jún ιούν 六月 lipa lipn",
    7: "jul juil lug июл лип čvc červenc srp tem hein lie ιουλ يوليو تموز ژوئیه जुला জুলাই กรกฎ júl ιούλ 七月 lip",
    8: "aug ago авг сер sie srpna kolo ağu elok rugp αυγ أغسطس آب اوت अग আগস্ট สิงห aoû aou αύγ ágú 八月",
    9: "sep set сен вер wrz zář ruj eyl syys rugs σεπ سبتمبر أيلول سپتامبر सित সেপ্টে กันย szept 九月",
    10: "oct okt ott out окт жов paź říj eki loka spal οκτ أكتوبر تشرين اکتبر अक्टू অক্টো ตุลา 十月",
    11: "nov ноя лис lis stud kas marr lapk νοε نوفمبر نوامبر नव নভে พฤศจ νοέ 十一月",
    12: "dec déc dez dic дек гру gru pro ara joul δεκ ديسمبر دسامبر दिस ডিসে ธันว 十二月",
}
_MONTHS = {stem: month for month, stems in _STEMS.items() for stem in stems.split()}
_LONGEST, _SHORTEST = max(map(len, _MONTHS)), min(map(len, _MONTHS))

# Abbreviations of time zones -> hours east of Greenwich, as far as one is meant in nearly all cases.
HOURS: dict[str, float] = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "met": 1, "mez": 1, "wat": 1,
    "cest": 2, "mest": 2, "mesz": 2, "cat": 2, "sast": 2, "eet": 2, "eest": 3, "msk": 3, "eat": 3, "trt": 3,
    "msd": 4, "gst": 4, "pkt": 5, "ist": 5.5, "npt": 5.75, "bdt": 6, "mmt": 6.5, "ict": 7, "wib": 7,
    "hkt": 8, "sgt": 8, "myt": 8, "pht": 8, "awst": 8, "wita": 8, "jst": 9, "kst": 9, "wit": 9,
    "acst": 9.5, "aest": 10, "acdt": 10.5, "aedt": 11, "nzst": 12, "nzdt": 13,
    "nst": -3.5, "ndt": -2.5, "ast": -4, "adt": -3, "est": -5, "edt": -4, "et": -5, "cst": -6, "cdt": -5, "ct": -6,
    "mst": -7, "mdt": -6, "mt": -7, "pst": -8, "pdt": -7, "pt": -8, "akst": -9, "akdt": -8, "hst": -10,
    "brt": -3, "brst": -2, "art": -3, "clt": -4, "clst": -3, "vet": -4, "bot": -4, "cot": -5, "pet": -5, "uyt": -3,
}  # fmt: skip
AMERICAN = {"et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver", "pt": "America/Los_Angeles"}


@lru_cache(maxsize=4096)
def month_of(word: str) -> int | None:
    """A word -> 1 to 12 when it is the name of a month, or begins as one does; None otherwise."""
    word = word.lower()
    return next((_MONTHS[word[:size]] for size in range(_LONGEST, _SHORTEST - 1, -1) if word[:size] in _MONTHS), None)
