"use strict";
// A button on each block of code that copies it, without the prompts of a terminal.
(() => {
  const chinese = document.documentElement.lang.startsWith("zh");
  const [copy, copied] = chinese ? ["复制", "已复制"] : ["Copy", "Copied"];

  const addButton = (block) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = copy;
    button.addEventListener("click", async () => {
      const text = block.querySelector("pre").textContent.replace(/^\$ /gm, "");
      await navigator.clipboard.writeText(text);
      button.textContent = copied;
      setTimeout(() => { button.textContent = copy; }, 2000);
    });
    block.append(button);
  };

  document.addEventListener("DOMContentLoaded", () => {
    // A page opened as a file may not use the clipboard in every browser.
    if (navigator.clipboard) document.querySelectorAll("div.highlight").forEach(addButton);
  });
})();
