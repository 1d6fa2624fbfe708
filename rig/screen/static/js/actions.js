// Asks the rig for something, and shows in large type why it could not be done.
import { text } from "./texts.js";

const HEADERS = { "Content-Type": "application/json", "X-Grimace-Screen": "1" };
const ANSWER_WITHIN_MS = 30000; // a slow card may need 20 s for a start (START_WITHIN_S in rig/control.py)
const DEAF_MS = 1000; // until the page shows what a tap led to

/** What the rig answers; null when it could not be done, and the page has said why. */
export async function act(action, body = {}, { within_ms = ANSWER_WITHIN_MS } = {}) {
  document.body.setAttribute("aria-busy", "true");
  try {
    const signal = AbortSignal.timeout(within_ms);
    const answer = await fetch(`/actions/${action}`, { method: "POST", headers: HEADERS, body: JSON.stringify(body), signal });
    if (answer.ok) return answer.status === 204 ? {} : await answer.json();
    const problem = answer.status === 409 ? await answer.json() : unexplained(`${answer.status} ${answer.statusText}`);
    if (problem.code === "E_PIN_NEEDED") location.assign("/settings/pin");
    else showProblem(problem);
  } catch (error) {
    showProblem(unexplained(error.message));
  } finally {
    document.body.removeAttribute("aria-busy");
  }
  return null;
}

const unexplained = (detail) => ({ code: "", text: text("failed"), detail, remedy: text("failed_remedy") });

export function showProblem({ code, text, detail, remedy }) {
  for (const [name, words] of Object.entries({ code, text, detail, remedy })) {
    document.getElementById(`problem-${name}`).textContent = words;
  }
  document.getElementById("problem").showModal();
}

const tapped = new WeakSet();

/** Does the task of a button that was tapped; a glove's second tap on it is none. */
export async function once(button, task) {
  if (tapped.has(button)) return;
  tapped.add(button);
  await task();
  setTimeout(() => tapped.delete(button), DEAF_MS);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act], [data-open], [data-close]");
  if (button?.dataset.act) once(button, () => act(button.dataset.act));
  if (button?.dataset.open) document.getElementById(button.dataset.open).showModal();
  if (button?.dataset.close !== undefined) button.closest("dialog").close();
});
