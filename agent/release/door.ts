import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import type { Answer } from './release.ts'
import type { Door } from './tries.ts'

/*
 * Where the code goes: a local socket, because whoever sits at the machine need not be root. Enters: one line. Leaves: one line of
 * JSON. Promises: it takes nothing but a code, of a length that a code has, from four at a time, for five seconds. On failure (no
 * folder, no socket): it is said, and the agent goes on; the other door may stand. Threat: a local program that holds it open or
 * writes without end; it can't use up root's tries, who has a door of their own in a folder only root may enter.
 */

const longestLine = 64
const mostAtOnce = 4
const withinMs = seconds(5)

export const doorIn = (folder: string): string => join(folder, 'release.sock')

interface DoorNeeds {
  log: Logger
  time: Time
  /** Ms that one may stay in all. */
  within?: number
}

/** @returns how to close it; undefined: it could not be opened. */
export function openDoor(
  folder: string,
  door: Door,
  type: (text: string, door: Door) => Promise<Answer>,
  needs: DoorNeeds,
): (() => void) | undefined {
  const path = doorIn(folder)
  const { log } = needs
  const server = createServer((socket) => converse(socket, (line) => type(line, door), needs))
  server.maxConnections = mostAtOnce
  server.on('error', (error) => log.error({ path, reason: sentenceOf(error) }, 'no release code can be typed here'))
  try {
    const made = mkdirSync(folder, { recursive: true })
    if (made !== undefined) chmodSync(folder, door === 'anyone' ? 0o755 : 0o700)
    rmSync(path, { force: true })
    server.listen(path, () => chmodSync(path, door === 'anyone' ? 0o666 : 0o600))
  } catch (error) {
    log.error({ path, reason: sentenceOf(error) }, 'no release code can be typed here')
    return undefined
  }
  server.unref()
  return () => void server.close()
}

function converse(socket: Socket, type: (line: string) => Promise<Answer>, { log, time, within = withinMs }: DoorNeeds): void {
  let heard = ''
  // In all, and not since its last word: whoever says a letter now and then doesn't hold the door.
  socket.on(
    'close',
    time.after(within, () => socket.destroy()),
  )
  socket.on('error', () => socket.destroy())
  socket.setEncoding('utf8')
  socket.on('data', (chunk) => {
    heard += chunk
    const end = heard.indexOf('\n')
    if (end === -1 && heard.length > longestLine) return void socket.destroy()
    if (end === -1) return
    socket.pause()
    type(heard.slice(0, Math.min(end, longestLine))).then(
      (answer) => socket.end(`${JSON.stringify(answer)}\n`),
      (error: unknown) => {
        log.error({ reason: sentenceOf(error) }, 'a release code could not be judged')
        socket.destroy()
      },
    )
  })
}

/** The other side of it. @returns undefined: nobody listens there, or it may not be used. */
export function typeAt(path: string, code: string): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    let heard = ''
    const socket = createConnection(path, () => void socket.write(`${code.slice(0, longestLine - 1).replaceAll('\n', ' ')}\n`))
    socket.setEncoding('utf8')
    socket.on('data', (chunk) => {
      heard += chunk
    })
    socket.on('error', () => resolve(undefined))
    socket.on('close', () => resolve(heard === '' ? undefined : (JSON.parse(heard) as Answer)))
  })
}
