// A barcode reader that acts as a keyboard: a burst of keys with Enter at its end. Hands do not type so fast.

const KEYS_WITHIN_MS = 60;
const SHORTEST = 3;

let burst = "";
let lastAt = -Infinity;
let before = null;

export function onScan(heard) {
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.timeStamp - lastAt > KEYS_WITHIN_MS) {
        burst = "";
        before = document.activeElement instanceof HTMLInputElement ? document.activeElement.value : null;
      }
      if (event.key === "Enter" && burst.length >= SHORTEST) {
        event.preventDefault();
        event.stopPropagation();
        if (before !== null && document.activeElement instanceof HTMLInputElement) document.activeElement.value = before;
        heard(burst);
        burst = "";
      } else if (event.key.length === 1) {
        burst += event.key;
        lastAt = event.timeStamp;
      }
    },
    true,
  );
}
