import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { realpathSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * One agent to a data folder: two would write one spool. Held by listening on a local socket named after the folder,
 * because the system lets go of that when the process dies, whatever it dies of.
 */
export interface Lock {
  release(): Promise<void>
}

/** Undefined when another process holds it. */
export async function takeLock(dataDir: string): Promise<Lock | undefined> {
  const name = lockName(dataDir, process.platform)
  const server = createServer((socket) => socket.destroy())
  server.listen(name)
  try {
    await once(server, 'listening')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    return (await isLeftBehind(name)) ? takeAgain(name, dataDir) : undefined
  }
  return {
    async release() {
      server.close()
      await once(server, 'close')
    },
  }
}

function takeAgain(name: string, dataDir: string): Promise<Lock | undefined> {
  rmSync(name, { force: true })
  return takeLock(dataDir)
}

/** Linux and Windows have names that leave nothing behind; elsewhere it is a file that a killed process leaves. */
function lockName(dataDir: string, platform: NodeJS.Platform): string {
  const hash = createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 32)
  if (platform === 'linux') return `\0tierline-agent-${hash}`
  if (platform === 'win32') return `\\\\.\\pipe\\tierline-agent-${hash}`
  return join(tmpdir(), `tierline-agent-${hash}.sock`)
}

async function isLeftBehind(name: string): Promise<boolean> {
  if (!name.startsWith(tmpdir())) return false
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(name)
  socket.once('connect', () => resolve(false))
  socket.once('error', () => resolve(true))
  return promise.finally(() => socket.destroy())
}
