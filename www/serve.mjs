// Serves dist/ on this machine: `node serve.mjs [port]`.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".csv": "text/csv", ".gz": "application/gzip", ".txt": "text/plain; charset=utf-8", ".json": "application/json" };

/** The path that an address asks for; that of no file where it cannot be read. @param {string} url */
function pathOf(url) {
  try {
    return normalize(decodeURIComponent(new URL(url, "http://x").pathname)).replace(/\/$/, "/index.html");
  } catch {
    return "/\0";
  }
}

/**
 * Serves a folder on the loopback interface; a port in use gives way to the next. Other pages may read it, unless other headers are told.
 * @param {string} folder @param {number} port @param {Record<string, string>} [headers]
 */
export function serve(folder, port, headers = { "access-control-allow-origin": "*" }) {
  const server = createServer((request, response) => {
    const file = join(folder, pathOf(request.url ?? "/"));
    if (!file.startsWith(folder) || !existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end("not found");
    response.writeHead(200, {
      "content-type": TYPES[extname(file)] ?? "application/octet-stream", "content-length": statSync(file).size,
      ...headers, "x-content-type-options": "nosniff", "cache-control": "no-cache",
    });
    createReadStream(file).pipe(response);
  });
  return new Promise((resolve, reject) => {
    server.on("error", error => error.code === "EADDRINUSE" && port ? server.listen(++port, "127.0.0.1") : reject(error));
    server.on("listening", () => resolve({ url: `http://127.0.0.1:${server.address().port}/`, close: () => { server.closeAllConnections(); server.close(); } }));
    server.listen(port, "127.0.0.1");
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await serve(fileURLToPath(new URL("dist", import.meta.url)), Number(process.argv[2] ?? process.env.PORT ?? 8080));
  console.log(`Clickfold is at ${url} (Ctrl-C ends it)`);
}
