import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Inventory } from '#shared/domain/inventory.ts'
import { seconds } from '#shared/domain/time.ts'
import type { Store } from '../../store/store.ts'

/** What the collector has heard from the agent of this machine. */
export interface ThisMachine {
  hostname: string
  /** Whether it could isolate, and if not why. */
  isolation: string
  /** Paths of its decoys; armed, because the agent lists only those that it watches. */
  canaries: string[]
}

const waitMs = seconds(20)
const pinnedFile = (agentDataDir: string): string => join(agentDataDir, 'identity/identity.json')

export const isEnrolled = (agentDataDir: string): boolean => existsSync(pinnedFile(agentDataDir))

/** The trial's agent follows its collector to another port; who the two are is in their certificates, which stay. */
export function dialsCollector(agentDataDir: string, agentsUrl: string): void {
  const pinned = readPinned(agentDataDir)
  if (pinned.collector === agentsUrl) return
  writeFileSync(pinnedFile(agentDataDir), JSON.stringify({ ...pinned, collector: agentsUrl }, null, 2), { mode: 0o600 })
}

/** Resolves once the agent is connected and has named its decoys, or after `waitMs` with what is known by then. */
export async function untilHeard(store: Store, agentDataDir: string): Promise<ThisMachine | undefined> {
  const { endpointId } = readPinned(agentDataDir)
  const giveUpAt = Date.now() + waitMs
  let machine = await heardNow(store, endpointId)
  while (!machine?.canaries.length && Date.now() < giveUpAt) {
    await sleep(100)
    machine = await heardNow(store, endpointId)
  }
  return machine
}

async function heardNow({ reader }: Store, endpointId: string): Promise<ThisMachine | undefined> {
  const row = await reader
    .selectFrom('presences')
    .innerJoin('inventories', 'inventories.endpoint_id', 'presences.endpoint_id')
    .select('inventories.body')
    .where('presences.endpoint_id', '=', endpointId)
    .where('presences.is_connected', '=', 1)
    .executeTakeFirst()
  if (!row) return undefined
  const { hostname, agent } = Inventory.parse(JSON.parse(row.body))
  const isolation = agent.isolation.isReady ? 'ready' : (agent.isolation.reason ?? 'off')
  return { hostname, isolation, canaries: agent.canaries }
}

function readPinned(agentDataDir: string): { collector: string; endpointId: string } {
  return JSON.parse(readFileSync(pinnedFile(agentDataDir), 'utf8')) as { collector: string; endpointId: string }
}
