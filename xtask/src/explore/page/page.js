"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const list = document.createElement("pre");
list.textContent = data.runs[0].steps.map((op) => `${data.threads[data.ops[op].thread]}: ${data.ops[op].text}`).join("\n");
document.querySelector("main").append(list);
