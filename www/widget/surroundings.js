/** What the page around a widget says of light and dark, and of its language. */

const isDark = matchMedia("(prefers-color-scheme: dark)");

/** The color scheme of a widget: that of the page where it says one, else what the person prefers. @param {Element} element @param {string} theme */
export function schemeOf(element, theme) {
  if (theme !== "auto") return theme;
  const isStated = getComputedStyle(element).colorScheme !== "normal" || document.querySelector("meta[name=color-scheme]");
  return isStated ? "page" : "preferred";
}

/** Calls back when they change; returns what ends it. @param {Element} element @param {() => void} changed */
export function watchSurroundings(element, changed) {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributeFilter: ["lang", "class", "style", "data-theme"] });
  const stated = element.parentElement?.closest("[lang]");
  if (stated && stated !== document.documentElement) observer.observe(stated, { attributeFilter: ["lang"] });
  isDark.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    isDark.removeEventListener("change", changed);
  };
}
