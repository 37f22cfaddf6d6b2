// Ads with their pictures, the most worn out first. Pictures come through a tool, as data: no other host is asked.

import "./base.css";
import "./creatives.css";
import { connect } from "./bridge.js";
import { $, h } from "./dom.js";
import { count, number, percent, roundMoney, share, useLocale } from "./format.js";
import { createPager } from "./pages.js";

const STATES = { worn_out: ["Worn out", "bad"], wearing_out: ["Wearing out", "warn"], other_cause: ["Other cause", "info"], not_yet: ["Fresh", "good"], too_little_data: ["Too little data", ""] };
const MAX_REQUESTS = 2;

let content;
let isLoading = 0;
let queue = [];
const pictures = new Map(); // ad id → data URL, or "" if there is none

const pager = createPager({ draw, maxHeight: () => app.maxHeight });
$("pages").append(pager.element);
const app = connect({
  name: "meta-ads-creatives",
  onResult: show,
  onCancel: (reason) => notice(reason || "The call was cancelled."),
  onContext: (context) => {
    useLocale(context.locale);
    if (content) render();
  },
});
app.ready.catch((problem) => notice(problem.message));

function show(answer) {
  const { error } = answer.structuredContent ?? {};
  if (answer.isError) return notice(`${error?.message ?? "The ads could not be read."} ${error?.next_step ?? ""}`);
  content = answer.structuredContent;
  if (!content.data?.ads?.rows?.length) return notice(content.summary ?? "There are no ads.");
  notice("");
  render();
}

function notice(text) {
  $("notice").hidden = !text;
  $("notice").textContent = text;
}

function render() {
  const { ads, counts = {} } = content.data;
  const rows = ads.rows.map((row) => Object.fromEntries(ads.columns.map((name, index) => [name, row[index]])));
  const judged = Object.values(counts).reduce((total, value) => total + value, 0);
  $("subtitle").textContent = `${number(rows.length, 0)} of ${count(judged, "ad")}, the worst first`;
  $("counts").replaceChildren(...Object.entries(STATES).filter(([state]) => counts[state]).map(([state, [name, kind]]) => h("span", { class: `pill ${kind}` }, `${number(counts[state], 0)} ${name.toLowerCase()}`)));
  pager.show(rows);
}

const currency = () => / in ([A-Z]{3})\./.exec((content.notes ?? []).join(" "))?.[1];

function draw(rows) {
  queue = [];
  $("grid").replaceChildren(...rows.map(card));
  // Measuring draws often; what is asked for is what stays on the screen.
  clearTimeout(draw.waiting);
  draw.waiting = setTimeout(() => load(rows.map((row) => row.ad_id)), 120);
}

function card(ad) {
  const [name, kind] = STATES[ad.state] ?? [ad.state, ""];
  const [title, ...place] = String(ad.ad_name ?? ad.ad_id).split(" / ");
  const ctr = ad.ctr_7d == null ? "" : `CTR ${ad.ctr_best == null ? "" : `${share(ad.ctr_best, 2)} → `}`;
  return h(
    "li",
    { "data-ad": ad.ad_id },
    thumbnail(ad.ad_id, title),
    h(
      "div",
      { class: "facts" },
      h("span", { class: "name" }, title),
      h("small", { class: "place" }, place.join(" / ") || ad.ad_id),
      h("span", { class: `pill ${kind}` }, `${name}${ad.decline_pct && ad.state !== "not_yet" ? ` ${percent(-ad.decline_pct)}` : ""}`),
      h("span", { class: "figures" }, ctr, ctr && h("b", {}, share(ad.ctr_7d, 2))),
      h("small", { class: "figures" }, [ad.frequency_7d == null ? "" : `Frequency ${number(ad.frequency_7d, 1)}`, roundMoney(ad.spend, currency()), ad.days_running == null ? "" : count(ad.days_running, "day")].filter(Boolean).join(" · ")),
    ),
  );
}

function thumbnail(id, title) {
  const source = pictures.get(id);
  if (source) return h("img", { class: "thumb", src: source, alt: `Picture of ${title}`, width: 84, height: 84 });
  return h("div", { class: "thumb", "aria-hidden": "true" }, source === "" ? "No picture" : "…");
}

function load(ids) {
  if (!app.can("serverTools")) return;
  queue = ids.filter((id) => !pictures.has(id));
  while (isLoading < MAX_REQUESTS && queue.length) loadNext();
}

async function loadNext() {
  const id = queue.shift();
  if (!id) return;
  isLoading += 1;
  try {
    const answer = await app.read("ads_get_ad_images", { ad_id: id, show: true });
    const image = answer.content?.find((block) => block.type === "image");
    pictures.set(id, image ? `data:${image.mimeType};base64,${image.data}` : "");
  } catch {
    pictures.set(id, "");
  }
  isLoading -= 1;
  const element = document.querySelector(`[data-ad="${CSS.escape(id)}"]`);
  if (element) element.firstChild.replaceWith(thumbnail(id, element.querySelector(".name").textContent));
  loadNext();
}

let width = 0;
new ResizeObserver(([entry]) => {
  if (Math.abs(entry.contentRect.width - width) < 1) return;
  width = entry.contentRect.width;
  if (content) requestAnimationFrame(() => pager.layOut());
}).observe(document.documentElement);
