// Sends a page's form once: the second click of a double click would drop the first answer, with the cookie that it brings,
// and find the one-time link used up.
for (const form of document.forms) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  addEventListener("pageshow", () => {
    sent = false; // the browser brought the page back
  });
}
