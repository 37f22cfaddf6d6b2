// Every view in a headless browser, in both protocol eras, against the real server in its demo.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import Ajv from "ajv/dist/2020.js";
import { startHost } from "./host.mjs";
import { ERAS, startServer } from "./server.mjs";

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const MAX_INLINE_PX = 500;
const DEFINITIONS = {
  "ui/initialize": "McpUiInitializeRequest",
  "ui/notifications/initialized": "McpUiInitializedNotification",
  "ui/notifications/size-changed": "McpUiSizeChangedNotification",
  "ui/message": "McpUiMessageRequest",
  "ui/update-model-context": "McpUiUpdateModelContextRequest",
  "ui/download-file": "McpUiDownloadFileRequest",
};

const schema = require("@modelcontextprotocol/ext-apps/schema.json");
const ajv = new Ajv({ strict: false, validateFormats: false });
ajv.addSchema(schema, "apps");

let host;
before(async () => (host = await startHost()));
after(() => host?.close());

const text = (view, selector = "body") => view.frame.locator(selector).first().innerText();
const until = (view, selector, pattern) =>
  view.frame.waitForFunction(([where, source]) => new RegExp(source).test(document.querySelector(where)?.innerText ?? ""), [selector, pattern.source], { timeout: 15000 });

// What holds for every view in every state: its height, its width, its messages, and what axe-core says.
async function check(view) {
  await view.page.waitForTimeout(60);
  const size = await view.frame.evaluate(() => ({ scroll: document.documentElement.scrollWidth, width: innerWidth, height: document.body.getBoundingClientRect().height, inner: [...document.querySelectorAll("body *")].filter((element) => element.scrollHeight > element.clientHeight + 2 && /auto|scroll/.test(getComputedStyle(element).overflowY)).length }));
  assert.ok(size.scroll <= size.width, `wider than its frame: ${size.scroll} > ${size.width}`);
  assert.ok(size.height <= MAX_INLINE_PX, `higher than ${MAX_INLINE_PX} px: ${size.height}`);
  assert.equal(size.inner, 0, "scrolls inside");
  const small = await view.frame.evaluate(() => [...document.querySelectorAll("button")].filter((button) => button.offsetParent && button.getBoundingClientRect().height < 43.5).map((button) => button.innerText));
  assert.deepEqual(small, [], "targets below 44 px");
  await view.frame.evaluate(AXE);
  // A view is transparent: the color behind it is the host's, which axe-core cannot see.
  const behind = await view.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await view.frame.evaluate((color) => (document.documentElement.style.background = color), behind);
  const violations = await view.frame.evaluate(async () => (await window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] })).violations.map((item) => `${item.id}: ${item.nodes.map((node) => node.target).join(" ")}`));
  assert.deepEqual(violations, [], "axe-core");
  for (const { jsonrpc, id, ...message } of await view.messages()) {
    const definition = DEFINITIONS[message.method];
    if (!definition) continue;
    assert.ok(ajv.validate(`apps#/$defs/${definition}`, message), `${message.method}: ${ajv.errorsText()}`);
  }
}

// Open a view at several widths, and check it.
async function checkEverywhere(server, tool, args) {
  for (const [width, theme] of server.era === "modern" ? [[320, "light"], [1200, "dark"]] : [[800, "dark"]]) {
    const view = await host.open(server, tool, args, { width, theme });
    await check(view);
    await view.close();
  }
}

describe("views", { concurrency: 2 }, () => {
  for (const era of ERAS) {
    describe(`in the ${era} era`, { concurrency: 1 }, () => {
      let server;
      let stateDir;
      let campaigns;
      const account = "act_7470121378174393";
      const budgetOf = async (id) => (await server.read("ads_get_campaign_details", { campaign_id: id })).structuredContent.data.daily_budget.amount;
      const raise = (campaign, factor = 1.1) => ({ entity_type: "campaign", entity_id: campaign.id, daily_budget: Math.round(campaign.daily_budget.minor * factor) });
      const amount = (campaign, factor = 1.1) => (Math.round(campaign.daily_budget.minor * factor) / 100).toFixed(2);

      before(async () => {
        stateDir = mkdtempSync(join(tmpdir(), "views-"));
        server = await startServer(era, stateDir);
        const list = await server.call("ads_get_campaigns", { account_id: account, limit: 50 });
        campaigns = list.structuredContent.data.filter((campaign) => campaign.daily_budget);
      });
      after(async () => {
        await server?.close();
        rmSync(stateDir, { recursive: true, force: true });
      });

      test("Apply on the card changes the budget, and the code is for the card alone", async () => {
        const [campaign] = campaigns;
        const first = await host.open(server, "ads_rate_status", {});
        await check(first);
        await first.close();
        const view = await host.open(server, "ads_update_budget", raise(campaign));
        const code = view.result._meta["meta-ads/confirmation"];
        assert.ok(code && !JSON.stringify([view.result.content, view.result.structuredContent]).includes(code), "the model sees the code");
        await check(view);
        assert.match(await text(view), new RegExp(campaign.name.replaceAll("|", "\\|")));
        await view.frame.getByRole("button", { name: "Apply" }).press("Enter");
        await until(view, "#state", /Applied/);
        await check(view);
        assert.match(await text(view, "#notice"), /undo of c\d{8}T/);
        assert.equal(await budgetOf(campaign.id), amount(campaign));
        assert.equal((await view.messages("ui/update-model-context")).length, 1);
        await view.close();
      });

      test("Cancel changes nothing and tells the model", async () => {
        const campaign = campaigns[1];
        const view = await host.open(server, "ads_update_budget", raise(campaign), { theme: "dark", width: 400 });
        await view.frame.getByRole("button", { name: "Cancel" }).click();
        await until(view, "#state", /Cancelled/);
        await check(view);
        assert.equal(await budgetOf(campaign.id), campaign.daily_budget.amount);
        assert.match(JSON.stringify(await view.messages("ui/update-model-context")), /nothing was changed/);
        await view.close();
      });

      test("an expired card does not apply, and makes a new plan", async () => {
        const change = (result) => {
          result._meta["meta-ads/card"].expires_at = Date.now() / 1000 + 1;
          return result;
        };
        const view = await host.open(server, "ads_update_budget", raise(campaigns[2]), { change });
        await until(view, "#state", /Expired/);
        await check(view);
        assert.equal(await view.frame.getByRole("button", { name: "Apply" }).count(), 0);
        await view.frame.getByRole("button", { name: "Make the plan again" }).click();
        await until(view, "#state", /Not applied yet/);
        assert.match(await text(view, "#left"), /9:5\d|10:00/);
        await view.close();
      });

      test("a bulk plan is a table with sums, pages and one Apply", async () => {
        const edits = campaigns.map((campaign) => ({ level: "campaign", id: campaign.id, set: { daily_budget: Math.round(campaign.daily_budget.minor * 1.3) } }));
        const args = { account_id: account, idempotency_key: `bulk-${era}`, edits };
        await checkEverywhere(server, "ads_bulk_update", args);
        const view = await host.open(server, "ads_bulk_update", args, { width: 400 });
        assert.match(await text(view, "#sums"), /Sum of daily budgets/i);
        const seen = [];
        for (;;) {
          seen.push(await text(view, "#plan"));
          const next = view.frame.getByRole("button", { name: "Next page" });
          if (await next.isDisabled()) break;
          await next.click();
        }
        for (const campaign of campaigns) assert.ok(seen.join().includes(campaign.id), campaign.name);
        await view.frame.getByRole("button", { name: "Apply" }).click();
        await until(view, "#state", /^Applied/);
        await check(view);
        assert.equal(await budgetOf(campaigns[3].id), amount(campaigns[3], 1.3));
        assert.match(await text(view, "#notice"), /undo of u/);
        await view.close();
      });

      test("a public text is on the card in full", async () => {
        const message = Array.from({ length: 40 }, (_, index) => `Sentence ${index + 1} is about tents & coats <b>for</b> autumn.`).join(" ");
        const args = { name: "facebook_create_post", arguments: { page_id: "109599103843739", message, dry_run: false } };
        await checkEverywhere(server, "ads_call_write_tool", args);
        const view = await host.open(server, "ads_call_write_tool", args, { width: 320 });
        let whole = "";
        for (;;) {
          whole += await view.frame.evaluate(() => [...document.querySelectorAll("tr.text td")].map((cell) => [...cell.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join("")).join(""));
          const next = view.frame.getByRole("button", { name: "Next page" });
          if (await next.isDisabled()) break;
          await next.click();
        }
        assert.equal(whole, message);
        await view.close();
      });

      test("hidden characters of a text are seen, and its markup is text", async () => {
        const message = 'A\u202Emoc.live\u202C \u200Bb "q" \\u202e <img src=x onerror=alert(1)> **c**';
        const args = { name: "facebook_create_post", arguments: { page_id: "109599103843739", message, dry_run: false } };
        const view = await host.open(server, "ads_call_write_tool", args, { width: 800 });
        const seen = await view.frame.evaluate(() => document.body.textContent);
        assert.doesNotMatch(seen, /[\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
        assert.ok(seen.includes('A\\u202emoc.live\\u202c \\u200bb "q" \\u202e <img src=x onerror=alert(1)> **c**'), seen);
        assert.equal(await view.frame.evaluate(() => document.querySelectorAll("img").length), 0);
        await view.close();
      });

      test("a host that lets no view write gets the code back into the text", async () => {
        const args = raise(campaigns[4], 2);
        const view = await host.open(server, "ads_update_budget", args, { refuse: ({ name }) => name === "ads_update_budget" });
        await view.frame.getByRole("button", { name: "Apply" }).click();
        await until(view, "#notice", /agree in the conversation/);
        await check(view);
        await view.close();
        assert.ok((await server.call("ads_update_budget", args)).structuredContent.data.confirmation);
      });

      test("the trend shows the break, other periods, a comparison, a file and a question", async () => {
        const campaign = "120267522658488869";
        const view = await host.open(server, "ads_insights_performance_trend", { object_id: campaign, date_preset: "last_30d" });
        await until(view, "#state", /CTR -\d+%/);
        const dates = await text(view, "#subtitle");
        await until(view, "#edits", /Tobias Renn/);
        assert.match(await text(view, "#title"), /Always-on sales/);
        assert.equal(await view.frame.locator("canvas").count(), 3);
        await check(view);
        await view.frame.locator(".plot").first().press("ArrowLeft");
        assert.match(await text(view, ".panel .head"), /: USD/);
        await view.frame.getByRole("button", { name: "14 days" }).click();
        await view.frame.waitForFunction((earlier) => document.getElementById("subtitle").innerText !== earlier, dates);
        await view.frame.getByRole("button", { name: "Compare" }).click();
        await until(view, "#subtitle", /compared with/);
        await until(view, ".panel .head", /%/);
        await check(view);
        await view.frame.getByRole("button", { name: "CSV" }).click();
        await view.frame.getByRole("button", { name: "Ask why" }).click();
        await view.page.waitForTimeout(80);
        assert.match(JSON.stringify(await view.messages("ui/download-file")), /date_start,spend/);
        assert.match(JSON.stringify(await view.messages("ui/message")), /CTR changed by -\d+% on \d{4}-\d\d-\d\d for Always-on/);
        await check(view);
        await view.close();
      });

      test("the story of a change opens as a trend, also of an account", async () => {
        const view = await host.open(server, "ads_explain_change", { account_id: account }, { width: 320, theme: "dark" });
        await until(view, "#title", /Always-on/);
        await until(view, "#state", /since/);
        await check(view);
        await view.close();
      });

      test("the portfolio shows one currency at a time, and what needs attention", async () => {
        await checkEverywhere(server, "ads_portfolio_summary", { compare_to: "previous_period" });
        const view = await host.open(server, "ads_portfolio_summary", {});
        await until(view, "#attention", /Copperline Fitness/);
        await view.frame.getByRole("button", { name: "USD" }).click();
        await until(view, "#rows", /Harbor & Pine/);
        assert.doesNotMatch(await text(view, "#totals"), /BRL/);
        await check(view);
        await view.close();
      });

      test("creatives have pictures, which come through a tool", async () => {
        const view = await host.open(server, "ads_get_creative_fatigue", { account_id: account }, { width: 400 });
        await view.frame.waitForSelector("img.thumb", { timeout: 15000 });
        assert.match(await view.frame.locator("img.thumb").first().getAttribute("src"), /^data:image\/png;base64,/);
        await check(view);
        await view.frame.getByRole("button", { name: "Next page" }).click();
        await until(view, "#pages", /Page 2/);
        await check(view);
        await view.close();
      });

      test("the rate status is read again on demand", async () => {
        const view = await host.open(server, "ads_rate_status", {}, { width: 320, theme: "dark" });
        await view.frame.getByRole("button", { name: "Refresh" }).click();
        await until(view, "#quotas", /% used/);
        await check(view);
        await view.close();
      });

      test("an error and a dry run", async () => {
        await checkEverywhere(server, "ads_update_budget", { entity_type: "campaign", entity_id: "999999", daily_budget: 100 });
        const view = await host.open(server, "ads_update_budget", { ...raise(campaigns[5], 2), dry_run: true });
        await until(view, "#state", /Dry run/);
        await check(view);
        await view.close();
      });

      test("a host without capabilities gets a card to read", async () => {
        const view = await host.open(server, "ads_update_budget", raise(campaigns[5], 2), { capabilities: {}, context: { locale: "de-DE", safeAreaInsets: { top: 20, right: 0, bottom: 0, left: 8 } } });
        assert.equal(await view.frame.getByRole("button", { name: "Apply" }).count(), 0);
        assert.match(await text(view, "#plan"), /\d,\d\d.USD/);
        await check(view);
        assert.equal((await view.messages("tools/call")).length, 0);
        await view.close();
      });
    });
  }
});

test("no console message, no violation of the policy and no foreign request", () => assert.deepEqual(host.problems, []));
