import type pg from 'pg'

/** As far as `pg` shows it to a query that speaks for itself. */
interface Connection {
  query(text: string): void
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
}

/** `COPY … FROM STDIN` with all of its rows at once. `pg` speaks that part of the protocol and has no name for it. */
export function copyIn(client: pg.Client, table: string, rows: readonly Record<string, unknown>[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {})
  const lines = rows.map((row) => `${columns.map((column) => escaped(row[column])).join('\t')}\n`)
  return new Promise((resolve, reject) => {
    const ignored = (): void => undefined
    const copy: pg.Submittable & Record<string, unknown> = {
      submit: (connection: unknown) => (connection as Connection).query(`copy ${table} (${columns.join(', ')}) from stdin`),
      handleCopyInResponse: (connection: Connection) => {
        connection.sendCopyFromChunk(Buffer.from(lines.join('')))
        connection.endCopyFrom()
      },
      handleCommandComplete: ignored,
      handleReadyForQuery: () => resolve(),
      handleError: (error: Error) => reject(error),
    }
    client.query(copy)
  })
}

const special: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** PostgreSQL's text format. */
const escaped = (value: unknown): string =>
  value === null || value === undefined ? '\\N' : String(value).replace(/[\\\n\r\t]/g, (character) => special[character] ?? character)
