// The publishing page: follows the version that is being built.
"use strict";

const building = document.getElementById("building");

async function followBuilding() {
  const response = await fetch("/huong-dan-vien/xuat-ban/viec");
  if (response.redirected || !response.ok) {
    location.reload();
    return;
  }
  const { state, doing, done, total } = await response.json();
  if (state !== "building") {
    location.reload();
    return;
  }
  building.querySelector("[data-doing]").textContent = doing;
  building.querySelector("progress").max = total || 1;
  building.querySelector("progress").value = done;
  setTimeout(followBuilding, 1000);
}

if (building) setTimeout(followBuilding, 1000);
