import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TicketList } from '#shared/api/tickets.ts'
import { seconds } from '#shared/domain/time.ts'
import { type ApiClient, signIn } from '../support/api.ts'
import type { CollectorSide } from './collector-side.ts'
import { decoyKind } from './producer.ts'

/*
 * Somebody at the console who resolves each ticket about a decoy: the collector then orders the machine to arm its decoys
 * again, which is the command of this version that may be given any number of times. A machine may do it once for each.
 */
export interface Analyst {
  /** How often each endpoint may have been ordered, by endpoint: also where the answer got lost. */
  asked: ReadonlyMap<string, number>
  stop(): Promise<void>
}

const everyMs = seconds(3)
const answerWithinMs = seconds(5)

export function startAnalyst(collector: CollectorSide): Analyst {
  const asked = new Map<string, number>()
  const [login = '', password = ''] = readFileSync(join(collector.dataDir, 'first-sign-in'), 'utf8').trim().split(' / ')
  let client: ApiClient | undefined
  let isStopped = false

  const resolveAll = async (): Promise<void> => {
    client ??= await signIn(collector.consoleUrl, login, password)
    const { tickets } = await client.get<TicketList>('/api/tickets?limit=500')
    for (const { id, version, kind, endpoint } of tickets.filter((ticket) => ticket.kind === decoyKind)) {
      if (!endpoint) continue
      asked.set(endpoint.id, (asked.get(endpoint.id) ?? 0) + 1)
      await client.post(`/api/tickets/${id}/resolve`, { version, resolution: 'false-alarm', note: `${kind} of the chaos` })
    }
  }
  const work = async (): Promise<void> => {
    while (!isStopped) {
      // A collector that is stopped answers later, or never; then somebody signs in anew.
      await Promise.race([resolveAll(), sleep(answerWithinMs)]).catch(() => {
        client = undefined
      })
      await sleep(everyMs)
    }
  }
  const working = work()
  return {
    asked,
    stop: async () => {
      isStopped = true
      await working
    },
  }
}
