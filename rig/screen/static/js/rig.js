// The main page: shows the section that belongs to the rig's state, whatever was shown before.
import "./page.js";
import { act } from "./actions.js";
import { askText } from "./keyboard.js";
import { onShown } from "./live.js";
import "./preview.js";
import { onScan } from "./scanner.js";
import { text } from "./texts.js";

const stages = [...document.querySelectorAll("[data-stage]")];
let shown = null;

onShown((news) => {
  shown = news;
  document.body.dataset.shownStage = news.stage;
  for (const stage of stages) stage.hidden = stage.dataset.stage !== news.stage;
  if (news.stage !== "recording") document.getElementById("marks").close();
  if (news.stage !== "preflight") document.getElementById("waive").close();
});

onScan((code) => {
  if (!shown?.can_plan) return;
  sessionStorage.setItem("scanned", code);
  location.assign("/new");
});

async function mark(words) {
  document.getElementById("marks").close();
  if (words) await act("mark", { text: words });
}

async function waive(reason) {
  const dialog = document.getElementById("waive");
  dialog.close();
  if (reason) await act("waive", { check: dialog.dataset.check, reason });
}

document.addEventListener("click", async ({ target }) => {
  const marker = target.closest("[data-mark]");
  const reason = target.closest("[data-reason]");
  const waived = target.closest("[data-waive]");
  if (marker) mark(marker.dataset.mark);
  if (target.closest("[data-mark-typed]")) mark(await askText(text("mark"), "", 200));
  if (reason) waive(reason.dataset.reason);
  if (target.closest("[data-reason-typed]")) waive(await askText(text("reason"), "", 200));
  if (waived) {
    const dialog = document.getElementById("waive");
    dialog.dataset.check = waived.value;
    document.getElementById("waive-seen").textContent = waived.dataset.seen;
    dialog.showModal();
  }
});
