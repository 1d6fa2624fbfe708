// Dark or bright surroundings, before the first paint: a chamber room is dark, a bench is not.
if (localStorage.getItem("surroundings") === "bright") document.documentElement.dataset.surroundings = "bright";
