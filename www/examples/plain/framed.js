import { embed } from "../../frame.js";

const iframe = document.querySelector("iframe");
// Yours: <iframe src="https://cdn.example/clickfold/frame.html?origins=https://admin.example">
iframe.src = `../../frame.html?origins=${location.origin}`;
iframe.addEventListener("clickfold-select", ({ detail }) => {
  document.querySelector("output").textContent = JSON.stringify(detail);
});
embed(iframe, { view: "top-items", src: "../data/otto.csv" });
