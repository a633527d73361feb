// A shop that is made up: its page hands the widget each event as it happens.
const view = document.querySelector("clickfold-view");
const ITEMS = ["lamp", "chair", "desk", "shelf", "rug", "clock", "vase", "mirror"];
const ACTIONS = ["view", "view", "view", "cart", "purchase"];
const any = list => list[Math.floor(Math.random() * list.length)];

function happen() {
  view.events.push({ time: new Date(), visitor: `v${Math.floor(Math.random() * 500)}`, item: any(ITEMS), action: any(ACTIONS) });
}

for (let i = 0; i < 50; i++) happen();
setInterval(happen, 200);
