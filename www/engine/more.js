/** A script beside the worker's that few sources need. @param {string} name @returns {Promise<any>} */
export async function more(name) {
  try {
    return await import(new URL(name, import.meta.url).href);
  } catch {
    throw { code: "BAD_INPUT", message: "what reads such a file cannot be fetched; is there a network?" };
  }
}
