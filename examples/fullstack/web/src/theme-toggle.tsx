// A button for the light or the dark theme. By default the theme is that of the system.
import { useSyncExternalStore } from "react";

const system = matchMedia("(prefers-color-scheme: dark)");
const page = document.documentElement;
const listeners = new Set<() => void>();

function isDark(): boolean {
  const chosen = page.dataset["theme"];
  return chosen ? chosen === "dark" : system.matches;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  system.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    system.removeEventListener("change", listener);
  };
}

function choose(theme: "light" | "dark") {
  page.dataset["theme"] = theme;
  localStorage.setItem("theme", theme);
  for (const listener of listeners) listener();
}

export function ThemeToggle() {
  const dark = useSyncExternalStore(subscribe, isDark);
  const label = `Switch to ${dark ? "light" : "dark"} mode`;
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={() => choose(dark ? "light" : "dark")}>
      <svg viewBox="0 0 24 24" aria-hidden="true">
        {dark ? (
          <path d="M12 4V2m0 20v-2m8-8h2M2 12h2m13.7-5.7 1.4-1.4M4.9 19.1l1.4-1.4m0-11.4L4.9 4.9m14.2 14.2-1.4-1.4M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0Z" />
        ) : (
          <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z" />
        )}
      </svg>
    </button>
  );
}
