/** @import { Tools } from "./source.js" */

/** Where a source is; what is relative is so to the page. @param {string | URL} given @param {Tools["ClickfoldError"]} ClickfoldError */
export function addressOf(given, ClickfoldError) {
  if (!(typeof given === "string" || given instanceof URL) || !URL.canParse(given, document.baseURI)) {
    throw new ClickfoldError("BAD_QUERY", `${JSON.stringify(given)} is no address; give one such as "https://shop.example/events"`);
  }
  const url = new URL(given, document.baseURI);
  if (!/^(https?|wss?):$/.test(url.protocol)) throw new ClickfoldError("BAD_QUERY", `a stream's address begins with https: or wss:, found ${url.protocol}`);
  url.hash = "";
  return url;
}

/**
 * Watches whether the page's policy keeps it from an address: a failed connection looks like any other, and another try would fail alike.
 * What it gives ends the watching, and is the error, if so.
 * @param {URL} url @returns {() => Promise<Error | undefined>}
 */
export function forbidden(url) {
  let isForbidden = false;
  const hear = (/** @type {SecurityPolicyViolationEvent} */ { effectiveDirective, disposition, blockedURI }) => {
    isForbidden ||= effectiveDirective === "connect-src" && disposition === "enforce" && (blockedURI === url.origin || blockedURI.startsWith(`${url.protocol}//${url.host}`));
  };
  document.addEventListener("securitypolicyviolation", hear);
  return async () => {
    await new Promise(resolve => setTimeout(resolve)); // it is told after the failure
    document.removeEventListener("securitypolicyviolation", hear);
    return isForbidden ? new Error(`the page's Content-Security-Policy does not allow ${url.protocol}//${url.host}; add that to its connect-src`) : undefined;
  };
}
