// The protocol between a view and its host: JSON-RPC over postMessage (MCP Apps, 2026-01-26).
// Written by hand, because the App class of ext-apps brings 670 kB.

const PROTOCOL_VERSION = "2026-01-26";
const REQUEST_MS = 120_000;
const HELLO_MS = 20_000;
export const MAX_INLINE_PX = 500;

const META = { nonce: "meta-ads/view", code: "meta-ads/confirmation", card: "meta-ads/card", call: "meta-ads/call" };

// Connect to the host. `onResult` gets every CallToolResult, `onContext` every change of the host's context.
export function connect({ name, onResult, onInput, onCancel, onContext }) {
  const host = window.parent;
  const pending = new Map();
  let lastId = 0;
  let context = {};
  let capabilities = {};
  let lastSize = "";

  // The host's origin is not known to a view; nothing here is secret from the host.
  const post = (message) => host.postMessage({ jsonrpc: "2.0", ...message }, "*");
  const notify = (method, params = {}) => post({ method, params });
  const request = (method, params, ms = REQUEST_MS) =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      const timer = setTimeout(() => {
        pending.delete(id);
        reject(new Error("The client did not answer."));
      }, ms);
      pending.set(id, { resolve, reject, timer });
      post({ id, method, params });
    });

  const app = {
    get context() {
      return context;
    },
    // Whether the host declared a capability, such as `serverTools` or `message`.
    can: (capability) => Object.hasOwn(capabilities, capability),
    // Call a tool of the server. A result goes to the caller and, if it is a view's, is acknowledged.
    async callTool(tool, args) {
      if (!app.can("serverTools")) throw new Error("This client does not let a view call tools.");
      const result = await request("tools/call", { name: tool, arguments: args });
      acknowledge(result);
      return result;
    },
    // Call any read tool, listed or not.
    read: (tool, args) => app.callTool("ads_call_read_tool", { name: tool, arguments: args }),
    async say(text) {
      if (app.can("message")) await request("ui/message", { role: "user", content: [{ type: "text", text }] });
    },
    // Tell the model without starting a turn; where the host has no such thing, say it in the conversation.
    async tellModel(text) {
      if (!app.can("updateModelContext")) return app.say(text);
      await request("ui/update-model-context", { content: [{ type: "text", text }] });
    },
    async download(fileName, mimeType, text) {
      const resource = { uri: `file:///${encodeURIComponent(fileName)}`, mimeType, text };
      if (app.can("downloadFile")) await request("ui/download-file", { contents: [{ type: "resource", resource }] });
    },
    // How high the view may be, in pixels; infinite where it has the screen for itself.
    get maxHeight() {
      if (context.displayMode && context.displayMode !== "inline") return Infinity;
      const { height, maxHeight } = context.containerDimensions ?? {};
      return Math.max(240, Math.min(MAX_INLINE_PX, height ?? maxHeight ?? MAX_INLINE_PX));
    },
    // Tell the server that this host does not let a card apply its change.
    reportUnable: (nonce) => report({ nonce, can_apply: false }),
    nonce: undefined,
    ready: undefined,
  };

  const report = (args) => request("tools/call", { name: "ads_call_read_tool", arguments: { name: "ads_view_report", arguments: args } });

  // Send the nonce of an answer back, once: this proves to the server that its views work here.
  function acknowledge(result) {
    const nonce = result?._meta?.[META.nonce];
    if (!nonce || nonce === app.nonce) return;
    app.nonce = nonce;
    if (app.can("serverTools")) report({ nonce }).catch(() => {});
  }

  const handlers = {
    "ui/notifications/tool-input": (params) => onInput?.(params.arguments ?? {}),
    "ui/notifications/tool-result": (params) => {
      acknowledge(params);
      onResult(params);
    },
    "ui/notifications/tool-cancelled": (params) => onCancel?.(params.reason ?? ""),
    "ui/notifications/host-context-changed": (params) => merge(params),
    "ui/resource-teardown": () => ({}),
    ping: () => ({}),
  };

  window.addEventListener("message", (event) => {
    const message = event.data;
    if (event.source !== host || message?.jsonrpc !== "2.0") return;
    if (message.method) answer(message);
    else settle(message);
  });

  function answer({ id, method, params }) {
    const handler = handlers[method];
    if (id === undefined) handler?.(params ?? {});
    else if (handler) post({ id, result: handler(params ?? {}) ?? {} });
    else post({ id, error: { code: -32601, message: `Method not found: ${method}` } });
  }

  function settle({ id, result, error }) {
    const waiting = pending.get(id);
    if (!waiting) return;
    pending.delete(id);
    clearTimeout(waiting.timer);
    if (error) waiting.reject(Object.assign(new Error(error.message ?? "The client refused."), { refused: true }));
    else waiting.resolve(result);
  }

  function merge(part) {
    context = { ...context, ...part };
    applyTheme(context);
    onContext?.(context);
  }

  app.resize = () => {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    const width = Math.ceil(document.documentElement.getBoundingClientRect().width);
    if (`${width}x${height}` === lastSize) return;
    lastSize = `${width}x${height}`;
    notify("ui/notifications/size-changed", { width, height });
  };

  const hello = {
    appInfo: { name, version: "1.0.0" },
    appCapabilities: { availableDisplayModes: ["inline", "fullscreen"] },
    protocolVersion: PROTOCOL_VERSION,
  };
  app.ready = request("ui/initialize", hello, HELLO_MS).then((result) => {
    capabilities = result.hostCapabilities ?? {};
    merge(result.hostContext ?? {});
    notify("ui/notifications/initialized");
    new ResizeObserver(() => requestAnimationFrame(app.resize)).observe(document.body);
    app.resize();
  });
  return app;
}

// Return what the server sent for this view alone: the card, its code, and the call that applies it.
export const privateParts = (result) => ({
  card: result?._meta?.[META.card],
  code: result?._meta?.[META.code],
  call: result?._meta?.[META.call],
});

function applyTheme({ theme, styles, safeAreaInsets }) {
  const root = document.documentElement;
  root.dataset.theme = theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  for (const [name, value] of Object.entries(styles?.variables ?? {})) if (value) root.style.setProperty(name, value);
  for (const side of ["top", "right", "bottom", "left"]) {
    root.style.setProperty(`--inset-${side}`, `${safeAreaInsets?.[side] ?? 0}px`);
  }
}
