// Headless Chromium on the built site.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { serve } from "../../www/serve.mjs";

const { chromium } = createRequire(new URL("../../www/package.json", import.meta.url))("playwright-core");
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const dist = fileURLToPath(new URL("../../www/dist", import.meta.url));
export const server = await serve(dist, 0);
export const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGS });

/** A page of its own that notes every complaint and every request to elsewhere. */
export async function openPage(options = {}) {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", message => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", error => complaints.push(String(error)));
  page.on("request", request => /^https?:/.test(request.url()) && !request.url().startsWith(server.url) && complaints.push(`request to ${request.url()}`));
  await page.goto(server.url);
  await page.waitForSelector(".drop");
  return { page, context, complaints };
}

export async function close() {
  await browser.close();
  server.close();
}
