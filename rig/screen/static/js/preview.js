// The live picture on a canvas, with the boxes of the newest face check over it.
import { onShown } from "./live.js";

const PAUSE_WITHOUT_PICTURE_MS = 500;
const STALE_AFTER_MS = 2500;
const PICTURE_WITHIN_MS = 4000;
const COLOURS = { face: "#e8eeee", orbital: "#56b4e9", nose: "#f28e2b", ears: "#2fc89b", whiskers: "#e79ad2" };
const LINE_PX = 3;

let boxes = [];
let bitmap = null;
let takenAt = -Infinity;
let sensorUs = -1;

onShown((shown) => {
  boxes = shown.face.boxes;
});

const shownCanvases = () => [...document.querySelectorAll("canvas[data-preview]")].filter((canvas) => canvas.offsetParent);

export const boxesWanted = () => localStorage.getItem("boxes") !== "off";

function drawBoxes(context, width, height) {
  context.lineWidth = LINE_PX;
  context.font = "600 17px Inter, sans-serif";
  context.textBaseline = "bottom";
  for (const box of boxes.filter(({ part }) => part in COLOURS)) {
    const [left, top] = [box.left * width, box.top * height];
    context.strokeStyle = COLOURS[box.part];
    context.strokeRect(left, top, (box.right - box.left) * width, (box.bottom - box.top) * height);
    if (box.part === "face") continue;
    const labelWidth = context.measureText(box.name).width + 8;
    context.fillStyle = COLOURS[box.part];
    context.fillRect(left - LINE_PX / 2, top - 20, labelWidth, 20);
    context.fillStyle = "#0b1012";
    context.fillText(box.name, left + 3, top - 1);
  }
}

function draw(canvas) {
  const stale = performance.now() - takenAt > STALE_AFTER_MS;
  canvas.closest(".preview").toggleAttribute("data-stale", stale);
  if (bitmap === null || stale) return;
  const { width, height } = canvas;
  const context = canvas.getContext("2d");
  const zoom = Number(canvas.dataset.zoom);
  const [partWidth, partHeight] = [bitmap.width / zoom, bitmap.height / zoom];
  const [left, top] = [(bitmap.width - partWidth) / 2, (bitmap.height - partHeight) / 2];
  context.drawImage(bitmap, left, top, partWidth, partHeight, 0, 0, width, height);
  if (zoom === 1 && boxesWanted()) drawBoxes(context, width, height);
}

async function nextPicture() {
  const answer = await fetch(`/preview.jpg?after=${sensorUs}`, { signal: AbortSignal.timeout(PICTURE_WITHIN_MS) });
  if (answer.status !== 200) return false;
  sensorUs = Number(answer.headers.get("X-Sensor-Us"));
  const next = await createImageBitmap(await answer.blob());
  bitmap?.close(); // a kiosk runs for weeks: nothing is left to the collector
  bitmap = next;
  takenAt = performance.now();
  return true;
}

async function follow() {
  for (;;) {
    let came = false;
    if (shownCanvases().length && !document.hidden) came = await nextPicture().catch(() => false); // live.js tells of a silent rig
    shownCanvases().forEach(draw);
    if (!came) await new Promise((resolve) => setTimeout(resolve, PAUSE_WITHOUT_PICTURE_MS));
  }
}

for (const button of document.querySelectorAll("[data-boxes]")) {
  button.setAttribute("aria-pressed", boxesWanted());
  button.addEventListener("click", () => {
    localStorage.setItem("boxes", boxesWanted() ? "off" : "on");
    button.setAttribute("aria-pressed", boxesWanted());
  });
}
follow();
