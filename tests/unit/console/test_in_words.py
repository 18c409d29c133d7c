"""Amounts in words, as a person reads them before they are booked."""

import json

from tests.node import run

ENGLISH = {
    "25": "twenty-five US dollars",
    "1": "one US dollar",
    "0.50": "zero US dollars 50 cents",
    "0.01": "zero US dollars 1 cent",
    "100": "one hundred US dollars",
    "1000.05": "one thousand US dollars 5 cents",
    "1250.5": "one thousand two hundred fifty US dollars 50 cents",
    "999999": "nine hundred ninety-nine thousand nine hundred ninety-nine US dollars",
    "2000013": "two million thirteen US dollars",
    "-7": "minus seven US dollars",
    "0.000005": "zero US dollars 0.0005 cents",
    "007.10": "seven US dollars 10 cents",
}
RUSSIAN = {
    "25": "двадцать пять долларов США",
    "1": "один доллар США",
    "2": "два доллара США",
    "11": "одиннадцать долларов США",
    "21.01": "двадцать один доллар США 1 цент",
    "0.22": "ноль долларов США 22 цента",
    "1000": "одна тысяча долларов США",
    "2345.12": "две тысячи триста сорок пять долларов США 12 центов",
    "21000": "двадцать одна тысяча долларов США",
    "1000000": "один миллион долларов США",
    "5000001": "пять миллионов один доллар США",
    "-112": "минус сто двенадцать долларов США",
    "0.000005": "ноль долларов США 0,0005 цента",
}
NONE = ["", "a", "1.", ".5", "1,5", "1e3", "--1", "1.1234567891", "<b>1</b>"]

_SAY = """
import { inWords } from "./inwords.js";
import { readFileSync } from "node:fs";

const asked = JSON.parse(readFileSync(0, "utf-8"));
const said = (language) => Object.fromEntries(asked[language].map((amount) => [amount, inWords(amount, language)]));
process.stdout.write(JSON.stringify({ en: said("en"), ru: said("ru") }));
"""


def test_an_amount_is_said_in_words_and_what_is_none_is_not() -> None:
    asked = {"en": [*ENGLISH, *NONE], "ru": [*RUSSIAN, *NONE]}

    said = run(_SAY, json.dumps(asked).encode())

    nothing = dict.fromkeys(NONE)
    assert said == {"en": ENGLISH | nothing, "ru": RUSSIAN | nothing}
