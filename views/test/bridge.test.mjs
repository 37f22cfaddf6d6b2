// The bridge without a browser: what a view posts is what the published schema of ext-apps allows.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import Ajv from "ajv/dist/2020.js";

const require = createRequire(import.meta.url);
const ajv = new Ajv({ strict: false, validateFormats: false });
ajv.addSchema(require("@modelcontextprotocol/ext-apps/schema.json"), "apps");

const DEFINITIONS = {
  "ui/initialize": "McpUiInitializeRequest",
  "ui/notifications/initialized": "McpUiInitializedNotification",
  "ui/notifications/size-changed": "McpUiSizeChangedNotification",
  "ui/message": "McpUiMessageRequest",
  "ui/update-model-context": "McpUiUpdateModelContextRequest",
  "ui/download-file": "McpUiDownloadFileRequest",
};

// A host of plain objects: it answers every request with `answers[method]`.
function fakeHost(capabilities, answers = {}) {
  const posted = [];
  let listener;
  const deliver = (data) => listener({ source: parent, data: { jsonrpc: "2.0", ...data } });
  const parent = {
    postMessage(message) {
      posted.push(message);
      const result = answers[message.method] ?? (message.method === "ui/initialize" ? { hostCapabilities: capabilities, hostContext: {} } : {});
      if (message.id !== undefined && message.method) queueMicrotask(() => deliver(result.code ? { id: message.id, error: result } : { id: message.id, result }));
    },
  };
  const box = { getBoundingClientRect: () => ({ width: 400, height: 200 }), style: { setProperty() {} }, dataset: {} };
  Object.assign(globalThis, {
    window: { parent, addEventListener: (_, handler) => (listener = handler) },
    document: { documentElement: box, body: box },
    matchMedia: () => ({ matches: false }),
    ResizeObserver: class { observe() {} },
    requestAnimationFrame: (action) => action(),
  });
  return { posted, deliver };
}

const { connect } = await import("../src/bridge.js");
const RESULT = { content: [], _meta: { "meta-ads/view": "nonce-1" } };

test("every message is valid, and a nonce is sent back once", async () => {
  const host = fakeHost({ serverTools: {}, message: {}, updateModelContext: {}, downloadFile: {} });
  const results = [];
  const app = connect({ name: "test", onResult: (result) => results.push(result) });
  await app.ready;
  host.deliver({ method: "ui/notifications/tool-result", params: RESULT });
  host.deliver({ method: "ui/notifications/tool-result", params: RESULT });
  await app.say("why?");
  await app.tellModel("context");
  await app.download("a b.csv", "text/csv", "x");
  for (const { jsonrpc, id, ...message } of host.posted.filter((item) => item.method)) {
    assert.equal(jsonrpc, "2.0");
    const definition = DEFINITIONS[message.method];
    if (definition) assert.ok(ajv.validate(`apps#/$defs/${definition}`, message), `${message.method}: ${ajv.errorsText()}`);
    else assert.equal(message.method, "tools/call");
  }
  assert.equal(results.length, 2);
  assert.equal(host.posted.filter((message) => JSON.stringify(message).includes("nonce-1")).length, 1);
});

test("nothing is asked of a host that did not declare it", async () => {
  const host = fakeHost({});
  const app = connect({ name: "test", onResult() {} });
  await app.ready;
  host.deliver({ method: "ui/notifications/tool-result", params: RESULT });
  await assert.rejects(app.callTool("ads_rate_status", {}));
  await Promise.all([app.say("x"), app.tellModel("x"), app.download("x", "text/csv", "x")]);
  assert.deepEqual(host.posted.filter((message) => message.method && !/initialize|size-changed/.test(message.method)), []);
});

test("a refusal of the host is told from a result, and its requests are answered", async () => {
  const host = fakeHost({ serverTools: {} }, { "tools/call": { code: -32000, message: "not allowed" } });
  const app = connect({ name: "test", onResult() {} });
  await app.ready;
  await assert.rejects(app.callTool("ads_update_budget", {}), (problem) => problem.refused && problem.message === "not allowed");
  host.deliver({ id: 7, method: "ping" });
  host.deliver({ id: 8, method: "ui/resource-teardown", params: {} });
  host.deliver({ id: 9, method: "unknown" });
  assert.deepEqual(host.posted.slice(-3).map(({ id, error }) => [id, error?.code]), [[7, undefined], [8, undefined], [9, -32601]]);
});
