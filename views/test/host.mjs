// A host in headless Chromium, as the specification describes it: the AppBridge of ext-apps on one origin, and on
// another a proxy page whose Content-Security-Policy holds for the view in its inner frame.
import { createServer } from "node:http";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";

const HERE = dirname(fileURLToPath(import.meta.url));
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const MARGIN = 14;
export const SCALE = Number(process.env.SCALE ?? 1);

// The policy for a view that asks for nothing (specification, "Restrictive default").
const POLICY =
  "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "media-src 'self' data:; connect-src 'none'; frame-src 'self'; object-src 'none'; base-uri 'self'";

const PROXY = `<!doctype html><html lang="en"><title>Sandbox</title><meta name="color-scheme" content="light dark"><style>html,body{margin:0;height:100%}iframe{border:0;width:100%;height:100%;display:block}</style><body><script>
const host = new URL(document.referrer).origin;
let inner;
addEventListener("message", ({ source, origin, data }) => {
  if (source === parent && origin === host) {
    if (data?.method !== "ui/notifications/sandbox-resource-ready") return inner?.contentWindow.postMessage(data, "*");
    inner = document.createElement("iframe");
    inner.title = "View";
    inner.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms");
    inner.srcdoc = data.params.html;
    document.body.append(inner);
  } else if (inner && source === inner.contentWindow) parent.postMessage(data, host);
});
addEventListener("securitypolicyviolation", (event) => console.error("CSP " + event.violatedDirective));
parent.postMessage({ jsonrpc: "2.0", method: "ui/notifications/sandbox-proxy-ready", params: {} }, host);
</script></body></html>`;

async function serve(body, headers = {}) {
  const server = createServer((_, response) => {
    for (const [name, value] of Object.entries({ "content-type": "text/html; charset=utf-8", ...headers })) response.setHeader(name, value);
    response.end(body);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return server;
}

// Start the browser and both origins. `open` shows the view of a tool; `problems` collects what must not happen.
export async function startHost() {
  const bundle = await build({ entryPoints: [`${HERE}/host_page.js`], bundle: true, format: "iife", minify: true, write: false });
  const script = bundle.outputFiles[0].text.replaceAll("</script", "<\\/script");
  const page = `<!doctype html><html lang="en"><title>Host</title><body style="margin:${MARGIN}px"><script>${script}</script></body></html>`;
  const [host, proxy, browser] = await Promise.all([
    serve(page),
    serve(PROXY, { "content-security-policy": POLICY }),
    chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] }),
  ]);
  const problems = [];
  const open = (server, toolName, args, options) => openView({ host, proxy, browser, problems, server, toolName, args, ...options });
  const close = async () => {
    await browser.close();
    host.close();
    proxy.close();
  };
  return { open, close, problems };
}

const port = (server) => server.address().port;

// Options: theme, width, result (instead of a call), change(result), capabilities, context, refuse(params) for calls.
async function openView({ host, proxy, browser, problems, server, toolName, args, theme = "light", width = 760, ...options }) {
  const tool = server.tools.get(toolName);
  const uri = tool._meta.ui.resourceUri;
  const { contents } = await server.client.readResource({ uri });
  const original = options.result ?? (await server.call(toolName, args));
  const result = options.change ? options.change(structuredClone(original)) : original;
  const context = await browser.newContext({ viewport: { width: width + 2 * MARGIN, height: 900 }, deviceScaleFactor: SCALE, colorScheme: theme, reducedMotion: "reduce" });
  const page = await context.newPage();
  const note = (text) => problems.push(`${uri} ${theme} ${width}: ${text}`);
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && note(message.text()));
  page.on("pageerror", (error) => note(error.message));
  page.on("request", (request) => /^(https?:\/\/(127\.0\.0\.1|localhost):|data:|about:)/.test(request.url()) || note(`request ${request.url()}`));
  await page.exposeFunction("callTool", async (params) => {
    if (options.refuse?.(params)) throw new Error("Tool is not allowed for apps");
    return server.client.callTool(params);
  });
  await page.goto(`http://127.0.0.1:${port(host)}/`);
  await page.evaluate((parameters) => window.openView(parameters), {
    html: contents[0].text,
    tool,
    args,
    result,
    theme,
    width,
    proxy: `http://localhost:${port(proxy)}/`,
    capabilities: options.capabilities,
    context: options.context ?? {},
  });
  const frame = page.frames().find((item) => item.parentFrame()?.parentFrame());
  const messages = (method) => page.evaluate((name) => window.messages.filter((message) => !name || message.method === name), method);
  const box = () => page.evaluate(() => document.querySelector("iframe").getBoundingClientRect().toJSON());
  await frame.waitForFunction(() => document.body.innerText.trim().length > 0);
  return { page, frame, result, messages, box, close: () => context.close() };
}
