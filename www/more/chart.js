/** The chart of a widget's time line, and its looks as text: a widget's stylesheet is its own. */

export { Lines } from "../chart/lines.js";
export { default as looks } from "uplot/dist/uPlot.min.css";
