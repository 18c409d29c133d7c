// Files that the reader saves.

// As a spreadsheet takes it for text: quotes doubled, and nothing that begins like a formula.
export const cell = (value) => `"${String(value ?? "").replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;

export const csv = (lines) => lines.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";

export function download(name, parts, type = "text/csv;charset=utf-8") {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([parts].flat(), { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
