// A NATS server on loopback, with WebSocket and JetStream, that can be killed and started again with what it has stored.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(new URL("../../www/package.json", import.meta.url));
const { connect } = require("@nats-io/transport-node");
const { jetstream, jetstreamManager } = require("@nats-io/jetstream");

/** @param {string} [more] further lines of its configuration */
export async function startNats(more = "") {
  const folder = mkdtempSync(join(tmpdir(), "clickfold-nats-"));
  const [port, websocket] = await Promise.all([freePort(), freePort()]);
  const config = join(folder, "nats.conf");
  writeFileSync(config, `
    listen: "127.0.0.1:${port}"
    websocket { listen: "127.0.0.1:${websocket}", no_tls: true }
    jetstream { store_dir: ${JSON.stringify(folder)} }
    ${more}
  `);
  let server;
  const start = async () => {
    server = spawn("nats-server", ["-c", config], { stdio: ["ignore", "ignore", "pipe"] });
    await new Promise((resolve, reject) => {
      let log = "";
      server.stderr.on("data", text => {
        log += text;
        if (log.includes("Server is ready")) resolve();
      });
      server.on("error", reject);
      server.on("exit", code => reject(new Error(`nats-server ended with ${code}: ${log}`)));
    });
  };
  const kill = async () => {
    const gone = new Promise(resolve => server.on("exit", resolve));
    server.kill("SIGKILL");
    await gone;
  };
  await start();
  return {
    url: `ws://127.0.0.1:${websocket}`, start, kill,
    /** A client beside the page, over TCP. */
    client: async (options = {}) => {
      const connection = await connect({ servers: `127.0.0.1:${port}`, ...options });
      return { connection, jetstream: jetstream(connection), manager: await jetstreamManager(connection) };
    },
    close: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject).listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
