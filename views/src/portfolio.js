// Ad accounts per currency, never added across currencies; first those that need attention.

import "./base.css";
import "./portfolio.css";
import { connect } from "./bridge.js";
import { $, h } from "./dom.js";
import { count, day, money, number, percent, roundMoney, share, useLocale } from "./format.js";
import { createPager } from "./pages.js";

const NARROW_PX = 560;
// Figures of an account, the most telling first.
const FIGURES = {
  spend: ["Spend", (value) => roundMoney(value, chosen)],
  results: ["Results", (value) => number(value, 0)],
  cost_per_result: ["Cost per result", (value) => money(value, chosen)],
  purchase_roas: ["ROAS", (value) => number(value)],
  ctr: ["CTR", (value) => share(value, 2)],
  cpm: ["CPM", (value) => number(value)],
};

let content;
let chosen;
const pager = createPager({ draw: (items) => $("rows").replaceChildren(...items.map((row) => row())), maxHeight: () => app.maxHeight });
$("pages").append(pager.element);
const app = connect({
  name: "meta-ads-portfolio",
  onResult: show,
  onCancel: (reason) => notice(reason || "The call was cancelled."),
  onContext: (context) => {
    useLocale(context.locale);
    if (content) draw();
  },
});
app.ready.catch((problem) => notice(problem.message));

function show(answer) {
  const { error } = answer.structuredContent ?? {};
  if (answer.isError) return notice(`${error?.message ?? "The accounts could not be read."} ${error?.next_step ?? ""}`);
  content = answer.structuredContent;
  notice("");
  draw();
}

function notice(text) {
  $("notice").hidden = !text;
  $("notice").textContent = text;
}

const records = (table) => (table?.rows ?? []).map((row) => Object.fromEntries(table.columns.map((name, index) => [name, row[index]])));
// A figure of a comparison has a suffix for each window.
const figure = (row, name) => row[name] ?? row[`${name}_now`] ?? row[`${name}_later`];

function draw() {
  const accounts = records(content.data.by_account);
  const currencies = [...new Set(accounts.map((account) => account.currency))];
  chosen = currencies.includes(chosen) ? chosen : currencies[0];
  const { date_preset: preset, window } = content.data;
  const first = accounts[0];
  $("subtitle").textContent = [count(accounts.length, "account"), first?.since ? `${day(first.since)} – ${day(first.until)}` : (preset ?? window?.since ?? "").replaceAll("_", " ")].filter(Boolean).join(" · ");
  $("currencies").hidden = currencies.length < 2;
  $("currencies").replaceChildren(...currencies.map((currency) => h("button", { "aria-pressed": String(currency === chosen), onclick: () => choose(currency) }, currency)));
  drawAttention();
  drawTotals();
  drawAccounts(accounts.filter((account) => account.currency === chosen));
}

function choose(currency) {
  chosen = currency;
  draw();
  [...$("currencies").children].find((button) => button.textContent === currency)?.focus();
}

function drawAttention() {
  const alerts = content.data.attention ?? [];
  const items = alerts.slice(0, innerWidth < NARROW_PX ? 1 : 2).map(({ account_name: name, account_id: id, severity, reason }) => h("li", { class: severity }, h("b", {}, name ?? id), ` · ${reason}`));
  const rest = alerts.length - items.length;
  $("attention").replaceChildren(...items, ...(rest > 0 ? [h("li", {}, `${count(rest, "more account needs", "more accounts need")} attention.`)] : []));
}

function drawTotals() {
  const total = (content.data.totals ?? []).find((row) => row.currency === chosen);
  if (!total) return $("totals").replaceChildren();
  const cells = [
    [`Spend in ${chosen}`, roundMoney(figure(total, "spend"), chosen), total.spend_change_pct],
    ["Purchases", number(figure(total, "purchase"), 0), total.purchase_change_pct],
    ["Leads", number(figure(total, "lead"), 0), total.lead_change_pct],
    ["ROAS", number(figure(total, "purchase_roas")), total.purchase_roas_change_pct],
  ].filter(([, value]) => value !== "–");
  return $("totals").replaceChildren(...cells.map(([name, value, change]) => h("div", {}, h("small", {}, name), h("b", {}, value), change == null ? "" : h("small", { class: "change" }, percent(change, 1)))));
}

function drawAccounts(accounts) {
  const sorted = accounts.toSorted((one, other) => (figure(other, "spend") ?? 0) - (figure(one, "spend") ?? 0));
  const most = figure(sorted[0] ?? {}, "spend") || 1;
  const names = Object.keys(FIGURES).filter((name) => sorted.some((account) => figure(account, name) != null));
  const columns = names.slice(0, innerWidth < NARROW_PX ? 2 : 5);
  $("accounts").hidden = sorted.length === 0;
  $("head").replaceChildren(h("tr", {}, h("th", { scope: "col" }, "Account"), ...columns.map((name) => h("th", { scope: "col", class: "figure" }, FIGURES[name][0]))));
  pager.show(sorted.map((account) => () => accountRow(account, columns, most)));
}

function accountRow(account, columns, most) {
  const bar = h("div", { class: "bar", "aria-hidden": "true" });
  bar.style.width = `${Math.max(1, ((figure(account, "spend") ?? 0) / most) * 100)}%`;
  const part = account.share_of_currency_spend_pct;
  const detail = [account.account_id, part == null ? "" : `${share(part)} of ${chosen}`].filter(Boolean).join(" · ");
  const cells = columns.map((name) => {
    const value = figure(account, name);
    const change = account[`${name}_change_pct`];
    return h("td", { class: "figure" }, value == null ? "–" : FIGURES[name][1](value), change == null ? "" : h("div", { class: "note" }, percent(change, 1)));
  });
  const name = h("th", { scope: "row" }, h("b", {}, account.account_name ?? account.account_id), h("small", {}, ` ${detail}`), h("div", { class: "track" }, bar));
  return h("tr", {}, name, ...cells);
}

let width = 0;
new ResizeObserver(([entry]) => {
  if (Math.abs(entry.contentRect.width - width) < 1) return;
  width = entry.contentRect.width;
  if (content) requestAnimationFrame(draw);
}).observe(document.documentElement);
