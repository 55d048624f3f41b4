// JSON whose numbers stay as they are written. JavaScript rounds integers above 2^53.

/** Parses a text. Numbers that JavaScript would round stay text, which `JSON.stringify` writes as it was. */
export function parse(text) {
  const isRounded = (value) => typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER;
  // Browsers from before 2025 do not tell the source of a number: there the limits in a schema are shown rounded.
  return JSON.parse(text, (_, value, context) => (context?.source && isRounded(value) ? JSON.rawJSON(context.source) : value));
}

/** A value as text: a text as it is, anything else as JSON. */
export const asText = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/** Indents a JSON text, and changes nothing else in it. A text that is no JSON comes back as it is. */
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
