// How much of Meta's limits is used, and which accounts have to wait.

import "./base.css";
import "./rate.css";
import { connect } from "./bridge.js";
import { $, h } from "./dom.js";
import { clock, label, number, share, useLocale } from "./format.js";

// From these shares on, calls become slower, and then are refused.
const NEAR_PCT = 75;
const FULL_PCT = 95;
// More than this does not fit without scrolling; the summary counts the rest.
const MAX_ROWS = 4;

let data;
const app = connect({
  name: "meta-ads-rate",
  onResult: show,
  onCancel: (reason) => notice(reason || "The call was cancelled."),
  onContext: (context) => {
    useLocale(context.locale);
    if (data) draw();
  },
});
app.ready.catch((problem) => notice(problem.message));
$("refresh").addEventListener("click", refresh);

function show(answer) {
  const content = answer.structuredContent ?? {};
  if (answer.isError) return notice(content.error?.message ?? answer.content?.[0]?.text ?? "The limits could not be read.");
  data = content.data ?? {};
  $("summary").textContent = content.summary ?? "";
  notice("");
  draw();
}

function draw() {
  const quotas = data.highest ?? [];
  const circuits = data.circuits ?? [];
  const highest = quotas[0]?.used_pct ?? 0;
  const [text, kind] = circuits.length ? ["Paused by Meta", "bad"] : highest >= NEAR_PCT ? ["Near a limit", "warn"] : ["Free", "good"];
  $("state").textContent = text;
  $("state").className = `pill ${kind}`;
  $("quotas").replaceChildren(...circuits.slice(0, MAX_ROWS).map(circuitRow), ...quotas.slice(0, MAX_ROWS).map(quotaRow));
  $("tier").textContent = data.tier && data.tier !== "unknown" ? `Access tier: ${label(data.tier).toLowerCase()}` : "";
  $("refresh").hidden = !app.can("serverTools");
}

function quotaRow({ quota, account_id: account, key, used_pct: used }) {
  const kind = used >= FULL_PCT ? "bad" : used >= NEAR_PCT ? "warn" : "";
  const name = label(quota ?? key);
  const track = h("div", { class: "track", role: "meter", "aria-label": `${name} ${account ?? ""}`.trim(), "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.min(100, used) });
  const fill = h("div", { class: `fill ${kind}` });
  fill.style.width = `${Math.min(100, used)}%`;
  track.append(fill);
  const head = h("div", { class: "row apart" }, h("span", {}, h("b", {}, name), account ? ` · ${account}` : ""), h("span", { class: "figures" }, `${share(used, 1)} used`));
  return h("div", { class: "quota" }, head, track);
}

const circuitRow = ({ key, openUntil, lastError }) => h("div", { class: "circuit" }, `${key}: no calls until ${clock(openUntil)} UTC.${lastError ? ` Meta's error: ${typeof lastError === "object" ? JSON.stringify(lastError) : number(lastError)}` : ""}`);

function notice(text) {
  $("notice").hidden = !text;
  $("notice").textContent = text;
  $("notice").className = "notice bad";
}

async function refresh() {
  $("refresh").disabled = true;
  try {
    show(await app.read("ads_rate_status", {}));
  } catch (problem) {
    notice(problem.message);
  } finally {
    $("refresh").disabled = false;
  }
}
