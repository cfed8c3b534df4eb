// Runs before anything is drawn, so that a kept theme or language does not flash.
(() => {
  const theme = localStorage.getItem("gio.theme");
  const language = localStorage.getItem("gio.language");
  if (theme) document.documentElement.dataset.theme = theme;
  if (language) document.documentElement.lang = language;
})();
