// Amounts as whole nano-dollars: money is added exactly, never as floats.
const NANO = 1_000_000_000n;

export function nano(amount) {
  const negative = amount.startsWith("-");
  const [whole, part = ""] = amount.replace("-", "").split(".");
  const value = BigInt(whole) * NANO + BigInt(part.padEnd(9, "0"));
  return negative ? -value : value;
}

export function amount(value) {
  const size = value < 0n ? -value : value;
  const part = (size % NANO).toString().padStart(9, "0").replace(/0{1,7}$/, "");
  return `${value < 0n ? "-" : ""}${size / NANO}.${part}`;
}

export const sum = (amounts) => amount(amounts.reduce((total, each) => total + nano(each), 0n));

// Entries, newest first, each with what was there in all after it: the newest left `total`.
export function running(entries, total) {
  let left = nano(total);
  return entries.map((entry) => {
    const row = { ...entry, left: amount(left) };
    left -= nano(entry.amount);
    return row;
  });
}

// How much of a budget is spent, from 0 on: a number to draw and to round, not to reckon with.
export const share = (spent, budget) => Number((nano(spent) * 10_000n) / nano(budget)) / 10_000;
