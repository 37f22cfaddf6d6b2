// Run Meta's Node SDK against a sandbox: node run_node.js URL TOKEN PLAN.json
// Prints one JSON line per call: {"name", "problem"}; the problem is empty where the answer was right.
'use strict';

const fs = require('fs');
const sdk = require(require.resolve('facebook-nodejs-business-sdk', { paths: [process.cwd()] }));

const [url, token, planFile] = process.argv.slice(2);
const plan = JSON.parse(fs.readFileSync(planFile, 'utf8'));

for (const name of ['GRAPH', 'GRAPH_VIDEO']) {
  Object.defineProperty(sdk.FacebookAdsApi, name, { get: () => url });
}

const user = new sdk.FacebookAdsApi(token, 'en_US', false);
const page = new sdk.FacebookAdsApi(plan.page_token, 'en_US', false);
sdk.FacebookAdsApi.setDefaultApi(user);

const made = (type, id, api) => new sdk[type](id, {}, undefined, api || user);

function check(condition, text) {
  if (!condition) throw new Error(text);
}

// The method of a class whose source sends requests to an edge: `getEdge(..., '/ads')`.
function methodFor(type, call, edge) {
  const names = Object.getOwnPropertyNames(sdk[type].prototype);
  return names.find((name) => {
    const source = String(Object.getOwnPropertyDescriptor(sdk[type].prototype, name).value);
    return source.includes(`${call}(`) && new RegExp(`['"]/?${edge}['"]`).test(source);
  });
}

async function step(name, call) {
  let problem = '';
  try {
    await call();
  } catch (error) {
    if (process.env.DEBUG) process.stderr.write(String(error.stack) + '\n');
    problem = String((error && error.message) || error).slice(0, 300) || 'unknown problem';
  }
  process.stdout.write(JSON.stringify({ name, problem }) + '\n');
}

async function readAll(cursor) {
  const rows = [...cursor];
  let current = cursor;
  while (current.hasNext()) {
    current = await current.next();
    rows.push(...current);
  }
  return rows;
}

// Makes what a list is asked about, a label or a batch; returns the param that names it.
async function writeFirst(target, item) {
  if (!item.first) return {};
  const answer = await target[item.first.method]([], item.first.params);
  const value = answer[item.first.answer] || answer._data[item.first.answer];
  const list = Array.isArray(value);
  return { [item.first.param]: list ? value[0] : [value] };
}

async function readList(item) {
  const target = made(item.type, item.id, item.of_page ? page : user);
  const name = methodFor(item.type, 'getEdge', item.edge);
  check(name, `the SDK has no method for ${item.edge}`);
  const params = { ...item.params, ...(await writeFirst(target, item)) };
  const whole = await readAll(await target[name]([], { ...params, limit: 500 }));
  const limit = Math.max(1, Math.ceil(whole.length / 3));
  const paged = await readAll(await target[name]([], { ...params, limit }));
  check(paged.length === whole.length, `${paged.length} rows in pages, ${whole.length} at once`);
  check(whole.length > 0 || !item.filled, 'no rows');
}

async function report(account) {
  const run = await account.getInsightsAsync(['spend', 'actions'], { date_preset: 'last_7d', level: 'campaign' });
  let looks = 0;
  do {
    await run.read();
    check(looks++ < 20, 'the report is never complete');
  } while (run.async_percent_completion < 100);
  check(run.async_status === 'Job Completed', run.async_status);
  check((await readAll(await run.getInsights([], { limit: 2 }))).length > 0, 'no rows');
}

async function write(account) {
  const ids = {};
  await step('createCampaign', async () => { ids.campaign = (await account.createCampaign([], plan.campaign)).id; });
  await step('createAdSet', async () => {
    ids.adSet = (await account.createAdSet([], { ...plan.ad_set, campaign_id: ids.campaign })).id;
  });
  await step('createAdCreative', async () => { ids.creative = (await account.createAdCreative([], plan.creative)).id; });
  await step('createAd', async () => {
    const params = { name: 'A', adset_id: ids.adSet, creative: { creative_id: ids.creative }, status: 'PAUSED' };
    ids.ad = (await account.createAd([], params)).id;
  });
  await step('createCustomAudience', async () => {
    ids.audience = (await account.createCustomAudience([], plan.audience)).id;
  });
  await step('CustomAudience.createUser', () => made('CustomAudience', ids.audience).createUser([], plan.people));
  await step('createAdImage', () => account.createAdImage([], { bytes: plan.png, name: 'a.png' }));
  await step('createAdVideo', () => account.createAdVideo([], { file_url: 'https://films.example/1.mp4', name: 'F' }));
  await step('createAdLabel', () => account.createAdLabel([], { name: 'Autumn' }));
  await step('Campaign.update', async () => {
    const campaign = made('Campaign', ids.campaign);
    campaign.name = 'Renamed';
    await campaign.update();
    await campaign.read(['name']);
    check(campaign.name === 'Renamed', campaign.name);
  });
  await step('AdSet.createCopy', () => made('AdSet', ids.adSet).createCopy([], {}));
  for (const [type, id] of [['Ad', ids.ad], ['AdSet', ids.adSet], ['Campaign', ids.campaign]]) {
    await step(`${type}.delete`, async () => {
      await made(type, id).delete([]);
      const node = made(type, id);
      await node.read(['status']);
      check(node.status === 'DELETED', node.status);
    });
  }
  await step('CustomAudience.delete', () => made('CustomAudience', ids.audience).delete([]));
}

async function batch() {
  const answers = [];
  const calls = new sdk.FacebookAdsApiBatch(user);
  const add = (...call) => calls.add(...call, null, (answer) => answers.push(answer), (answer) => answers.push(answer));
  add('GET', [plan.account], { fields: 'name' });
  add('GET', [plan.account, 'campaigns'], { limit: 2 });
  add('POST', [plan.account, 'adlabels'], { name: 'Made in a batch' });
  add('GET', ['1'], {});
  await calls.execute();
  check(answers.map((answer) => answer.isSuccess).join() === 'true,true,true,false', JSON.stringify(answers));
}

async function main() {
  const account = made('AdAccount', plan.account);
  for (const item of plan.lists) await step(`GET ${item.type}/${item.edge}`, () => readList(item));
  for (const item of plan.nodes) {
    await step(`GET ${item.type}`, async () => {
      const node = made(item.type, item.id, item.of_page ? page : user);
      await node.read(item.fields);
      check(String(node.id) === item.id, `the id is ${node.id}`);
    });
  }
  await step('getInsightsAsync', () => report(account));
  await step('batch', batch);
  await write(account);
  await step('getByIds', () => sdk.Campaign.getByIds([plan.campaign_id, plan.campaign_id], ['name']));
}

main();
