// A new recording: five answers, chosen, scanned or typed. What is half filled in outlives a reload, and nothing more.
import "./page.js";
import { act, once } from "./actions.js";
import { askText, stopTyping } from "./keyboard.js";
import { onShown } from "./live.js";
import { onScan } from "./scanner.js";
import { text } from "./texts.js";

const STEPS = ["study", "animal", "phase", "duration", "operator"];
const NEEDED = ["study", "animal"];
const choices = JSON.parse(document.getElementById("choices").textContent);
const options = document.getElementById("options");

const plan = JSON.parse(sessionStorage.getItem("plan")) ?? {
  study: choices.study,
  animal: "",
  phase: choices.phase,
  duration: choices.duration_min,
  operator: choices.operator,
  subject_type: choices.subject_type,
  end_at_goal: choices.end_at_goal,
  step: choices.study ? "animal" : "study",
};

const studyChosen = () => choices.studies.find(({ name }) => name === plan.study);
const minutes = (duration) => text("minutes", { n: duration });

const offered = {
  study: () => choices.studies.map(({ name }) => name),
  animal: () => studyChosen()?.animals ?? [],
  phase: () => (studyChosen()?.phases.length ? studyChosen().phases : choices.phases),
  duration: () => choices.durations_min,
  operator: () => choices.operators,
  subject_type: () => choices.subject_types,
};

function option(value, label, step) {
  const button = document.createElement("button");
  button.className = "button choice";
  button.textContent = label;
  button.setAttribute("aria-pressed", plan[step] === value);
  button.addEventListener("click", () => choose(step, value));
  return button;
}

function goalSwitch() {
  const button = option(!plan.end_at_goal, text("end_at_goal"), "end_at_goal");
  button.classList.add("whole");
  button.setAttribute("aria-pressed", plan.end_at_goal);
  return button;
}

function hint() {
  const words = document.createElement("p");
  words.className = "hint";
  words.textContent = text(`hint.${plan.step}`);
  return words;
}

function draw() {
  sessionStorage.setItem("plan", JSON.stringify(plan));
  for (const button of document.querySelectorAll("[data-step]")) {
    const step = button.dataset.step;
    const value = step === "duration" ? minutes(plan.duration) : plan[step];
    button.querySelector("[data-value]").textContent = value || text(NEEDED.includes(step) ? "needed" : "empty");
    button.toggleAttribute("data-filled", Boolean(value));
    button.setAttribute("aria-current", step === plan.step ? "step" : "false");
  }
  document.getElementById("step-title").textContent = text(`title.${plan.step}`);
  const label = plan.step === "duration" ? minutes : (value) => value;
  const made = offered[plan.step]().map((value) => option(value, label(value), plan.step));
  options.replaceChildren(...made, ...(plan.step === "duration" ? [goalSwitch()] : []), ...(made.length ? [] : [hint()]));
  document.getElementById("type").hidden = plan.step === "subject_type";
  document.getElementById("go").disabled = !NEEDED.every((step) => plan[step]);
}

function nextStep() {
  const at = STEPS.indexOf(plan.step);
  return STEPS.slice(at + 1).find((step) => !plan[step]) ?? (at >= 0 && plan.animal ? plan.step : "animal");
}

function choose(step, value) {
  plan[step] = value;
  if (step === "study") takeStudy();
  else if (step === "subject_type") plan.step = "animal";
  else if (STEPS.includes(step)) plan.step = nextStep();
  draw();
}

function takeStudy() {
  const study = studyChosen();
  if (study) plan.subject_type = study.subject_type;
  if (study && plan.animal && study.listed && !study.animals.includes(plan.animal)) plan.animal = "";
  if (!offered.phase().includes(plan.phase)) plan.phase = offered.phase()[0] ?? "";
  plan.step = study?.listed ? nextStep() : "subject_type";
}

async function type() {
  const step = plan.step;
  const typed = await askText(text(`title.${step}`), step === "duration" ? "" : plan[step]);
  if (!typed) return;
  if (step !== "duration") choose(step, typed);
  else if (Number(typed) > 0) choose(step, Number(typed));
}

async function scan(code) {
  stopTyping();
  const filled = await act("scan", { code });
  if (!filled) return;
  const { duration_min, ...fields } = filled;
  if (fields.study) choose("study", fields.study);
  Object.assign(plan, fields, duration_min ? { duration: duration_min } : {});
  if (!fields.study && fields.animal) {
    const home = choices.studies.filter(({ animals }) => animals.includes(fields.animal));
    if (home.length === 1 && plan.study !== home[0].name) choose("study", home[0].name);
  }
  if (plan.animal) plan.step = STEPS.find((step) => !plan[step]) ?? "duration";
  draw();
}

async function go() {
  const { step, duration, ...rest } = plan;
  if (await act("plan", { ...rest, duration_min: duration })) {
    sessionStorage.removeItem("plan");
    location.assign("/");
  }
}

for (const button of document.querySelectorAll("[data-step]")) {
  button.addEventListener("click", () => {
    plan.step = button.dataset.step;
    draw();
  });
}
document.getElementById("type").addEventListener("click", type);
document.getElementById("go").addEventListener("click", ({ currentTarget }) => once(currentTarget, go));
document.getElementById("leave").addEventListener("click", () => sessionStorage.removeItem("plan"));
onScan(scan);
onShown((shown) => {
  if (!shown.can_plan && shown.stage !== "verdict") location.assign("/"); // somebody records already
});
draw();
const scanned = sessionStorage.getItem("scanned");
if (scanned) {
  sessionStorage.removeItem("scanned");
  scan(scanned);
}
