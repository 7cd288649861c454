import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { LiveEvent } from '#shared/api/live.ts'
import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'
import type { LiveBus } from '../live.ts'
import type { Scope } from '../people/caller.ts'
import { refuse } from './problems.ts'

/*
 * Enters: hints from the bus. Leaves: server-sent events to whoever looks, each within the reader's scope.
 * Promises: a stream lives no longer than its reader's right to it, which is asked again at every heartbeat; a reader
 * that doesn't read is let go and comes back for the truth, so memory is bounded. On failure: the socket ends, and the
 * browser dials again. Threat: a reader whose session ended, and one who opens streams without end.
 */

const beatEveryMs = seconds(15)
/** What may wait for a slow reader: some 1,500 hints. */
const maxWaitingBytes = 262_144
const maxPerPerson = 50

export interface Reader {
  personId: string
  scope: Scope
  /** Called when the stream has begun. @returns what is called when it is over. */
  begin(): () => void
  /** The scope they still have; undefined when they may read no more. */
  stillMay(): Promise<Scope | undefined>
}
export interface Streams {
  /** Takes the socket over, or throws a refusal. */
  open(reply: FastifyReply, reader: Reader): void
  stop(): void
}

export function createStreams({ bus, time }: { bus: LiveBus; time: Time }): Streams {
  const open = new Map<ServerResponse, { reader: Reader; cancelBeat: Cancel }>()

  const unsubscribe = bus.subscribe((event) => {
    for (const [socket, { reader }] of open) if (concerns(event, reader.scope)) write(socket, `data: ${JSON.stringify(event)}\n\n`)
  })

  const keep = (socket: ServerResponse, reader: Reader): void => {
    open.set(socket, { reader, cancelBeat: time.after(beatEveryMs, () => void beat(socket, reader)) })
  }
  const beat = async (socket: ServerResponse, reader: Reader): Promise<void> => {
    // Unreadable for a moment is no reason to go on: the browser dials again.
    const scope = await reader.stillMay().catch(() => undefined)
    if (!open.has(socket)) return
    if (scope !== reader.scope) socket.end()
    else {
      write(socket, ': beat\n\n')
      keep(socket, reader)
    }
  }

  return {
    open: (reply, reader) => {
      const mine = [...open.values()].filter((other) => other.reader.personId === reader.personId)
      if (mine.length >= maxPerPerson) throw refuse('too-many-streams', 'Close some of the windows that show the console.')
      const socket = begin(reply)
      // Gone while we looked who it was: no event will tell.
      if (socket.destroyed) return
      const end = reader.begin()
      keep(socket, reader)
      socket.once('close', () => {
        open.get(socket)?.cancelBeat()
        open.delete(socket)
        end()
      })
    },
    stop: () => {
      unsubscribe()
      for (const socket of open.keys()) socket.end()
    },
  }
}

const concerns = (event: LiveEvent, scope: Scope): boolean => scope === 'all' || event.organisationId === scope

function begin(reply: FastifyReply): ServerResponse {
  reply.header('content-type', 'text/event-stream; charset=utf-8').header('cache-control', 'no-store').header('x-accel-buffering', 'no')
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) reply.raw.setHeader(name, value)
  reply.raw.writeHead(200)
  reply.raw.write('retry: 2000\n\n')
  return reply.raw
}

function write(socket: ServerResponse, text: string): void {
  if (socket.writableLength > maxWaitingBytes) socket.destroy()
  else socket.write(text)
}
