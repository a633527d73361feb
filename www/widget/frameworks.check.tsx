// Holds what widget.d.ts says of React and Vue to those; compiled, never shipped.
import type { ReactNode } from "react";
import type { DefineComponent, GlobalComponents } from "vue";
import type { ClickfoldView, ClickfoldViewProps } from "../widget.js";

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "clickfold-view": React.HTMLAttributes<ClickfoldView> & React.RefAttributes<ClickfoldView> & ClickfoldViewProps;
    }
  }
}

declare module "vue" {
  interface GlobalComponents {
    "clickfold-view": DefineComponent<ClickfoldViewProps>;
  }
}

const query = { kind: "aggregate", group_by: ["item_id"], measures: { n: { fn: "count" } } } as const;

/** The element's own properties and events, and those of every element. */
export const inReact: ReactNode[] = [
  <clickfold-view
    key="1" className="wide" lang="zh-CN" view="funnel" src="events.csv" limit={10} heading-level={3}
    ref={element => element?.events.push({ item_id: "a" })} onclickfold-select={({ detail }) => detail.item_id} onclickfold-error={({ detail }) => detail.code}
  />,
  <clickfold-view key="2" query={{ ...query, group_by: [...query.group_by] }} source={{ websocket: "wss://shop.example/events" }} options={{ lateness: "10s" }} />,
  // @ts-expect-error no such property
  <clickfold-view key="3" sauce="events.csv" />,
  // @ts-expect-error a question has a kind
  <clickfold-view key="4" query={{ group_by: ["item_id"] }} />,
];

export const inVue: InstanceType<GlobalComponents["clickfold-view"]>["$props"] = { view: "live", limit: "5", "heading-level": 2, "onclickfold-ready": ({ detail }) => detail.rows };
// @ts-expect-error a question has a kind
export const refused: InstanceType<GlobalComponents["clickfold-view"]>["$props"] = { query: { group_by: [] } };
