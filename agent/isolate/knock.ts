import { createSocket } from 'node:dgram'
import { connect as connectTcp, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Time } from '#shared/domain/time.ts'
import type { CollectorAddress } from './address.ts'

/*
 * Real packets, for proof. Enters: a place. Leaves: what happened and after how long. Promises: an answer within
 * `timeoutMs`, every socket closed. On failure: the failure is the answer.
 */

export interface Place extends CollectorAddress {
  protocol: 'tcp' | 'udp'
}

/** `forbidden`: this machine's own firewall stopped the packet on its way out (EPERM), which nothing else looks like. */
export type AnswerKind = 'answered' | 'refused' | 'forbidden' | 'unreachable' | 'silent'
export interface Answer {
  kind: AnswerKind
  afterMs: number
}

export interface Knock {
  time: Time
  timeoutMs: number
}

export function knock(place: Place, how: Knock): Promise<Answer> {
  return place.protocol === 'tcp' ? knockTcp(place, how) : knockUdp(place, how)
}

/** `answered` once a fresh TLS handshake showed a certificate of the collector's own CA. */
export function askCollector(place: CollectorAddress, ca: string, how: Knock): Promise<Answer> {
  return timed(how, (say) => {
    // Whose certificate it is says the pinned CA; the name in it need not be the address we dialled.
    const socket = connectTls({ host: place.address, port: place.port, ca, minVersion: 'TLSv1.3', checkServerIdentity: () => undefined })
    socket.once('secureConnect', () => say('answered')).on('error', (error) => say(kindOf(error)))
    return () => socket.destroy()
  })
}

function knockTcp(place: Place, how: Knock): Promise<Answer> {
  return timed(how, (say) => {
    const socket = connectTcp({ host: place.address, port: place.port })
    socket.once('connect', () => say('answered')).on('error', (error) => say(kindOf(error)))
    return () => socket.destroy()
  })
}

/** Over UDP a "port unreachable" that comes back is an answer too: somebody is there and can be reached. */
function knockUdp(place: Place, how: Knock): Promise<Answer> {
  return timed(how, (say) => {
    const socket = createSocket(isIP(place.address) === 6 ? 'udp6' : 'udp4')
    const heard = (error: Error): void => say(kindOf(error) === 'refused' ? 'answered' : kindOf(error))
    socket.on('error', heard).once('message', () => say('answered'))
    // On a busy machine the time may be over before the connect is told; a socket that sends closed or unconnected throws.
    let isOpen = true
    socket.connect(place.port, place.address, (error?: Error) => {
      if (error) heard(error)
      else if (isOpen) socket.send('', (failed) => failed && heard(failed))
    })
    return () => {
      isOpen = false
      socket.close()
    }
  })
}

function timed({ time, timeoutMs }: Knock, begin: (say: (kind: AnswerKind) => void) => () => void): Promise<Answer> {
  return new Promise((resolve) => {
    const startedAt = time.monotonic()
    let isOver = false
    const say = (kind: AnswerKind): void => {
      if (isOver) return
      isOver = true
      cancel()
      close()
      resolve({ kind, afterMs: Math.round((time.monotonic() - startedAt) * 100) / 100 })
    }
    const cancel = time.after(timeoutMs, () => say('silent'))
    const close = begin(say)
  })
}

const kinds: Record<string, AnswerKind> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'refused',
  EPERM: 'forbidden',
  EACCES: 'forbidden',
  ENETUNREACH: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
}

function kindOf(error: NodeJS.ErrnoException): AnswerKind {
  return kinds[error.code ?? ''] ?? 'silent'
}
