// Follows the rig. Nothing on the page counts on by itself: without an answer of the rig, the page says so over everything.
import { bind } from "./bind.js";

const SILENT_AFTER_MS = 4000; // the rig answers within 2 s, with or without news
const PAUSE_MS = 250; // between two looks: four a second are enough for a clock
const PAUSE_SILENT_MS = 1000;

const listeners = [];
let heardAt = performance.now();

export const onShown = (listener) => listeners.push(listener);

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function ask(afterSeq) {
  const query = afterSeq === null ? "" : `?after_seq=${afterSeq}`;
  const answer = await fetch(`/shown${query}`, { signal: AbortSignal.timeout(SILENT_AFTER_MS), cache: "no-store" });
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
}

function tellSilence() {
  const dialog = document.getElementById("silence");
  const silent = performance.now() - heardAt > SILENT_AFTER_MS;
  if (silent) document.getElementById("problem").close(); // nothing may lie over this
  if (silent && !dialog.open) dialog.showModal();
  if (!silent && dialog.open) dialog.close();
}

async function follow() {
  let afterSeq = null;
  for (;;) {
    const shown = await ask(afterSeq).catch(() => null); // told by the silence that follows
    if (shown === null) {
      afterSeq = null;
      await pause(PAUSE_SILENT_MS);
      continue;
    }
    afterSeq = shown.seq;
    heardAt = performance.now();
    bind(document, shown);
    for (const listener of listeners) listener(shown);
    await pause(PAUSE_MS);
  }
}

document.getElementById("silence").addEventListener("cancel", (event) => event.preventDefault());
setInterval(tellSilence, 500);
follow();
