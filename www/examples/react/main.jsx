import { useMemo, useState } from "react";
import { createRoot } from "react-dom/client";

const EVENTS = "../data/ecom.csv.gz";
const PLATFORMS = ["desktop", "mobile", "tablet"];

/** React 19 sets properties of custom elements, and hears their events by `on` and the event's name. */
function Dashboard() {
  const [platform, setPlatform] = useState("");
  const [selected, setSelected] = useState(null);
  const [problem, setProblem] = useState("");
  const where = useMemo(() => platform ? [{ platform }] : [], [platform]);
  const channels = useMemo(() => ({
    kind: "aggregate", where, group_by: ["acquisition_channel"],
    measures: { visitors: { fn: "count_distinct", column: "user_id" }, events: { fn: "count" } }, order_by: ["-visitors"],
  }), [where]);
  const funnel = useMemo(() => ({
    kind: "funnel", where, steps: [{ event: "product_view" }, { event: "add_to_cart" }, { event: "purchase" }], within: "1d",
  }), [where]);
  const hear = {
    "onclickfold-select": event => setSelected(event.detail),
    "onclickfold-error": event => setProblem(event.detail.message),
  };
  return (
    <main>
      <h1>The shop's dashboard</h1>
      <label>
        Platform{" "}
        <select value={platform} onChange={event => setPlatform(event.target.value)}>
          <option value="">all</option>
          {PLATFORMS.map(name => <option key={name}>{name}</option>)}
        </select>
      </label>
      <h2>Channels</h2>
      <clickfold-view id="channels" src={EVENTS} query={channels} {...hear} />
      <h2>From product to purchase</h2>
      <clickfold-view id="funnel" view="funnel" src={EVENTS} query={funnel} {...hear} />
      <p role="status">{problem || (selected ? `Chosen: ${JSON.stringify(selected)}` : "Nothing chosen yet")}</p>
    </main>
  );
}

createRoot(document.getElementById("root")).render(<Dashboard />);
