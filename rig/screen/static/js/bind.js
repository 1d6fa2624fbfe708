// Puts what the rig shows into its places. A place names what it shows:
//   data-show="a.b"          its text             data-if / data-unless="a.b"     whether it is there
//   data-each="a.b"          its template, once for each (data-first: at most so many)
//   data-tone-from="a.b"     an attribute data-tone; likewise data-lit-from, data-warn-from, data-kind-from
//   data-set-href="a.b"      an attribute of its own     data-icon="a.b"           an icon of ours
//   data-share="a.b"         a width in shares of 1      data-ring="a.b"           an arc in shares of 1
//   data-filled="a.b"        an attribute data-on while there is any

const ICONS = "/static/icons.svg#";

const found = (data, path) => path.split(".").filter(Boolean).reduce((value, name) => value?.[name], data);

const changed = (element, name, value) => {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
};

function place(element, name, value) {
  if (name === "data-show") {
    const words = value ?? "";
    if (element.textContent !== String(words)) element.textContent = words;
  } else if (name === "data-if") element.hidden = !value;
  else if (name === "data-unless") element.hidden = Boolean(value);
  else if (name === "data-filled") element.toggleAttribute("data-on", Boolean(value));
  else if (name === "data-icon") {
    if (value) changed(element.querySelector("use"), "href", ICONS + (element.dataset.iconPrefix ?? "tone-") + value);
  } else if (name === "data-share") element.style.setProperty("--share", value ?? 0);
  else if (name === "data-ring") changed(element, "stroke-dasharray", `${100 * (value ?? 0)} 100`);
  else if (name.endsWith("-from")) changed(element, name.slice(0, -"-from".length), String(value ?? ""));
  else if (name.startsWith("data-set-")) changed(element, name.slice("data-set-".length), String(value ?? ""));
}

const PLACES = /^data-(show|if|unless|filled|icon|share|ring|set-.+|.+-from)$/;

function repeat(list, items) {
  const wanted = JSON.stringify(items);
  if (list.dataset.filledWith === wanted) return; // what is untouched keeps its place under the finger
  list.dataset.filledWith = wanted;
  const template = list.querySelector(":scope > template");
  const made = items.map((item) => {
    const copy = template.content.cloneNode(true);
    bind(copy, item);
    return copy;
  });
  list.replaceChildren(template, ...made);
}

export function bind(root, data) {
  for (const element of root.querySelectorAll("*")) {
    if (element.parentElement?.closest("[data-each]")) continue;
    for (const { name, value } of [...element.attributes]) {
      if (PLACES.test(name)) place(element, name, found(data, value));
    }
    if (element.dataset.each !== undefined) {
      repeat(element, (found(data, element.dataset.each) ?? []).slice(0, element.dataset.first ?? Infinity));
    }
  }
}
