// The real server in its demo, on stdio, with a client of the SDK in one of the two protocol eras.
import { existsSync } from "node:fs";
import { join, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const MIME_TYPE = "text/html;profile=mcp-app";
export const ERAS = ["legacy", "modern"];
const VENV = join(ROOT, ".venv", "bin", "python");
const PYTHON = process.env.PYTHON ?? (existsSync(VENV) ? VENV : "python3");

// Start a server and connect. Returns the client, its tools by name, and `close`.
export async function startServer(era, stateDir) {
  const capabilities = { extensions: { "io.modelcontextprotocol/ui": { mimeTypes: [MIME_TYPE] } } };
  const options = era === "modern" ? { versionNegotiation: { mode: "auto" } } : {};
  const client = new Client({ name: "test-host", version: "1" }, { capabilities, ...options });
  const env = { PATH: process.env.PATH, HOME: stateDir, PYTHONPATH: ROOT, META_ADS_STATE_DIR: stateDir };
  const args = ["-m", "meta_ads_mcp", "serve", "--demo", "--allow-writes", "--toolsets", "default,insights"];
  await client.connect(new StdioClientTransport({ command: PYTHON, args, env, cwd: stateDir, stderr: "ignore" }));
  const { tools } = await client.listTools();
  const call = (name, args) => client.callTool({ name, arguments: args });
  const read = (name, args) => call("ads_call_read_tool", { name, arguments: args });
  return { era, client, call, read, tools: new Map(tools.map((tool) => [tool.name, tool])), close: () => client.close() };
}
