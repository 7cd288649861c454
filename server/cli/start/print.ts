/** One row a line, the names in a column of their own; a value may go on in further lines. */
export function table(rows: Record<string, string | string[]>): string {
  const width = Math.max(...Object.keys(rows).map((name) => name.length)) + 3
  return Object.entries(rows)
    .flatMap(([name, value]) => [value].flat().map((line, index) => `  ${(index === 0 ? name : '').padEnd(width)}${line}\n`))
    .join('')
}

/** A word that a POSIX shell takes as it is. */
export const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
