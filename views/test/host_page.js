// The script of the host's page: an AppBridge that records every message of the view.
import { AppBridge, PostMessageTransport } from "@modelcontextprotocol/ext-apps/app-bridge";

const ALL = { serverTools: {}, message: { text: {} }, updateModelContext: { text: {} }, downloadFile: {}, openLinks: {} };
window.messages = [];

window.openView = async ({ html, tool, args, result, theme, width, proxy, capabilities, context }) => {
  document.documentElement.style.colorScheme = theme;
  document.body.style.background = theme === "dark" ? "#14181c" : "#ffffff";
  const frame = document.createElement("iframe");
  frame.title = tool.name;
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms");
  frame.style.cssText = `border:0;display:block;width:${width}px;height:120px`;
  const isReady = new Promise((resolve) => {
    addEventListener("message", ({ source, data }) => {
      if (source !== frame.contentWindow) return;
      if (data?.method === "ui/notifications/sandbox-proxy-ready") resolve();
      else if (data?.jsonrpc) window.messages.push(data);
    });
  });
  frame.src = proxy;
  document.body.append(frame);
  await isReady;
  const hostContext = {
    theme,
    locale: "en-US",
    timeZone: "UTC",
    displayMode: "inline",
    availableDisplayModes: ["inline"],
    containerDimensions: { width, maxHeight: 2000 },
    toolInfo: { tool },
    ...context,
  };
  const bridge = new AppBridge(null, { name: "test-host", version: "1" }, capabilities ?? ALL, { hostContext });
  bridge.oncalltool = (params) => window.callTool(params);
  bridge.onmessage = async () => ({});
  bridge.onupdatemodelcontext = async () => ({});
  bridge.ondownloadfile = async () => ({});
  bridge.onsizechange = ({ height }) => {
    if (height) frame.style.height = `${height}px`;
  };
  const isInitialized = new Promise((resolve) => {
    bridge.oninitialized = resolve;
  });
  await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
  await bridge.sendSandboxResourceReady({ html });
  await isInitialized;
  await bridge.sendToolInput({ arguments: args });
  if (result) await bridge.sendToolResult(result);
  window.bridge = bridge;
};
