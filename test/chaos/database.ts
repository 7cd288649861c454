import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { startPostgres } from '../support/postgres.ts'
import { openDisk } from './disk.ts'

/** The server that a collector on PostgreSQL has its database in, on a small disk of its own. */
export interface DatabaseServer {
  url: string
  /** Gone at once, and back after a while. */
  crash(): Promise<void>
  start(): Promise<void>
  fillDisk(): void
  emptyDisk(): void
  stop(): Promise<void>
}

/** Logs of a few hundred MB stand beside a database of some ten. */
const diskMiB = 768

/** @returns one sentence where this machine can't run one. */
export async function openDatabaseServer(folder: string): Promise<DatabaseServer | string> {
  const disk = openDisk(join(folder, 'database'), diskMiB)
  // A server that root starts runs as nobody, who has to get there.
  for (const place of [folder, disk.folder]) chmodSync(place, 0o711)
  const server = await startPostgres(disk.folder)
  if (server.kind === 'unavailable') {
    disk.discard()
    return server.reason
  }
  return {
    url: server.url,
    crash: server.crash,
    start: server.start,
    fillDisk: disk.fill,
    emptyDisk: disk.empty,
    stop: async () => {
      await server.stop()
      disk.discard()
    },
  }
}
