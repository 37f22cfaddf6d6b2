// Figures of an object over time: panels that move together, a comparison, the break, and the edits around it.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "./base.css";
import "./trend.css";
import { connect } from "./bridge.js";
import { $, h } from "./dom.js";
import { compact, day, label, money, number, percent, roundMoney, useLocale } from "./format.js";

const TREND = "ads_insights_performance_trend";
const EXPLAIN = "ads_explain_change";
const PRESETS = { 7: "last_7d", 14: "last_14d", 30: "last_30d", 90: "last_90d" };
const COSTS = new Set(["cpc", "cpm", "cost_per_result"]);
const MONEY = new Set(["spend", ...COSTS]);
const LINES = new Set([...COSTS, "ctr", "purchase_roas"]);
const NAMES = { spend: "Spend", results: "Results", cost_per_result: "Cost per result", ctr: "CTR, %", cpc: "Cost per click", cpm: "CPM", clicks: "Clicks", impressions: "Impressions", purchase_roas: "ROAS" };
const MAX_PANELS = 3;
const MAX_EDITS = 2;
const [MIN_PLOT_PX, MAX_PLOT_PX, AXIS_PX] = [38, 96, 20];

let input = {};
let table; // column → values, one per period
let before; // the same of the period compared with, if any
let comparison = {};
let content; // the structured content of the trend
let story; // the data of ads_explain_change
let days = 30;
let isCompared = false;
let plots = [];

const app = connect({
  name: "meta-ads-trend",
  onInput: (args) => (input = args),
  onResult: start,
  onCancel: (reason) => notice(reason || "The call was cancelled."),
  onContext: (context) => {
    useLocale(context.locale);
    if (table) draw();
  },
});
app.ready.catch((problem) => notice(problem.message));

const objectId = () => input.object_id ?? input.account_id;

// The view opens on a trend or on the story of a change, and reads the other one by itself.
async function start(answer) {
  const { data = {}, error } = answer.structuredContent ?? {};
  if (answer.isError) return notice(`${error?.message ?? "The figures could not be read."} ${error?.next_step ?? ""}`);
  if (data.periods) {
    isCompared = Boolean(data.periods_before);
    showTrend(answer);
    days = table.date_start.length;
    await readStory();
  } else {
    story = data;
    if (data.breaks?.rows?.length) input = { ...input, object_id: input.object_id ?? cell(data.breaks, 0, "id") };
    if (!app.can("serverTools")) return notice(answer.structuredContent?.summary ?? "This client does not let a view read figures.");
    await readTrend();
  }
}

const cell = ({ columns, rows }, row, column) => rows[row]?.[columns.indexOf(column)];

function columnsOf(periods) {
  return Object.fromEntries(periods.columns.map((name, index) => [name, periods.rows.map((row) => row[index])]));
}

function showTrend(answer) {
  content = answer.structuredContent;
  const { data } = content;
  table = columnsOf(data.periods);
  before = data.periods_before?.rows?.length ? columnsOf(data.periods_before) : undefined;
  comparison = Object.fromEntries((data.comparison?.rows ?? []).map((row) => [row[0], row[data.comparison.columns.indexOf("change_pct")]]));
  notice("");
  draw();
}

async function readTrend() {
  setBusy(true);
  try {
    const args = { object_id: objectId(), date_preset: PRESETS[days], ...(isCompared ? { compare_to: "previous_period" } : {}) };
    const answer = await app.read(TREND, args);
    if (answer.isError) return notice(answer.structuredContent?.error?.message ?? "The figures could not be read.");
    showTrend(answer);
    app.tellModel(`The user looks at the last ${days} days in the trend view. ${content.summary}`).catch(() => {});
  } catch (problem) {
    notice(problem.message);
  } finally {
    setBusy(false);
  }
}

// Without the story the figures are still there.
async function readStory() {
  if (!app.can("serverTools") || !objectId()) return;
  const preset = PRESETS[days] ?? "last_30d";
  const scope = objectId().startsWith("act_") ? { account_id: objectId() } : { object_id: objectId() };
  const answer = await app.read(EXPLAIN, { ...scope, date_preset: preset }).catch(() => undefined);
  story = answer?.isError ? undefined : answer?.structuredContent?.data;
  if (table) draw();
}

const setBusy = (busy) => document.querySelectorAll("#controls button").forEach((button) => (button.disabled = busy));

function notice(text) {
  $("notice").hidden = !text;
  $("notice").textContent = text;
}

// ---- drawing

const currency = () => content?.data?.currency ?? /Money in ([A-Z]{3})/.exec((content?.notes ?? []).join(" "))?.[1];
const show = (name, value) => (MONEY.has(name) ? money(value, currency()) : number(value));

function breakOf() {
  const rows = story?.breaks?.rows ?? [];
  const index = rows.findIndex((row) => row[story.breaks.columns.indexOf("id")] === objectId());
  const at = index >= 0 ? index : rows.length && objectId()?.startsWith("act_") ? 0 : -1;
  if (at < 0) return undefined;
  const value = (name) => cell(story.breaks, at, name);
  // Of an account, the break is that of one of its campaigns.
  return { day: value("day"), factor: value("factor"), change: value("change_pct"), name: value("name"), isOther: index < 0 };
}

function panelNames(shift) {
  const has = (name) => table[name]?.some((value) => value != null);
  const names = ["spend", "results", "cost_per_result", "ctr", "cpm", "clicks", "impressions"].filter(has).slice(0, MAX_PANELS);
  if (shift && !shift.isOther && has(shift.factor) && !names.includes(shift.factor)) names[names.length - 1] = shift.factor;
  return names;
}

function draw() {
  const shift = breakOf();
  const dates = table.date_start;
  $("title").textContent = content.data.name ?? (shift && !shift.isOther ? shift.name : undefined) ?? `Trend of ${objectId()}`;
  $("subtitle").textContent = `${day(dates[0])} – ${day(table.date_stop?.at(-1) ?? dates.at(-1), { day: "numeric", month: "short", year: "numeric" })}${before ? ` · compared with ${day(before.date_start[0])} – ${day(before.date_start.at(-1))} (dashed)` : ""}`;
  $("state").hidden = !shift;
  if (shift) {
    $("state").textContent = `${nameOf(shift.factor)} ${percent(shift.change)} since ${day(shift.day)}${shift.isOther ? ` in ${shift.name}` : ""}`;
    $("state").className = `pill ${isBad(shift.factor, shift.change) ? "bad" : "good"}`;
  }
  drawControls();
  drawEdits();
  drawPanels(panelNames(shift), shift);
}

const nameOf = (name) => (NAMES[name] ?? label(name)).replace(", %", "");
const isBad = (name, change) => (COSTS.has(name) ? change > 0 : change < 0);

function drawControls() {
  $("controls").hidden = !app.can("serverTools") && !app.can("message") && !app.can("downloadFile");
  $("periods").hidden = $("compare").hidden = !app.can("serverTools");
  $("csv").hidden = !app.can("downloadFile");
  $("ask").hidden = !app.can("message");
  $("compare").setAttribute("aria-pressed", isCompared);
  if ($("periods").childElementCount) {
    for (const button of $("periods").children) button.setAttribute("aria-pressed", Number(button.dataset.days) === days);
    return;
  }
  $("periods").append(...Object.keys(PRESETS).map((count) => h("button", { "data-days": count, "aria-pressed": String(Number(count) === days), onclick: () => choose(Number(count)) }, `${count} days`)));
}

async function choose(count) {
  days = count;
  await readTrend();
  await readStory();
}

function drawEdits() {
  const suspects = (story?.suspects ?? []).slice(0, MAX_EDITS);
  $("edits").hidden = suspects.length === 0;
  $("edits").replaceChildren(...suspects.map(({ time, actor, text, object, likelihood }) => h("li", {}, h("b", {}, `${day(time)} ${String(time).slice(11, 16)} · ${actor ?? "unknown"}`), ` (${likelihood} likelihood): ${text} · ${object?.name ?? object?.id ?? ""}`)));
}

function colors() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

function drawPanels(names, shift) {
  plots.forEach((plot) => plot.destroy());
  plots = [];
  const panels = names.map((name) => {
    const plot = h("div", { class: "plot", tabindex: 0, role: "img", "aria-label": describe(name, shift) });
    const value = h("span", { class: "figures" });
    plot.addEventListener("keydown", (event) => moveCursor(event));
    return { name, plot, value, element: h("section", { class: "panel" }, h("div", { class: "head" }, h("b", {}, NAMES[name] ?? label(name)), value), plot) };
  });
  $("panels").replaceChildren(...panels.map((panel) => panel.element));
  const rest = () => document.body.getBoundingClientRect().height + AXIS_PX + 2;
  const roomOf = () => Math.floor((Math.min(app.maxHeight, 1000) - rest()) / panels.length);
  if (roomOf() < MIN_PLOT_PX) $("edits").hidden = true;
  const room = roomOf();
  const height = Math.max(MIN_PLOT_PX, Math.min(MAX_PLOT_PX, room));
  const width = Math.max(240, $("panels").clientWidth);
  const times = table.date_start.map((text) => Date.parse(`${text}T00:00:00Z`) / 1000);
  panels.forEach((panel, index) => plots.push(drawPlot({ ...panel, times, width, height, shift, isLast: index === panels.length - 1 })));
  summarize(panels);
  app.resize();
}

function drawPlot({ name, plot, value, times, width, height, shift, isLast }) {
  const color = colors();
  const step = times.length > 1 ? times[1] - times[0] : 86400;
  const stroke = color(LINES.has(name) ? "second" : "accent");
  const bars = LINES.has(name) ? {} : { fill: stroke, paths: uPlot.paths.bars({ size: [0.7, 40] }) };
  const main = { stroke, width: LINES.has(name) ? 2 : 0, points: { show: LINES.has(name) && times.length <= 31, size: 4 }, ...bars };
  const earlier = before?.[name] ? times.map((_, index) => before[name][index] ?? null) : undefined;
  const axis = { stroke: color("dim"), font: `11px ${getComputedStyle(document.body).fontFamily}` };
  return new uPlot(
    {
      width,
      height: height + (isLast ? AXIS_PX : 0),
      padding: [6, 8, isLast ? 0 : 8, 0],
      legend: { show: false },
      cursor: { sync: { key: "trend" }, points: { size: 7 }, drag: { x: false, y: false } },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      scales: { x: { range: (_, low, high) => [low - step / 2, high + step / 2] }, y: { range: (_, low, high) => [0, (high || 1) * 1.1] } },
      axes: [
        { ...axis, show: isLast, size: AXIS_PX, gap: 2, grid: { show: false }, ticks: { show: false }, space: 70, values: (_, values) => values.map((seconds) => day(new Date(seconds * 1000).toISOString())) },
        { ...axis, size: 48, gap: 4, grid: { stroke: color("line"), width: 1 }, ticks: { show: false }, space: 24, values: (_, values) => values.map(compact) },
      ],
      series: [{}, main, ...(earlier ? [{ stroke: color("dim"), width: 1.5, dash: [4, 3], points: { show: false } }] : [])],
      hooks: {
        drawAxes: [(self) => markBreak(self, times, step, shift, color("bad"))],
        setCursor: [(self) => (value.textContent = self.cursor.idx == null ? value.dataset.total : `${day(table.date_start[self.cursor.idx])}: ${show(name, table[name][self.cursor.idx])}`)],
      },
    },
    [times, table[name], ...(earlier ? [earlier] : [])],
    plot,
  );
}

// Shade the days from the break on, and draw a line at its beginning.
function markBreak(self, times, step, shift, color) {
  const at = shift ? table.date_start.indexOf(shift.day) : -1;
  if (at < 0) return;
  const { ctx, bbox } = self;
  const x = self.valToPos(times[at] - step / 2, "x", true);
  ctx.save();
  ctx.fillStyle = color;
  ctx.globalAlpha = 0.09;
  ctx.fillRect(x, bbox.top, bbox.left + bbox.width - x, bbox.height);
  ctx.globalAlpha = 1;
  ctx.fillRect(Math.round(x) - 1, bbox.top, 2, bbox.height);
  ctx.restore();
}

const sum = (values) => values.reduce((total, value) => total + (value ?? 0), 0);

// The figure of the whole period. A ratio is that of the sums, where the sums are there.
function total(name) {
  const ratio = { cost_per_result: ["spend", "results", 1], cpc: ["spend", "clicks", 1], cpm: ["spend", "impressions", 1000], ctr: ["clicks", "impressions", 100] }[name];
  if (!ratio) return sum(table[name]);
  const [top, bottom, factor] = ratio;
  return table[top] && table[bottom] && sum(table[bottom]) ? (sum(table[top]) / sum(table[bottom])) * factor : undefined;
}

function summarize(panels) {
  for (const { name, value } of panels) {
    const change = comparison[name];
    const text = MONEY.has(name) ? roundMoney(total(name), currency()) : number(total(name));
    value.dataset.total = `${text}${before && change != null ? `  (${percent(change, 1)})` : ""}`;
    value.textContent = value.dataset.total;
  }
}

function describe(name, shift) {
  const values = table[name].filter((value) => value != null);
  const text = `${NAMES[name] ?? label(name)} from ${day(table.date_start[0])} to ${day(table.date_start.at(-1))}: lowest ${show(name, Math.min(...values))}, highest ${show(name, Math.max(...values))}.`;
  return `${text}${shift ? ` Break on ${day(shift.day)}.` : ""} Arrow keys read the days.`;
}

function moveCursor(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step || !plots.length) return;
  event.preventDefault();
  const last = table.date_start.length - 1;
  const index = Math.max(0, Math.min(last, (plots[0].cursor.idx ?? (step > 0 ? -1 : last + 1)) + step));
  for (const plot of plots) plot.setCursor({ left: plot.valToPos(plot.data[0][index], "x"), top: 10 });
  const names = [...document.querySelectorAll(".panel .head")].map((head) => head.innerText.replace(/\n/g, " "));
  $("readout").textContent = names.join("; ");
}

// ---- what the user does

$("compare").addEventListener("click", () => {
  isCompared = !isCompared;
  readTrend();
});

$("ask").addEventListener("click", () => {
  const shift = breakOf();
  const what = shift ? `${nameOf(shift.factor)} ${shift.isOther ? `of ${shift.name} ` : ""}changed by ${percent(shift.change)} on ${shift.day}` : `the figures changed in the last ${days} days`;
  app.say(`Why is it that ${what} for ${$("title").textContent} (${objectId()})?`).catch((problem) => notice(problem.message));
});

$("csv").addEventListener("click", () => {
  const names = Object.keys(table);
  const quote = (value) => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? ""));
  const rows = table.date_start.map((_, index) => names.map((name) => quote(table[name][index] ?? "")));
  app.download(`trend-${objectId()}.csv`, "text/csv", [names, ...rows].map((row) => row.join(",")).join("\n")).catch((problem) => notice(problem.message));
});

let width = 0;
new ResizeObserver(([entry]) => {
  if (Math.abs(entry.contentRect.width - width) < 1) return;
  width = entry.contentRect.width;
  if (table) requestAnimationFrame(draw);
}).observe(document.documentElement);
