// Take the pictures of the README from the demo, and on request of every view and state: node shots.mjs [folder].
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MARGIN, startHost } from "./test/host.mjs";
import { ROOT, startServer } from "./test/server.mjs";

const IMAGES = join(ROOT, "docs", "images");
const WIDTHS = [320, 400, 800, 1200];
const ACCOUNT = "act_7470121378174393";
const CAMPAIGN = "120267522658488869";
const MESSAGE = Array.from({ length: 12 }, (_, index) => `Autumn coat ${index + 1} is back in stock, in all sizes.`).join(" ");

const server = await startServer("modern", mkdtempSync(join(tmpdir(), "shots-")));
const host = await startHost();

const list = await server.call("ads_get_campaigns", { account_id: ACCOUNT, limit: 50 });
const campaigns = list.structuredContent.data.filter((campaign) => campaign.daily_budget);
const raised = (campaign) => ({ level: "campaign", id: campaign.id, set: { daily_budget: Math.round(campaign.daily_budget.minor * 1.1) } });
const budget = (campaign, factor) => ({ entity_type: "campaign", entity_id: campaign.id, daily_budget: Math.round(campaign.daily_budget.minor * factor) });
const press = (name) => async (view) => view.frame.getByRole("button", { name }).click();
const expire = (result) => {
  result._meta["meta-ads/card"].expires_at = 0;
  return result;
};

const STATES = {
  trend: ["ads_insights_performance_trend", { object_id: CAMPAIGN, date_preset: "last_30d" }],
  "trend-compared": ["ads_insights_performance_trend", { object_id: ACCOUNT, date_preset: "last_14d", compare_to: "previous_period" }],
  "trend-error": ["ads_insights_performance_trend", { object_id: "999999" }],
  portfolio: ["ads_portfolio_summary", {}],
  "portfolio-compared": ["ads_portfolio_summary", { compare_to: "previous_period" }],
  creatives: ["ads_get_creative_fatigue", { account_id: ACCOUNT }],
  rate: ["ads_rate_status", {}],
  card: ["ads_update_budget", budget(campaigns[0], 1.25)],
  "card-cancelled": ["ads_update_budget", budget(campaigns[0], 1.25), { act: press("Cancel") }],
  "card-expired": ["ads_update_budget", budget(campaigns[0], 1.25), { change: expire }],
  "card-refused": ["ads_update_budget", budget(campaigns[0], 1.25), { refuse: ({ name }) => name === "ads_update_budget", act: press("Apply") }],
  "card-dry-run": ["ads_update_budget", { ...budget(campaigns[0], 1.25), dry_run: true }],
  "card-error": ["ads_update_budget", { entity_type: "campaign", entity_id: "999999", daily_budget: 100 }],
  "card-bulk": ["ads_bulk_update", { account_id: ACCOUNT, idempotency_key: "shots", edits: campaigns.map(raised) }],
  "card-delete": ["ads_call_write_tool", { name: "ads_delete_campaign", arguments: { campaign_id: campaigns[1].id } }],
  "card-text": ["ads_call_write_tool", { name: "facebook_create_post", arguments: { page_id: "109599103843739", message: MESSAGE, dry_run: false } }],
};

async function shoot(name, path, width, theme) {
  const [tool, args, { act, ...options } = {}] = STATES[name];
  const view = await host.open(server, tool, args, { width, theme, ...options });
  await view.page.waitForTimeout(600);
  await act?.(view);
  await view.page.waitForLoadState("networkidle");
  await view.page.waitForTimeout(1400);
  const { height } = await view.box();
  await view.page.screenshot({ path, clip: { x: 0, y: 0, width: width + 2 * MARGIN, height: Math.ceil(height) + 2 * MARGIN } });
  await view.close();
}

const folder = process.argv[2];
if (folder) {
  mkdirSync(folder, { recursive: true });
  for (const name of Object.keys(STATES)) {
    for (const [index, width] of WIDTHS.entries()) {
      for (const theme of process.argv[3] === "all" ? ["light", "dark"] : [index % 2 ? "dark" : "light"]) await shoot(name, join(folder, `${name}-${width}-${theme}.png`), width, theme);
    }
  }
} else {
  mkdirSync(IMAGES, { recursive: true });
  await shoot("trend", join(IMAGES, "view-trend.png"), 760, "light");
  STATES["card-bulk"][1].edits.length = 3;
  await shoot("card-bulk", join(IMAGES, "view-card.png"), 640, "light");
}
await host.close();
await server.close();
