// A change before it is made: everything that the question says, to apply or cancel; and its outcome.

import "./base.css";
import "./card.css";
import { connect, privateParts } from "./bridge.js";
import { $, h, spoken } from "./dom.js";
import { amount, count, label, money, number, percent, useLocale } from "./format.js";
import { createPager } from "./pages.js";

// Longer values get rows of their own, in parts that fit on a page.
const MAX_CELL_CHARS = 120;
const PART_CHARS = 160;
const STATES = {
  needs_confirmation: ["Not applied yet", "warn"],
  dry_run: ["Dry run", "info"],
  success: ["Applied", "good"],
  partial: ["Applied in part", "warn"],
  cancelled: ["Cancelled", ""],
  expired: ["Expired", ""],
  failed: ["Not applied", "bad"],
  unknown_outcome: ["Outcome unknown", "bad"],
  working: ["Applying …", "info"],
};

let card;
let call;
let code;
let result;
let state = "";
let timer;

const pager = createPager({ draw: drawItems, maxHeight: () => app.maxHeight });
$("pages").append(pager.element);
const app = connect({
  name: "meta-ads-card",
  onResult: show,
  onCancel: (reason) => finish("cancelled", reason ? `The call was cancelled: ${reason}` : "The call was cancelled."),
  onContext: (context) => {
    useLocale(context.locale);
    if (result) render();
  },
});
app.ready.catch((problem) => finish("failed", problem.message));
new ResizeObserver(debounce(() => result && pager.layOut(), 80)).observe(document.documentElement);

function debounce(action, ms) {
  let waiting;
  let width = 0;
  return ([entry]) => {
    if (entry.contentRect.width === width) return;
    width = entry.contentRect.width;
    clearTimeout(waiting);
    waiting = setTimeout(action, ms);
  };
}

// Show the answer of a write: a plan, a dry run, an outcome, or an error.
function show(answer) {
  result = answer;
  const parts = privateParts(answer);
  const data = answer.structuredContent?.data ?? {};
  // The outcome of a plan on this card keeps the card: its names and values.
  card = parts.card ?? (card && answer.isError ? card : outcomeCard(data, card));
  code = parts.code ?? data.confirmation;
  call = parts.call;
  state = answer.isError ? errorState(answer) : String(card.status ?? data.status ?? "success");
  const problems = state === "needs_confirmation" ? refusals(answer) : [];
  render();
  notice(problems.join(" "), "warn");
  if (answer.isError) notice(errorText(answer), "bad");
  else if (state === "success" || state === "partial") notice(outcomeText(answer), state === "success" ? "good" : "warn");
  pager.layOut();
  startCountdown();
}

const errorState = (answer) => (answer.structuredContent?.error?.kind === "unknown_outcome" ? "unknown_outcome" : "failed");

function errorText(answer) {
  const error = answer.structuredContent?.error;
  return error ? `${error.message} ${error.next_step ?? ""}` : (answer.content?.[0]?.text ?? "The change was not made.");
}

// Why the code of this card was refused, if it was: the plan below is then a new one.
const refusals = (answer) => (answer.structuredContent?.notes ?? []).filter((note) => note.startsWith("This confirmation code"));

function outcomeText(answer) {
  const { data = {}, summary = "" } = answer.structuredContent ?? {};
  const undo = data.unit_id ?? data.change_id;
  const counts = Object.entries(data.counts ?? {}).map(([name, value]) => `${number(value, 0)} ${label(name).toLowerCase()}`);
  const plain = data.status === "success" ? "The change was made." : summary.split(" Undo:")[0];
  const first = counts.length ? `Done: ${counts.join(", ")}.` : plain;
  return `${first}${undo ? ` To take it back, ask for an undo of ${undo}.` : ""}`;
}

// Make a card of an outcome that came without a plan, such as a change that needs no agreement.
function outcomeCard(data, earlier) {
  if (earlier) return { ...earlier, status: data.status };
  const edits = Object.entries(data.changes ?? {}).map(([field, sides]) => [field, words(sides.before), words(sides.after)]);
  return {
    status: data.status,
    title: "Change at Meta",
    groups: edits.length ? [{ edits, objects: data.id ? [{ kind: "", id: data.id, name: "" }] : [] }] : [],
    reasons: [],
    notes: [],
  };
}

function words(value) {
  if (value === null || value === undefined) return null;
  if (value.amount && value.currency) return `${value.amount} ${value.currency}`;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

// ---- what is on the screen

function render() {
  const [text, kind] = STATES[state] ?? [label(state), ""];
  $("title").textContent = card?.title ?? app.context.toolInfo?.tool?.title ?? "Change at Meta";
  $("state").textContent = text;
  $("state").className = `pill ${kind}`;
  drawSubject();
  drawSums();
  drawButtons();
  pager.show(items());
}

function allObjects() {
  return (card?.groups ?? []).flatMap((group) => group.objects);
}

function drawSubject() {
  const objects = allObjects();
  const only = objects.length === 1 ? objects[0] : undefined;
  const where = card?.account ? ` in ${card.account}` : "";
  const many = objects.length > 1 ? [`${count(objects.length, "object")}${where}`] : [];
  $("subject").replaceChildren(...(only ? nameOf(only) : many));
}

// The name first, as people know it; then the kind and the id.
function nameOf({ kind, id, name, parent }) {
  const place = id ? `${kind ?? ""} ${id}` : `new ${kind ?? "object"}${parent ? ` in ${parent}` : ""}`;
  return name ? [h("b", {}, name), ` · ${place.trim()}`] : [place.trim()];
}

function drawSums() {
  const sums = Object.entries(card?.totals ?? {}).map(([field, sides]) => [
    `Sum of ${label(field).toLowerCase()}s`,
    `${sides.before.amount} ${sides.before.currency}`,
    `${sides.after.amount} ${sides.after.currency}`,
  ]);
  $("sums").replaceChildren(...sums.map(([name, before, after]) => h("div", {}, h("small", {}, name), figure(before, after))));
}

function figure(before, after) {
  return h("span", { class: "sum" }, h("span", { class: "old" }, value(before)), spoken(" changes to "), h("span", { "aria-hidden": "true" }, " → "), value(after), " ", delta(before, after));
}

// A value as the server writes it; amounts in the user's locale.
function value(text) {
  const parsed = amount(text);
  if (parsed) return money(parsed.value, parsed.currency, parsed);
  if (text === null || text === undefined) return "none";
  return /^".*"$/s.test(text) ? unquote(text) : text;
}

// The server writes hidden characters as escapes. They stay escapes, because as characters they hide or reorder text.
function unquote(text) {
  try {
    return JSON.parse(text.replace(/\\(\\|u[0-9a-f]{4})/gi, (escape) => (escape[1] === "u" ? `\\${escape}` : escape)));
  } catch {
    return text;
  }
}

function delta(before, after) {
  const [old, now] = [amount(before), amount(after)];
  if (!old || !now || old.currency !== now.currency || !old.value) return "";
  const change = (now.value / old.value - 1) * 100;
  return h("span", { class: `pill ${change > 0 ? "warn" : ""}` }, percent(change, Math.abs(change) < 10 ? 1 : 0));
}

// ---- the items that pages are made of: rows of the table, and paragraphs after it

function items() {
  if (!card) return [];
  const single = allObjects().length <= 1;
  const short = card.groups.flatMap((group) => group.edits.filter((edit) => !isLong(edit)));
  drawHead(single, short);
  const rows = card.groups.flatMap((group) => groupRows(group, single));
  const texts = [
    ...(rows.length === 0 && card.summary ? [card.summary] : []),
    ...(card.reasons.length && pending() ? [`It needs your agreement because ${card.reasons.join(" and ")}.`] : []),
    ...card.notes,
    ...(card.unchanged ? [`${count(card.unchanged, "object")} already ${card.unchanged === 1 ? "has" : "have"} these values and stay${card.unchanged === 1 ? "s" : ""} as before.`] : []),
    ...(card.refused ?? []).map((text) => `Not part of it: ${text}.`),
    ...(card.duration && pending() ? [card.duration] : []),
    ...failures(),
  ];
  return [...rows, ...texts.map((text) => () => h("p", { class: "note" }, text))];
}

// In a table of objects whose one field changes, the head names the field.
function drawHead(single, short) {
  const fields = new Set(short.map(([field]) => field));
  const alike = !single && fields.size === 1 && card.groups.every((group) => group.objects.length === 1);
  const names = alike ? ["Object", `${label(short[0][0])} before`, "After"] : [single ? "Field" : "Object, field", "Before", "After"];
  $("plan").className = `${single ? "" : "bulk"} ${alike ? "alike" : ""}`;
  $("head").hidden = short.length === 0;
  $("head").replaceChildren(h("tr", {}, ...names.map((name) => h("th", { scope: "col" }, name))));
}

const pending = () => state === "needs_confirmation" || state === "dry_run";

// What a bulk change did not do, object by object.
function failures() {
  const table = result?.structuredContent?.data?.items;
  if (!table?.rows || pending()) return [];
  return table.rows
    .map((row) => Object.fromEntries(table.columns.map((name, index) => [name, row[index]])))
    .filter((row) => row.status !== "success")
    .map((row) => `${row.name ?? ""} ${row.id ?? ""}: ${label(row.status).toLowerCase()}. ${row.message ?? ""}`.trim());
}

function groupRows({ edits, objects }, single) {
  const [short, long] = [edits.filter((edit) => !isLong(edit)), edits.filter(isLong)];
  const texts = long.flatMap(textRows);
  if (single) return [...short.map((edit) => editRow(edit)), ...texts];
  if (objects.length === 1 && short.length === 1) return [() => editRow(short[0], objects[0])(), ...texts];
  if (objects.length === 1) return [objectRow(objects[0]), ...short.map((edit) => editRow(edit)), ...texts];
  const head = short.length ? short.map((edit) => editRow(edit, { name: `${label(edit[0])} of ${count(objects.length, "object")}` })) : [];
  return [...head, ...texts, ...objects.map(objectRow)];
}

const isLong = ([, , after]) => String(after).length > MAX_CELL_CHARS;

const editRow = ([field, before, after], object) => () =>
  h(
    "tr",
    { class: object ? "named" : "" },
    h("th", { scope: "row" }, ...(object ? [object.name || object.id || `new ${object.kind}`, h("small", {}, h("span", { class: "field" }, `${label(field)} · `), kindAndId(object))] : [label(field)])),
    h("td", { class: "old" }, value(before)),
    h("td", { class: "new" }, value(after), delta(before, after)),
  );

const objectRow = (object) => () => h("tr", { class: "object" }, h("th", { scope: "rowgroup", colspan: 3 }, object.name || `new ${object.kind}`, h("small", {}, kindAndId(object))));

const kindAndId = ({ kind, id, parent }) => [kind, id, parent && `in ${parent}`].filter(Boolean).join(" ");

// A long text in parts, which a page joins again: so all of it is on some page, and nothing is added to it.
function textRows([field, before, after]) {
  const parts = split(value(after)).map((part, index) => {
    const build = () => textRow(`${label(field)}, ${index === 0 ? "in full" : "continued"}`, part);
    return Object.assign(build, { text: after, field });
  });
  if (before === null || before === undefined) return parts;
  return [() => textRow(`${label(field)} before`, value(before)), ...parts];
}

const textRow = (head, text) => h("tr", { class: "text" }, h("td", { colspan: 3 }, h("small", {}, head), text));

function split(text) {
  const parts = [];
  let rest = String(text);
  while (rest.length > PART_CHARS) {
    const piece = rest.slice(0, PART_CHARS);
    const end = Math.max(piece.lastIndexOf("\n"), piece.lastIndexOf(" "), PART_CHARS / 2) + 1;
    // A pair of surrogates is one character.
    const cut = /[\ud800-\udbff]/.test(rest[end - 1]) ? end + 1 : end;
    parts.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  return [...parts, rest];
}

function drawItems(list) {
  const elements = [];
  list.forEach((build, index) => {
    const earlier = list[index - 1];
    const element = build();
    if (build.text && earlier?.text === build.text && earlier.field === build.field) elements.at(-1).firstChild.append(element.firstChild.lastChild);
    else elements.push(element);
  });
  const rows = elements.filter((element) => element.tagName === "TR");
  $("plan").hidden = rows.length === 0;
  $("rows").replaceChildren(...rows);
  $("texts").replaceChildren(...elements.filter((element) => element.tagName !== "TR"));
}

function notice(text, kind) {
  $("notice").hidden = !text;
  $("notice").textContent = text;
  $("notice").className = `notice ${kind}`;
}

// ---- time, and what the user does

function startCountdown() {
  clearInterval(timer);
  if (!code || !pending()) {
    $("left").textContent = "";
    return;
  }
  timer = setInterval(tick, 1000);
  tick();
}

const secondsLeft = () => Math.max(0, Math.min(600, Math.round((card.expires_at ?? 0) - Date.now() / 1000)));

function tick() {
  const seconds = secondsLeft();
  if (seconds > 0) {
    $("left").textContent = `Holds for ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    return;
  }
  clearInterval(timer);
  $("left").textContent = "";
  state = "expired";
  render();
  notice("This plan is older than ten minutes. Nothing was changed.", "");
  pager.layOut();
}

function drawButtons() {
  const buttons = [];
  if (pending() && call && app.can("serverTools")) {
    buttons.push(h("button", { onclick: cancel }, state === "dry_run" ? "Close" : "Cancel"));
    buttons.push(h("button", { class: "main", onclick: apply }, "Apply"));
  }
  if (state === "expired" && call) buttons.push(h("button", { onclick: renew }, "Make the plan again"));
  $("buttons").replaceChildren(...buttons);
  if (pending() && code && !app.can("serverTools")) notice("This client does not let a card apply changes: answer in the conversation.", "");
}

async function send(args) {
  state = "working";
  $("buttons").querySelectorAll("button").forEach((button) => (button.disabled = true));
  [$("state").textContent, $("state").className] = ["Applying …", "pill info"];
  clearInterval(timer);
  $("left").textContent = "";
  const nonce = app.nonce;
  try {
    const answer = await app.callTool(call.name, args);
    show(answer);
    return answer;
  } catch (problem) {
    refuse(problem, nonce);
    return undefined;
  }
}

// The client did not make the call, or did not answer. Only the first is known to have changed nothing.
function refuse(problem, nonce) {
  if (!problem.refused) return finish("unknown_outcome", "The client did not answer, so it is not known whether the change was made. Ask the assistant to look.");
  app.reportUnable(nonce).catch(() => {});
  return finish("failed", `This client did not let the card apply the change (${problem.message}). Ask the assistant to make the same call again: you can then agree in the conversation.`);
}

async function apply() {
  const answer = await send(withCode(call, code));
  const data = answer?.structuredContent?.data ?? {};
  if (!answer || data.status === "needs_confirmation") return;
  const text = answer.isError ? errorText(answer) : answer.structuredContent?.summary;
  app.tellModel(`The user pressed Apply on the card. ${text}`).catch(() => {});
}

// Make the same call without its code: the answer is a plan of now, with a new code.
async function renew() {
  await send(call.arguments);
}

// The server says where in the arguments the code goes.
function withCode({ arguments: args, code_path: path }, value) {
  if (!value) return args;
  const copy = structuredClone(args);
  path.slice(0, -1).reduce((place, key) => place[key], copy)[path.at(-1)] = value;
  return copy;
}

function cancel() {
  finish("cancelled", "Nothing was changed.");
  app.tellModel("The user pressed Cancel on the card: nothing was changed. Ask what to do instead.").catch(() => {});
}

function finish(next, text) {
  clearInterval(timer);
  state = next;
  $("left").textContent = "";
  if (card) render();
  else [$("state").textContent, $("state").className] = [STATES[next][0], `pill ${STATES[next][1]}`];
  notice(text, STATES[next][1]);
  if (card) pager.layOut();
}
