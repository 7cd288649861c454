/**
 * Hands a file over at the agents' port, in pieces, with the certificate and the addresses of the connection, so that an
 * isolated machine can too. Enters: bytes. Leaves: them, at the collector, which checks their hash. Promises: after a line
 * that broke it goes on where the collector says; it waits longer each time nothing arrives, and gives up after ten
 * such times. On failure: one sentence; it never throws.
 */
import { createHash } from 'node:crypto'
import { request } from 'node:https'
import type { LookupFunction } from 'node:net'
import { sentenceOf } from '#shared/domain/fault.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import { type ArchivePiece, archivePath, archivePieceBytes, contentRange, offsetField, reprDigest } from '#shared/protocol/archive.ts'
import type { Credentials } from '../identity/files.ts'

export interface UploadNeeds {
  identity: { readonly collector: string; readonly lookup: LookupFunction | undefined; credentials(): Promise<Credentials> }
  time: Time
}

export type Uploaded = { kind: 'stored'; sha256: string } | { kind: 'failed'; reason: string }

const maxFailures = 10
const firstWaitMs = seconds(1)
const longestWaitMs = seconds(60)
const silenceTimeoutMs = seconds(15)

/** @param sent is told what part of it has arrived. */
export async function upload(needs: UploadNeeds, commandId: string, bytes: Buffer, sent: (ratio: number) => void): Promise<Uploaded> {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  let reason = 'it never began'
  for (let failures = 0; failures < maxFailures; failures += 1) {
    if (failures > 0) await pause(needs.time, Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 1)))
    const before = { arrived: 0 }
    const tried = await handOver(needs, commandId, bytes, sha256, (offset) => {
      if (offset > before.arrived) failures = 0
      before.arrived = offset
      sent(offset / bytes.length)
    })
    if (tried.kind === 'done') return tried.uploaded
    reason = tried.reason
  }
  return { kind: 'failed', reason }
}

type Tried = { kind: 'done'; uploaded: Uploaded } | { kind: 'broken'; reason: string }

async function handOver(
  needs: UploadNeeds,
  commandId: string,
  bytes: Buffer,
  sha256: string,
  arrived: (offset: number) => void,
): Promise<Tried> {
  const asking = { needs, path: archivePath(commandId) }
  try {
    let { status, offset, message } = await ask(asking, 'HEAD')
    while (status === 200 && offset < bytes.length) {
      const content = bytes.subarray(offset, offset + archivePieceBytes)
      const piece = { from: offset, length: content.length, total: bytes.length, sha256 }
      ;({ status, offset, message } = await ask(asking, 'PUT', piece, content))
      if (status === 200) arrived(offset)
    }
    if (status === 200) return { kind: 'done', uploaded: { kind: 'stored', sha256 } }
    // The offset may be another by now, and the collector may be busy for a moment; all else stays as it is.
    if (status === 409 || status >= 500) return { kind: 'broken', reason: message }
    return { kind: 'done', uploaded: { kind: 'failed', reason: message } }
  } catch (error) {
    return { kind: 'broken', reason: sentenceOf(error) }
  }
}

interface Answered {
  status: number
  offset: number
  message: string
}

async function ask(
  { needs: { identity }, path }: { needs: UploadNeeds; path: string },
  method: 'HEAD' | 'PUT',
  piece?: ArchivePiece,
  content?: Buffer,
): Promise<Answered> {
  const { ca, key, certificate: cert } = await identity.credentials()
  const headers = piece && { 'content-range': contentRange(piece), 'repr-digest': reprDigest(piece), 'content-length': piece.length }
  const { promise, resolve, reject } = Promise.withResolvers<Answered>()
  const lookup = identity.lookup && { lookup: identity.lookup }
  const tls = { ca: [ca], key, cert, rejectUnauthorized: true, minVersion: 'TLSv1.3' as const, agent: false as const }
  const about = { method, ...(headers && { headers }), ...tls, ...lookup, timeout: silenceTimeoutMs }
  const sent = request(new URL(path, identity.collector), about, (response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => {
      text = (text + chunk).slice(0, 2_000)
    })
    response.on('error', reject)
    response.on('end', () => {
      const status = response.statusCode ?? 0
      resolve({
        status,
        offset: Number(response.headers[offsetField] ?? 0),
        message: messageIn(text) ?? `the collector answered ${status}`,
      })
    })
  })
  sent.on('timeout', () => sent.destroy(new Error('the collector went silent')))
  sent.on('error', reject)
  sent.end(content)
  return promise
}

function messageIn(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    return typeof message === 'string' ? message.slice(0, 200) : undefined
  } catch {
    return undefined
  }
}

const pause = (time: Time, ms: number): Promise<void> => new Promise((resolve) => void time.after(ms, resolve))
