// A barcode reader that acts as a keyboard: keys with Enter at their end. Where somebody types, only a burst is a scan.

const READER_MS = 60; // between two keys; hands do not type so fast
const SLOW_READER_MS = 1000; // where nobody can be typing
const SHORTEST = 3; // where somebody types; elsewhere an animal may be called 7

let burst = "";
let lastAt = -Infinity;
let before = "";

export function onScan(heard) {
  document.addEventListener(
    "keydown",
    (event) => {
      const field = document.activeElement instanceof HTMLInputElement ? document.activeElement : null;
      if (event.timeStamp - lastAt > (field ? READER_MS : SLOW_READER_MS)) {
        burst = "";
        before = field?.value;
      }
      if (event.key === "Enter" && burst.length >= (field ? SHORTEST : 1)) {
        event.preventDefault();
        event.stopPropagation();
        if (field) field.value = before;
        heard(burst);
        burst = "";
      } else if (event.key.length === 1) {
        if (event.key === " " && !field) {
          if (!burst) return; // a key press on the button that has the focus
          event.preventDefault(); // no such press: it belongs to the code
        }
        burst += event.key;
        lastAt = event.timeStamp;
      }
    },
    true,
  );
}
