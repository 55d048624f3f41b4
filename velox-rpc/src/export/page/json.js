// Parses and indents JSON without changing its numbers. JavaScript rounds integers above 2^53.

/**
 * Parses a text. Numbers that JavaScript would round become raw JSON, so `JSON.stringify` writes
 * them unchanged.
 */
export function parse(text) {
  const isRounded = (value) => typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER;
  // Browsers from before 2025 do not pass the source text of a number, so they show large limits
  // rounded.
  return JSON.parse(text, (_, value, context) => (context?.source && isRounded(value) ? JSON.rawJSON(context.source) : value));
}

/** Returns a string unchanged and any other value as JSON. */
export const asText = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/** Indents a JSON text and changes nothing else. Returns any other text unchanged. */
export function indent(text) {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  const tokens = text.match(/"(?:[^"\\]+|\\.)*"|[[\]{}:,]|[^\s[\]{}:,"]+/g);
  let depth = 0;
  const line = (change) => `\n${"  ".repeat((depth += change))}`;
  const indented = tokens.map((token, index) => {
    const isEmpty = "[{".includes(tokens[index - 1]) && "]}".includes(token);
    if ("[{".includes(token)) return "]}".includes(tokens[index + 1]) ? token : token + line(1);
    if ("]}".includes(token)) return isEmpty ? token : line(-1) + token;
    if (token === ",") return token + line(0);
    return token === ":" ? ": " : token;
  });
  return indented.join("");
}
