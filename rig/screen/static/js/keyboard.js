// A keyboard on the screen, for what can neither be scanned nor chosen; a real keyboard types into the same field.

const LETTERS = ["1234567890", "qwertyuiop", "asdfghjkl-", "zxcvbnm._/"];
const OTHERS = ["1234567890", "!@#&()[]{}", "+*=%:;,'\"?", "<>|~^$_./\\"];
const ICONS = "/static/icons.svg#";

const dialog = document.getElementById("keyboard");
const field = document.getElementById("typed");
const keys = document.getElementById("keys");
let rows = LETTERS;
let upper = false;
let answered = null;

function insert(letters) {
  field.setRangeText(letters, field.selectionStart, field.selectionEnd, "end");
  if (upper) {
    upper = false;
    drawKeys();
  }
}

function erase() {
  if (field.selectionStart === field.selectionEnd) field.setSelectionRange(Math.max(0, field.selectionStart - 1), field.selectionEnd);
  field.setRangeText("", field.selectionStart, field.selectionEnd, "end");
}

function key(label, press, name = "") {
  const button = document.createElement("button");
  button.className = "button key";
  button.textContent = label;
  if (name) button.setAttribute("aria-label", name);
  button.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps its cursor
  button.addEventListener("click", press);
  return button;
}

function iconKey(icon, press, name) {
  const button = key("", press, name);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", ICONS + icon);
  svg.append(use);
  button.append(svg);
  return button;
}

function drawKeys() {
  const made = rows.flatMap((row) => [...row].map((letter) => (upper ? letter.toUpperCase() : letter)).map((letter) => key(letter, () => insert(letter))));
  const shift = iconKey("shift", () => { upper = !upper; drawKeys(); }, keys.dataset.shift);
  shift.classList.add("wide");
  shift.setAttribute("aria-pressed", upper);
  const other = key(rows === LETTERS ? "#+=" : "abc", () => { rows = rows === LETTERS ? OTHERS : LETTERS; drawKeys(); });
  other.classList.add("wide");
  const space = key("", () => insert(" "), keys.dataset.space);
  space.classList.add("space");
  const eraser = iconKey("erase", erase, keys.dataset.erase);
  eraser.classList.add("wide");
  keys.replaceChildren(...made, shift, other, space, eraser);
}

function finish(typed) {
  answered?.(typed);
  answered = null;
  if (dialog.open) dialog.close();
}

document.getElementById("keyboard-ok").addEventListener("click", () => finish(field.value.trim()));
field.addEventListener("keydown", (event) => event.key === "Enter" && !event.defaultPrevented && finish(field.value.trim()));
dialog.addEventListener("close", () => finish(null));

/** What was typed, or null when it was given up. */
export function askText(title, value = "", longest = 64) {
  document.getElementById("keyboard-title").textContent = title;
  field.placeholder = title;
  field.value = value;
  field.maxLength = longest;
  [rows, upper] = [LETTERS, false];
  drawKeys();
  dialog.showModal();
  field.focus();
  return new Promise((resolve) => {
    answered = resolve;
  });
}

export const stopTyping = () => finish(null);
