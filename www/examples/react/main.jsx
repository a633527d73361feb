import { useMemo, useState } from "react";
import { createRoot } from "react-dom/client";

const EVENTS = "../data/ecom.csv.gz";
const PLATFORMS = ["desktop", "mobile", "tablet"];

/** React 19 sets properties of custom elements, and hears their events by `on` and the event's name. */
function Dashboard() {
  const [platform, setPlatform] = useState("");
  const [chosen, setChosen] = useState(null);
  const [problem, setProblem] = useState("");
  // A new object is a new question, which is asked again.
  const channels = useMemo(() => ({
    kind: "aggregate", where: platform ? [{ platform }] : [], group_by: ["acquisition_channel"],
    measures: { visitors: { fn: "count_distinct", column: "user_id" }, events: { fn: "count" } }, order_by: ["-visitors"],
  }), [platform]);
  const hear = {
    "onclickfold-select": event => setChosen(event.detail),
    "onclickfold-error": event => setProblem(event.detail.message),
  };
  return (
    <main>
      <h1>The shop's dashboard</h1>
      <p role="status">{problem || (chosen ? `Chosen: ${Object.values(chosen)[0]}` : "Nothing chosen yet")}</p>
      <clickfold-view id="funnel" view="funnel" src={EVENTS} {...hear} />
      <label>
        Channels of{" "}
        <select value={platform} onChange={event => setPlatform(event.target.value)}>
          <option value="">all platforms</option>
          {PLATFORMS.map(name => <option key={name}>{name}</option>)}
        </select>
      </label>
      <clickfold-view id="channels" heading="Channels" src={EVENTS} query={channels} {...hear} />
    </main>
  );
}

createRoot(document.getElementById("root")).render(<Dashboard />);
