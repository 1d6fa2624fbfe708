// The words that scripts need, from the catalogue.
const words = JSON.parse(document.getElementById("texts").textContent);

export const text = (key, values = {}) =>
  Object.entries(values).reduce((sentence, [name, value]) => sentence.replaceAll(`{${name}}`, value), words[key]);
