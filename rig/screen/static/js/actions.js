// Asks the rig for something, and shows in large type why it could not be done.

const HEADERS = { "Content-Type": "application/json", "X-Grimace-Screen": "1" };
const ANSWER_WITHIN_MS = 15000;

export async function act(action, body = {}, { within_ms = ANSWER_WITHIN_MS } = {}) {
  document.body.setAttribute("aria-busy", "true");
  try {
    const signal = AbortSignal.timeout(within_ms);
    const answer = await fetch(`/actions/${action}`, { method: "POST", headers: HEADERS, body: JSON.stringify(body), signal });
    if (answer.ok) return answer.status === 204 ? {} : await answer.json();
    if (answer.status !== 409) throw new Error(answer.statusText);
    const problem = await answer.json();
    if (problem.code === "E_PIN_NEEDED") location.assign("/settings/pin");
    else showProblem(problem);
    return null;
  } finally {
    document.body.removeAttribute("aria-busy");
  }
}

export function showProblem({ code, text, detail, remedy }) {
  for (const [name, words] of Object.entries({ code, text, detail, remedy })) {
    document.getElementById(`problem-${name}`).textContent = words;
  }
  document.getElementById("problem").showModal();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act], [data-open], [data-close]");
  if (button?.dataset.act) act(button.dataset.act);
  if (button?.dataset.open) document.getElementById(button.dataset.open).showModal();
  if (button?.dataset.close !== undefined) button.closest("dialog").close();
});
