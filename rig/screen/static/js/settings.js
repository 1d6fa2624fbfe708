// The settings' pages; each has a part here that runs where its elements are.
import "./page.js";
import { act } from "./actions.js";
import { askText } from "./keyboard.js";
import "./preview.js";
import { text } from "./texts.js";

const byId = (id) => document.getElementById(id);
const CAMERA_RESTART_MS = 20000;

// Number pads
const digits = document.querySelector("[data-digits]");
let entered = "";

function enter(next) {
  entered = next.slice(0, Number(digits.dataset.longest));
  digits.textContent = digits.closest("[data-pin]") ? "•".repeat(entered.length) : entered;
}

document.addEventListener("click", ({ target }) => {
  const digit = target.closest("[data-digit]");
  if (digit) enter(entered + digit.dataset.digit);
  if (target.closest("[data-erase]") && digits) enter(entered.slice(0, -1));
});

// PIN
const pin = document.querySelector("[data-pin]");
let chosenFirst = null;

async function enterPin() {
  if (pin.dataset.pin === "choose" && chosenFirst === null) {
    chosenFirst = entered;
    byId("pin-note").textContent = text("pin_again");
    enter("");
    return;
  }
  if (chosenFirst !== null && chosenFirst !== entered) {
    chosenFirst = null;
    byId("pin-note").textContent = text("pin_differs");
    enter("");
    return;
  }
  const typed = entered;
  enter("");
  const done = await act(pin.dataset.pin === "choose" ? "settings/choose-pin" : "settings/unlock", { pin: typed });
  if (done) location.assign("/settings/");
  else chosenFirst = null;
}
pin?.querySelector("[data-enter]").addEventListener("click", enterPin);

// Menu
byId("lock")?.addEventListener("click", async () => {
  await act("settings/lock");
  location.assign("/");
});
byId("surroundings")?.addEventListener("click", () => {
  const bright = document.documentElement.dataset.surroundings !== "bright";
  localStorage.setItem("surroundings", bright ? "bright" : "dark");
  if (bright) document.documentElement.dataset.surroundings = "bright";
  else delete document.documentElement.dataset.surroundings;
});

// Measures of the live picture
async function followMeasures(heard) {
  let after = -1;
  for (;;) {
    const answer = await fetch(`/preview/measures?after=${after}`).catch(() => null); // live.js tells of a silent rig
    if (answer?.status === 200) {
      const measures = await answer.json();
      after = measures.sensor_us;
      heard(measures);
    } else await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

// Exposure
const exposure = byId("exposure");
if (exposure) {
  const gains = exposure.dataset.gains.split(" ").map(Number);
  let gain = Number(exposure.dataset.gain);
  let exposureUs = Number(exposure.dataset.exposure);
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const histogram = byId("histogram");
  followMeasures((measures) => {
    const context = histogram.getContext("2d");
    const { width, height } = histogram;
    const highest = Math.max(...measures.histogram);
    const step = width / measures.histogram.length;
    const styles = getComputedStyle(histogram);
    context.clearRect(0, 0, width, height);
    measures.histogram.forEach((share, bin) => {
      const clipped = bin === 0 || bin === measures.histogram.length - 1;
      context.fillStyle = styles.getPropertyValue(clipped ? "--warn" : "--ink-2");
      const high = (share / highest) ** 0.5 * height;
      context.fillRect(bin * step, height - high, step - 1, high);
    });
    byId("under").textContent = percent(measures.under_exposed);
    byId("over").textContent = percent(measures.over_exposed);
    byId("mean").textContent = measures.mean.toFixed(0);
  });
  byId("exposures").addEventListener("click", ({ target }) => {
    const chosen = target.closest("button");
    if (!chosen) return;
    exposureUs = Number(chosen.value);
    for (const button of byId("exposures").children) button.setAttribute("aria-pressed", button === chosen);
  });
  exposure.addEventListener("click", ({ target }) => {
    const step = target.closest("[data-gain-step]");
    if (!step) return;
    const at = gains.indexOf(gain) + Number(step.dataset.gainStep);
    gain = gains[Math.min(gains.length - 1, Math.max(0, at))];
    byId("gain").textContent = gain.toFixed(1);
  });
  byId("apply").addEventListener("click", () =>
    act("settings/picture", { exposure_us: exposureUs, analogue_gain: gain }, { within_ms: CAMERA_RESTART_MS }),
  );
}

// Focus: the bar is nearly full at the sharpest picture since the page was opened
const focus = byId("focus");
if (focus) {
  let peak = 0;
  followMeasures(({ sharpness }) => {
    peak = Math.max(peak, sharpness);
    const full = Math.max(peak, 1) * 1.05;
    byId("sharpness").style.setProperty("--share", sharpness / full);
    byId("peak").style.setProperty("--share", peak / full);
    byId("sharpness-now").textContent = sharpness.toFixed(0);
    byId("sharpness-peak").textContent = peak.toFixed(0);
  });
  byId("reset-peak").addEventListener("click", () => {
    peak = 0;
  });
  byId("zoom").addEventListener("click", () => {
    const canvas = focus.querySelector("canvas");
    const zoomed = canvas.dataset.zoom === "1";
    canvas.dataset.zoom = zoomed ? "3" : "1";
    byId("zoom").setAttribute("aria-pressed", zoomed);
  });
}

// Reference picture
document.addEventListener("held", ({ target }) => target.dataset.hold === "settings/reference" && location.reload());

// Enrolment
const enrolment = byId("enrolment");
if (enrolment) {
  const hubUrl = byId("hub-url");
  hubUrl.addEventListener("click", async () => {
    const typed = await askText(text("hub_url"), hubUrl.value, 200);
    if (!typed) return;
    hubUrl.value = typed;
    hubUrl.querySelector("b").textContent = typed;
  });
  enrolment.querySelector("[data-enter]").addEventListener("click", async () => {
    const enrolled = await act("settings/enrol", { hub_url: hubUrl.value, code: entered }, { within_ms: CAMERA_RESTART_MS });
    enter("");
    if (!enrolled) return;
    byId("enrolled").hidden = false;
    byId("enrolled").querySelector("span").textContent = text("enrolled", { lab: enrolled.lab });
  });
}
