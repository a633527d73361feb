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
    // Rows that came to one of them may have columns behind those that all have.
    const names = infos.map(info => info.schema.map(field => field.name)).reduce((most, own) => own.length > most.length ? own : most);
    if (types.every(own => JSON.stringify(own) === JSON.stringify(types[0]))) return infos;
    const { length } = workers;
    infos = await Promise.all(Array.from({ length }, (_, at) => workers[at].send({ do: "settle", handle: infos[at].handle, types, names, guess }, { signal })));
  }
}
