/** Scripts by their hash. A text is never changed: another text is another script. */
export interface ScriptsTable {
  id: string
  name: string
  /** Of `body`, hexadecimal. */
  sha256: string
  interpreter: string
  /** JSON array. */
  platforms: string
  body: string
  written_by: string
  written_at: number
  /** Somebody else; the same person only while there is nobody else. */
  reviewed_by: string | null
  reviewed_at: number | null
  retired_at: number | null
}

export interface ScriptTables {
  scripts: ScriptsTable
}
