// Buttons that must be held: what they do cannot be undone, and gloves touch things by mistake.
import { act } from "./actions.js";

const HOLD_MS = 1500; // the ring's animation in screen.css lasts as long
const KEYS = new Set(["Enter", " "]);

for (const button of document.querySelectorAll("[data-hold]")) {
  let timer = null;
  const end = () => {
    clearTimeout(timer);
    timer = null;
    button.classList.remove("holding");
  };
  const begin = () => {
    if (timer !== null) return;
    button.classList.add("holding");
    timer = setTimeout(async () => {
      end();
      if (!button.checkVisibility()) return; // the rig's state changed under the finger
      if (await act(button.dataset.hold)) button.dispatchEvent(new CustomEvent("held", { bubbles: true }));
    }, HOLD_MS);
  };
  button.addEventListener("pointerdown", (event) => {
    event.target.releasePointerCapture(event.pointerId); // a finger is captured by what it touched first, and never seen to leave it
    begin();
  });
  for (const name of ["pointerup", "pointerleave", "pointercancel", "blur", "keyup"]) button.addEventListener(name, end);
  button.addEventListener("keydown", (event) => KEYS.has(event.key) && begin());
}
document.addEventListener("contextmenu", (event) => event.preventDefault()); // a long press is no wish for a menu
