// What every page has: the rig's state, actions, and the uploads' buttons.
import "./live.js";
import { act } from "./actions.js";
import "./hold.js";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-retry]");
  if (button) act("retry-upload", { session_id: button.value });
});
