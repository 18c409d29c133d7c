// An amount in words, so that a zero too many is read before it is booked: "twenty-five US dollars 50 cents".
const words = (said) => said.split(" ");

const EN = {
  small: words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen " +
      "eighteen nineteen",
  ),
  tens: ["", "", ...words("twenty thirty forty fifty sixty seventy eighty ninety")],
  scales: ["", "thousand", "million", "billion"],
};
const RU = {
  small: words(
    "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать " +
      "пятнадцать шестнадцать семнадцать восемнадцать девятнадцать",
  ),
  tens: ["", "", ...words("двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто")],
  hundreds: ["", ...words("сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот")],
  scales: [
    null,
    ["тысяча", "тысячи", "тысяч"],
    ["миллион", "миллиона", "миллионов"],
    ["миллиард", "миллиарда", "миллиардов"],
  ],
};

// `amount` is a decimal string of US dollars, above zero or below it; null where it is no amount yet.
export function inWords(amount, language) {
  const parts = /^(-?)0*(\d{1,12})(?:\.(\d{1,9}))?$/.exec(amount);
  if (!parts) return null;
  const [, sign, whole, fraction = ""] = parts;
  const cents = Number(fraction.padEnd(2, "0").slice(0, 2));
  const rest = fraction.slice(2).replace(/0+$/, "");
  const say = language === "ru" ? russian : english;
  return say(Number(whole), cents, rest, sign === "-");
}

function english(dollars, cents, rest, negative) {
  const said = groups(dollars).map(([value, scale]) => `${hundredsEn(value)} ${EN.scales[scale]}`.trim());
  const money = `${said.join(" ") || EN.small[0]} US dollar${dollars === 1 ? "" : "s"}`;
  const part = rest ? ` ${cents}.${rest} cents` : cents ? ` ${cents} cent${cents === 1 ? "" : "s"}` : "";
  return `${negative ? "minus " : ""}${money}${part}`;
}

function hundredsEn(value) {
  const below = value % 100;
  const said = value >= 100 ? [`${EN.small[Math.floor(value / 100)]} hundred`] : [];
  const ones = below % 10 ? EN.small[below % 10] : "";
  if (below >= 20) said.push([EN.tens[Math.floor(below / 10)], ones].filter(Boolean).join("-"));
  else if (below) said.push(EN.small[below]);
  return said.join(" ");
}

function russian(dollars, cents, rest, negative) {
  const said = groups(dollars).flatMap(([value, scale]) => [
    hundredsRu(value, scale === 1),
    scale ? form(value, ...RU.scales[scale]) : "",
  ]);
  const unit = form(dollars, "доллар", "доллара", "долларов");
  const money = `${said.filter(Boolean).join(" ") || RU.small[0]} ${unit} США`;
  const part = rest ? ` ${cents},${rest} цента` : cents ? ` ${cents} ${form(cents, "цент", "цента", "центов")}` : "";
  return `${negative ? "минус " : ""}${money}${part}`;
}

function hundredsRu(value, feminine) {
  const below = value % 100;
  const last = below < 20 ? below : below % 10;
  const one = feminine && last === 1 ? "одна" : feminine && last === 2 ? "две" : last ? RU.small[last] : "";
  const tens = below >= 20 ? RU.tens[Math.floor(below / 10)] : "";
  return [RU.hundreds[Math.floor(value / 100)], tens, one].filter(Boolean).join(" ");
}

// One of three forms, as Russian counts: 1 доллар, 2 доллара, 5 долларов.
function form(value, one, few, many) {
  const tens = value % 100;
  if (tens > 10 && tens < 20) return many;
  return value % 10 === 1 ? one : value % 10 > 1 && value % 10 < 5 ? few : many;
}

// 1,002,003 is [[1, 2], [2, 1], [3, 0]]: groups of three digits that are not zero, with their scale.
function groups(value) {
  const found = [];
  for (let scale = 0, left = value; left > 0; scale += 1, left = Math.floor(left / 1000)) {
    if (left % 1000) found.unshift([left % 1000, scale]);
  }
  return found;
}
