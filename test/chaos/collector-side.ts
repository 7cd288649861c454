import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { top } from '../support/program.ts'
import type { Clock } from './clock.ts'
import type { Disk } from './disk.ts'
import { Side } from './side.ts'

export interface CollectorPlace {
  disk: Disk
  /** `sqlite`, or a URL. */
  database: string
  port: number
  agentsPort: number
  logFile: string
  clock: Clock
}

const int8 = 20

/** The real collector, `tierline up`, and a look into its database from outside. */
export class CollectorSide {
  readonly side: Side
  readonly clock: Clock
  readonly agentsPort: number
  readonly consoleUrl: string
  readonly disk: Disk
  /** Another one after a restore. */
  dataDir: string
  database: string

  constructor({ disk, database, port, agentsPort, logFile, clock }: CollectorPlace) {
    this.disk = disk
    this.dataDir = join(disk.folder, 'data')
    this.database = database
    this.clock = clock
    this.agentsPort = agentsPort
    this.consoleUrl = `http://127.0.0.1:${port}`
    const ports = ['--port', String(port), '--agents-port', String(agentsPort), '--log-level', 'warn']
    this.side = new Side('collector', logFile, () => ({ ...this.verb('up', ...ports), env: clock.env }), disk.isFull)
  }

  /** The command line of a verb on this collector's data. */
  verb(verb: string, ...args: string[]): { file: string; args: string[] } {
    const where = ['--data', this.dataDir, ...(this.database === 'sqlite' ? [] : ['--database', this.database])]
    return { file: process.execPath, args: [join(top, 'bin/tierline.mjs'), verb, ...args, ...where] }
  }

  isUp(withinMs?: number): Promise<unknown> {
    return this.side.prints(/Agents +https/, withinMs)
  }

  async rows(sql: string): Promise<Record<string, unknown>[]> {
    if (this.database !== 'sqlite') return askPostgres(this.database, sql)
    const database = new DatabaseSync(join(this.dataDir, 'tierline.db'), { readOnly: true })
    try {
      return database.prepare(sql).all()
    } finally {
      database.close()
    }
  }
}

async function askPostgres(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  client.setTypeParser(int8, Number)
  await client.connect()
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}
