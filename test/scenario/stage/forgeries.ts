import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { commands } from '#shared/commands/registry.ts'
import type { CommandOrder } from '#shared/domain/command.ts'
import { days, hours } from '#shared/domain/time.ts'
import authorities from '#shared/protocol/documents/authorities.ts'
import { agentFolder, enrolTestAgent, startTestAgent, type TestAgent } from '../../support/agent.ts'
import { startTestCollector, type TestCollector } from '../../support/collector.ts'
import { operatorOf, type PersonsKey, personsKey, publicOf, signOrder, twoAuthorities } from '../../support/operators.ts'
import { orderFor, tryCommand } from './forged-order.ts'
import { type HostileCollector, takeOver } from './hostile-collector.ts'
import { type Accused, haltable, ofProtection, systemctlAlone } from './protection.ts'

/** One thing that the attacker tries, and what may come of it. */
export interface Attempt {
  says: string
  /** The agent does it. */
  shallRun: boolean
  /** @returns what the agent said of it. */
  try(): Promise<{ hasRun: boolean; said: string }>
}

export interface Stage {
  attempts: Attempt[]
  /** What the agent's own journal has of refusals. */
  refusals(): string[]
  alarms(): string[]
  close(): Promise<void>
}

/** An honest collector with one operator and one agent, and then somebody else in the collector's place, with all it had. */
export async function openStage(role: 'workstation' | 'core'): Promise<Stage> {
  const collector = await startTestCollector()
  const authority = await twoAuthorities()
  const [anna, gone, thief] = [await personsKey(), await personsKey(), await personsKey()]
  const now = Date.now()
  await collector.identity.documents.issue(authorities, () => ({ first: authority.pair, successions: [] }))
  const operators = [operatorOf('Anna', anna, now)]
  const old = await authority.register(authority.keys[0], 1, now, [...operators, operatorOf('Gone', gone, now)])
  for (const frame of [old, await authority.register(authority.keys[0], 2, now, operators)])
    await collector.identity.documents.handBack(frame)
  const dataDir = agentFolder()
  await enrolTestAgent(await collector.token({ role }), dataDir)
  // Halting is built for Linux alone.
  const accused = process.platform === 'linux' ? haltable(dataDir) : undefined
  const systemctl = systemctlAlone()
  const agent = await startTestAgent({ dataDir, detectors: [], host: systemctl.host, config: { services: ['listed.service'] } })
  await untilKept(agent)
  await collector.stop()
  const hostile = await takeOver(collector)
  const about = { hostile, agent, thief, anna, gone, old, role }
  return {
    attempts: [
      ...ofTheCollector(about),
      ...(accused ? ofProtection({ ...about, accused, systemctl }) : []),
      ...ofNobody(about),
      ...ofReplays(about),
    ],
    refusals: () => refusalsOf(agent),
    alarms: hostile.alarms,
    close: () => close(collector, agent, hostile, accused),
  }
}

interface About {
  hostile: HostileCollector
  agent: TestAgent
  thief: PersonsKey
  anna: PersonsKey
  gone: PersonsKey
  old: Awaited<ReturnType<HostileCollector['signDocument']>>
  role: string
}

/** With the collector's own key: what protects goes, and nothing else of the library, whatever its arguments. */
function ofTheCollector({ hostile, agent, role }: About): Attempt[] {
  const all = [...commands.values(), { verb: 'format-disk', risk: 'high' as const }]
  return all.map(({ verb, risk }) => ({
    says: `${verb}, signed by the collector’s own key`,
    shallRun: risk === 'protective' && !(verb === 'isolate-host' && role === 'core') && !needsArguments.has(verb),
    try: async () => tryCommand(hostile, orderFor(agent, { verb }), (order) => hostile.sign(order)),
  }))
}

/** Refused for want of arguments, before it is begun; with them they are tried beside these. */
const needsArguments = new Set(['suspend-process', 'resume-process', 'restart-service', 'reach-neighbour'])

/** He makes himself an authority, or an operator. */
function ofNobody({ hostile, agent, thief }: About): Attempt[] {
  const release = (sign: (order: CommandOrder) => Promise<string>) => tryCommand(hostile, orderFor(agent), sign)
  const myself = { operators: [operatorOf('Anna', thief, Date.now())] }
  const bySelf = async (): Promise<void> => {
    const document = { v: 1, name: 'operators', number: 99, issuedAt: Date.now(), content: myself }
    hostile.document({ kind: 'document', name: 'operators', number: 99, jws: await thief.sign(document, 'tierline-document+jws') })
  }
  const byThief = () => release((order) => signOrder(thief, order))
  return [
    { says: 'release-host, signed by a key of his own', shallRun: false, try: byThief },
    {
      says: 'a register of operators that names him, signed by the collector’s key; then release-host',
      shallRun: false,
      try: async () => {
        hostile.document(await hostile.signDocument('operators', 98, myself))
        return byThief()
      },
    },
    {
      says: 'authorities of his own, signed by the collector’s key; his register by them; then release-host',
      shallRun: false,
      try: async () => {
        const pair = { keys: [publicOf(thief), publicOf(await personsKey())], succession: 0 }
        hostile.document(await hostile.signDocument('authorities', 99, { first: pair, successions: [] }))
        await bySelf()
        return byThief()
      },
    },
  ]
}

/** What operators did sign, elsewhere or once. */
function ofReplays({ hostile, agent, anna, gone, old }: About): Attempt[] {
  const tried = (order: CommandOrder, sign: (order: CommandOrder) => Promise<string>) => tryCommand(hostile, order, sign)
  return [
    {
      says: 'release-host that Anna signed, for this machine',
      shallRun: true,
      try: () => tried(orderFor(agent), (order) => signOrder(anna, order)),
    },
    {
      says: 'what Anna signed for another machine',
      shallRun: false,
      try: () => tried({ ...orderFor(agent), endpoints: [randomUUID()] }, (order) => signOrder(anna, order)),
    },
    {
      says: 'what Anna signed an hour ago for a minute',
      shallRun: false,
      try: () =>
        tried({ ...orderFor(agent), issuedAt: Date.now() - hours(1), expiresAt: Date.now() - hours(1) + 60_000 }, (order) =>
          signOrder(anna, order),
        ),
    },
    {
      says: 'what Anna signed, with another verb put into it',
      shallRun: false,
      try: () => tried(orderFor(agent), async (order) => altered(await signOrder(anna, order), { ...order, verb: 'isolate-host' })),
    },
    {
      says: 'the register of before a colleague was revoked, and his signature',
      shallRun: false,
      try: () => {
        hostile.document(old)
        return tried(orderFor(agent), (order) => signOrder(gone, order))
      },
    },
    {
      says: 'what Anna signed, good for a year',
      shallRun: false,
      try: () => tried({ ...orderFor(agent), expiresAt: Date.now() + days(365) }, (order) => signOrder(anna, order)),
    },
  ]
}

function altered(jws: string, other: CommandOrder): string {
  const [header, , signature] = jws.split('.')
  return [header, Buffer.from(JSON.stringify(other)).toString('base64url'), signature].join('.')
}

const journalOf = ({ dataDir }: TestAgent): string => readFileSync(join(dataDir, 'commands/commands.jsonl'), 'utf8')

const refusalsOf = (agent: TestAgent): string[] =>
  journalOf(agent)
    .split('\n')
    .filter((line) => line.includes('"refused"'))
    .flatMap((line) => {
      const { kind, reason, result } = JSON.parse(line) as { kind: string; reason?: string; result?: { outcome: string; detail: string } }
      const said = kind === 'refused' ? reason : result?.outcome === 'refused' ? result.detail : undefined
      return said ?? []
    })

/** The register came with the welcome; until it is on disk the honest collector stays. */
async function untilKept({ dataDir }: TestAgent): Promise<void> {
  const file = join(dataDir, 'identity/documents/operators.jws')
  for (let tries = 0; tries < 500; tries += 1) {
    if (existsSync(file)) return
    await pause(20)
  }
  throw new Error('the agent was told of no operators')
}

async function close(collector: TestCollector, agent: TestAgent, hostile: HostileCollector, accused?: Accused): Promise<void> {
  accused?.end()
  await agent.stop('stop')
  await hostile.stop()
  for (const folder of [agent.dataDir, collector.dataDir]) rmSync(folder, { recursive: true, force: true })
}
