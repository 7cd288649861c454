import type { IsolationReadiness } from '#shared/domain/endpoint.ts'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import type { Ended, Host } from '../../host/host.ts'
import { type CheckedAddress, type CollectorAddress, checkAddress } from '../address.ts'
import { listDevices } from './devices.ts'
import type { Firewall } from './firewall.ts'
import { HeldTables } from './held-tables.ts'
import { NftShell } from './nft-shell.ts'
import { deviceRules, families, hostRules, ownComment, type Ruleset, removalOf, rulesFor, type TableName } from './rules.ts'
import { watchRuleset } from './watch-ruleset.ts'

/*
 * Isolation on Linux. Enters: the collector's addresses. Leaves: tables `tierline` of three families, put in one transaction, and a
 * second copy that only our own child can take away. Promises: loopback, the collector, and what keeps its addresses reachable
 * go on; everything else ends. On failure: a Fault, and nothing was changed. Threat: other rules let nothing back in, since a drop
 * here is final for every table; a table of our name that we didn't write is never touched.
 */

const withinMs = seconds(5)

export interface NftablesParts {
  host: Host
  time: Time
  devices?: () => string[]
}

export function createNftables({ host, time, devices = listDevices }: NftablesParts): Firewall {
  const nft = (args: string[], stdin?: string): Promise<Ended> =>
    host.run('nft', args, { timeoutMs: withinMs, ...(stdin === undefined ? {} : { stdin }) })
  const shell = new NftShell(host, time)
  const held = new HeldTables(shell)
  let put: string[] = []

  const rulesetOf = (table: TableName, addresses: readonly CollectorAddress[]): Ruleset => {
    const checked = addresses.map(checkAddress).filter((address) => address !== undefined)
    if (checked.length === 0)
      throw new Fault('collector-address-unknown', 'no address of the collector is known, so isolating would lose it')
    return { table, addresses: checked, devices: devices() }
  }

  async function apply(addresses: readonly CollectorAddress[]): Promise<void> {
    const ruleset = rulesetOf('tierline', addresses)
    const rules = rulesFor(ruleset)
    const added = (await shell.run(rules)) ?? (await nft(['-f', '-'], rules))
    if (isAlreadyThere(added)) {
      // Replacing is one transaction as well; it only costs more, so the plain add is tried first.
      await mustBeOurs()
      mustEnd(await nft(['-f', '-'], removalOf('tierline') + rulesFor(ruleset)), 'nft did not replace the isolation rules')
    } else mustEnd(added, 'nft did not take the isolation rules')
    put = [...ruleset.devices]
  }

  const list = async (family: string): Promise<string | undefined> => {
    const listed = await nft(['-s', 'list', 'table', family, 'tierline'])
    if (listed.kind === 'ended' && listed.code !== 0 && listed.stderr.includes('No such file')) return undefined
    mustEnd(listed, 'nft did not list the isolation rules')
    return listed.kind === 'ended' ? listed.stdout : undefined
  }
  const listAll = (): Promise<(string | undefined)[]> => Promise.all(families.map(list))

  async function mustBeOurs(): Promise<void> {
    const foreign = (await listAll()).findIndex((table) => table !== undefined && !isOurs(table))
    if (foreign === -1) return
    const message = `somebody else's table "${families[foreign]} tierline" stands in this machine's firewall, and it is left alone`
    throw new Fault('firewall-foreign', message)
  }

  async function readiness(): Promise<IsolationReadiness> {
    try {
      const ready = readinessFrom(await nft(['-c', '-f', '-'], removalOf('tierline') + rulesFor(rulesetOf('tierline', [rehearsed]))))
      if (ready.isReady) await mustBeOurs()
      return ready
    } catch (error) {
      return { isReady: false, reason: sentenceOf(error).slice(0, 300) }
    }
  }

  return {
    name: 'nftables',
    readiness,
    apply,
    hold: async (addresses) => held.put(rulesFor(rulesetOf('tierline_held', addresses))),
    remove: async () => {
      await mustBeOurs()
      await held.letGo()
      mustEnd(await nft(['-f', '-'], removalOf('tierline')), 'nft did not remove the isolation rules')
      put = []
    },
    snapshot: async () => {
      const tables = (await listAll()).map((table) => (table !== undefined && isOurs(table) ? table : undefined))
      return tables.every((table) => table === undefined) ? undefined : tables.map((table) => table ?? 'gone\n').join('')
    },
    isOutgrown: () => devices().join() !== put.join(),
    isHeld: () => held.isHolding,
    letGo: () => held.letGo(),
    keepReady: () => shell.keepReady(),
    saved: (addresses) => {
      const ruleset = rulesetOf('tierline', addresses)
      return { 'rules.nft': hostRules(ruleset), 'devices.nft': deviceRules(ruleset) }
    },
    takesAbsentDevices: async () => {
      const ruleset: Ruleset = { table: 'tierline', addresses: [rehearsed], devices: ['tierline-absent'] }
      const tried = await nft(['-c', '-f', '-'], removalOf('tierline') + rulesFor(ruleset))
      return tried.kind === 'ended' && tried.code === 0
    },
    watch: (touched) => {
      held.onLost(touched)
      return watchRuleset({ host, time, devices, touched })
    },
  }
}

/** RFC 5737: an address for examples, so that readiness rehearses the real rules. */
const rehearsed: CheckedAddress = { address: '192.0.2.1', port: 7843, family: 4 }

const isOurs = (table: string): boolean => table.includes(`comment "${ownComment}"`)

function isAlreadyThere(ended: Ended): boolean {
  return ended.kind === 'ended' && ended.code !== 0 && ended.stderr.includes('File exists')
}

function mustEnd(ended: Ended, trouble: string): void {
  if (ended.kind === 'ended' && ended.code === 0) return
  throw new Fault('firewall-failed', `${trouble}: ${sayEnd(ended)}`, { isRetryable: true })
}

function readinessFrom(ended: Ended): IsolationReadiness {
  if (ended.kind === 'ended' && ended.code === 0) return { isReady: true }
  if (ended.kind === 'missing') return { isReady: false, reason: 'nft was not found; install the package nftables' }
  if (ended.kind === 'ended' && ended.stderr.includes('Operation not permitted'))
    return { isReady: false, reason: 'this agent does not run as root (it needs CAP_NET_ADMIN)' }
  return { isReady: false, reason: `nft would not take the rules: ${sayEnd(ended)}`.slice(0, 300) }
}

function sayEnd(ended: Ended): string {
  if (ended.kind === 'missing') return `${ended.program} was not found`
  if (ended.kind === 'timed-out') return `${ended.program} took longer than ${ended.timeoutMs} ms`
  return (ended.stderr.trim().split('\n')[0] ?? '').slice(0, 300) || `it ended with code ${ended.code}`
}
