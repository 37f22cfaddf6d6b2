// Build one self-contained HTML file per view: node build.mjs [folder], by default meta_ads_mcp/ui.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? join(here, "..", "meta_ads_mcp", "ui");
export const VIEWS = { card: "Change at Meta", trend: "Trend", portfolio: "Portfolio", creatives: "Creatives", rate: "Rate status" };
// Libraries that are part of a view, with the license that goes into it.
const LICENSES = { trend: ["uplot"] };

mkdirSync(target, { recursive: true });
for (const [name, title] of Object.entries(VIEWS)) {
  const { outputFiles } = await build({
    entryPoints: [join(here, "src", `${name}.js`)],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    write: false,
    outdir: "out",
    absWorkingDir: here,
  });
  const output = (extension) => outputFiles.find((file) => file.path.endsWith(extension))?.text.trim() ?? "";
  const licenses = (LICENSES[name] ?? []).map((library) => {
    const text = readFileSync(join(here, "node_modules", library, "LICENSE"), "utf8").trim();
    return `<!--\n${library}\n\n${text}\n-->\n`;
  });
  const body = readFileSync(join(here, "src", `${name}.html`), "utf8").trim();
  const script = output(".js").replaceAll("</script", "<\\/script");
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>
${licenses.join("")}<style>${output(".css")}</style></head><body>
${body}
<script>${script}</script></body></html>
`;
  writeFileSync(join(target, `${name}.html`), html);
  console.log(`${name}.html ${Buffer.byteLength(html)} bytes`);
}
