// Keeps the parts of a page that change by themselves up to date: each is fetched again as a piece of HTML until it says that
// it has settled (it comes back without `data-live`); then the page is loaded once more, to show what there is now.
const LONGEST_PAUSE_MS = 30000;

async function refresh(part, pauseMs) {
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
  let answer;
  try {
    answer = await fetch(part.dataset.live, { headers: { Accept: "text/html" } });
  } catch {
    answer = { ok: false };
  }
  if (answer.redirected || (answer.status >= 400 && answer.status < 500)) {
    location.reload(); // signed out, or gone: the page itself says so best
    return;
  }
  if (!answer.ok) {
    refresh(part, Math.min(2 * pauseMs, LONGEST_PAUSE_MS));
    return;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").body.firstElementChild;
  if (!fresh.dataset.live) {
    location.reload();
    return;
  }
  part.replaceWith(fresh);
  refresh(fresh, Number(fresh.dataset.everyMs));
}

for (const part of document.querySelectorAll("[data-live]")) {
  refresh(part, Number(part.dataset.everyMs));
}
