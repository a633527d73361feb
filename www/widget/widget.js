/** The custom element `<clickfold-view>`: importing this script defines it. See docs/widget.md. */

import { ClickfoldView } from "./element.js";

// A page may load the script from two addresses.
if (!customElements.get("clickfold-view")) customElements.define("clickfold-view", ClickfoldView);

export { ClickfoldView };
