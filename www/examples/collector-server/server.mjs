// Takes the collector's events, keeps them in a file, and passes them on to dashboards as they come: `npm install ws`, and
// `node server.mjs [port] [file]`. Shops' pages send to /collect by WebSocket or POST; dashboards read /live as a WebSocket or by SSE.
import { createWriteStream } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";

const LONGEST = 100_000;
/** What waits for a dashboard that reads too slowly, before it is cut off: it may connect again. */
const MOST_WAITING = 4_000_000;

export async function serve(port, file) {
  const log = createWriteStream(file, { flags: "a" });
  const dashboards = new Set();
  const take = text => {
    const lines = text.split("\n").filter(isEvent).map(line => line + "\n").join("");
    log.write(lines);
    for (const tell of dashboards) if (lines) tell(lines);
  };
  const server = createServer((request, response) => {
    if (request.method === "POST" && request.url === "/collect") {
      let text = "";
      request.setEncoding("utf8").on("data", part => (text += part).length > LONGEST && request.destroy());
      request.on("end", () => response.writeHead(204).end(take(text)));
    } else if (request.url === "/live") {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store", "access-control-allow-origin": "*" }).flushHeaders();
      const tell = lines => response.writableLength > MOST_WAITING ? response.destroy() : response.write(lines.replaceAll(/[^\n]+\n/g, "data: $&\n"));
      response.on("close", () => dashboards.delete(tell));
      dashboards.add(tell);
    } else response.writeHead(404).end();
  });
  const sockets = new WebSocketServer({ server, maxPayload: LONGEST });
  sockets.on("connection", (socket, { url }) => {
    const tell = lines => socket.bufferedAmount > MOST_WAITING ? socket.terminate() : socket.send(lines);
    socket.on("error", () => {}).on("close", () => dashboards.delete(tell)); // an error is followed by a close
    if (url === "/live") dashboards.add(tell);
    else socket.on("message", data => take(String(data)));
  });
  await new Promise(listening => server.listen(port, "127.0.0.1", listening));
  return { port: server.address().port, close: () => (sockets.clients.forEach(socket => socket.terminate()), server.closeAllConnections(), server.close(), log.end()) };
}

function isEvent(line) {
  try {
    return typeof JSON.parse(line)?.event === "string";
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { port } = await serve(Number(process.argv[2] ?? 8787), process.argv[3] ?? "events.ndjson");
  console.log(`http://127.0.0.1:${port}/collect takes events, /live passes them on (Ctrl-C ends it)`);
}
