/** @import { Connection, DatasetInfo } from "./protocol.js" */

/**
 * Has all shards hold each column as the widest of them does; a shard may find that it needs a wider type still.
 * @param {Connection[]} workers @param {DatasetInfo[]} infos
 * @param {{ guess?: boolean, signal?: AbortSignal }} [how] whether columns take roles by their new types
 * @returns {Promise<DatasetInfo[]>}
 */
export async function settle(workers, infos, { guess = false, signal } = {}) {
  for (;;) {
    const types = infos.map(info => info.types);
    if (types.every(own => JSON.stringify(own) === JSON.stringify(types[0]))) return infos;
    const { length } = workers;
    infos = await Promise.all(Array.from({ length }, (_, at) => workers[at].send({ do: "settle", handle: infos[at].handle, types, guess }, { signal })));
  }
}
