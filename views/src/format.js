// Numbers, money and dates in the user's locale.

let locale;

// Set the locale of the host. One that the browser does not know is left out.
export function useLocale(tag) {
  try {
    locale = tag ? Intl.getCanonicalLocales(tag)[0] : undefined;
  } catch {
    locale = undefined;
  }
}

const cache = new Map();
function numberFormat(options) {
  const key = `${locale}${JSON.stringify(options)}`;
  if (!cache.has(key)) cache.set(key, new Intl.NumberFormat(locale, options));
  return cache.get(key);
}

export const number = (value, digits = 2) => (value == null ? "–" : numberFormat({ maximumFractionDigits: digits }).format(value));
export const compact = (value) =>
  value == null ? "" : numberFormat({ notation: "compact", maximumFractionDigits: 1 }).format(value);

// Money with its currency code, because a sign alone does not say which dollar. `decimals` are those of the currency.
export function money(value, currency, { decimals } = {}) {
  if (value == null) return "–";
  if (!currency) return number(value);
  const digits = decimals === undefined ? {} : { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  try {
    return numberFormat({ style: "currency", currency, currencyDisplay: "code", ...digits }).format(value);
  } catch {
    return `${number(value)} ${currency}`;
  }
}

// Large amounts without their cents.
export const roundMoney = (value, currency) => money(value, currency, Math.abs(value) >= 1000 ? { decimals: 0 } : {});

export const percent = (value, digits = 0) =>
  value == null || !Number.isFinite(value)
    ? "–"
    : numberFormat({ style: "percent", maximumFractionDigits: digits, signDisplay: "exceptZero" }).format(value / 100);

export const share = (value, digits = 0) => numberFormat({ style: "percent", maximumFractionDigits: digits }).format(value / 100);

// A day (2026-11-23) as the locale writes it. Days are those of the ad account, so they have no time zone here.
export function day(text, options = { day: "numeric", month: "short" }) {
  const moment = new Date(`${String(text).slice(0, 10)}T00:00:00Z`);
  return Number.isNaN(moment.getTime()) ? String(text) : new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" }).format(moment);
}

// A moment (ISO 8601 with its offset) at the clock of the ad account.
export function clock(text) {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})/.exec(String(text));
  return match ? `${day(match[1])}, ${match[2]}` : String(text);
}

const AMOUNT = /^(-?[\d,]*\d(?:\.\d+)?) ([A-Z]{3})$/;

// Read an amount as the server writes it: "1,250.00 USD".
export function amount(text) {
  const match = AMOUNT.exec(text ?? "");
  if (!match) return undefined;
  const digits = match[1].replaceAll(",", "");
  return { value: Number(digits), currency: match[2], decimals: (digits.split(".")[1] ?? "").length };
}

const WORDS = { ctr: "CTR", cpc: "CPC", cpm: "CPM", roas: "ROAS", id: "ID", url: "URL", utm: "UTM", dsa: "DSA" };

// daily_budget → "Daily budget".
export function label(field) {
  const words = String(field ?? "")
    .split(/[_ ]+/)
    .map((word) => WORDS[word.toLowerCase()] ?? word)
    .join(" ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export const count = (value, word, many = `${word}s`) => `${number(value, 0)} ${value === 1 ? word : many}`;
