import type { Entry, TicketCase } from '../pipeline/changes.ts'
import type { Follows } from './playbook.ts'

/** It is proven that the machine is cut off: before it comes back it is restored. A false alarm needs none of that. */
export function restoring({ kind, body }: Entry, { subject }: TicketCase, text: string): Partial<Follows> {
  const isDone = body.outcome === 'succeeded' || body.isIsolated === true
  const isProvenLater = kind === 'isolation-changed' && body.isProvenAtLast === true
  const isIsolated = isProvenLater || (kind === 'command-settled' && body.verb === 'isolate-host' && isDone)
  if (isIsolated) {
    const title = `Restore ${subject.endpoint?.hostname ?? 'the machine'} from the last verified backup`
    return { opens: [{ task: 'restore', title, text, actor: 'system' }] }
  }
  const isFalse = kind === 'resolved' && body.resolution === 'false-alarm'
  return isFalse ? { ends: [{ task: 'restore', resolution: 'false-alarm', note: 'It was a false alarm.' }] } : {}
}
